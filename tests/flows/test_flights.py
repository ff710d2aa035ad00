"""Real flights, month after month: what is noticed, what it asks for, what that mends.

A flight counts as late when it arrives more than a quarter of an hour late. The model knows the
delay at departure, the hour, the distance, carrier and origin. In September 13 % are
late, in December 33 %.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from activeloop.flows import (
    accounts,
    campaigns,
    importing,
    labelling,
    measuring,
    monitoring,
    projects,
    simulating,
    tick,
    versions,
)
from activeloop.spec import parse_spec
from activeloop.store.tables import Project
from activeloop.wiring import Services

FIELDS = ("dep_delay", "hour", "distance", "carrier", "origin")
NUMBERS = ("dep_delay", "hour", "distance")
LATE = 15
"""Minutes after the plan from which a flight is late at its arrival."""
A_MONTH = 600
SPEC = {
    "name": "flights",
    "kind": "table",
    "classes": ["on time", "late"],
    "audit_share": 0.3,
    "random_share": 0,
    "slices": ["month"],
    "retrain": {"every": 60},
    "promotion": {"rule": "unless_worse"},
    "monitoring": {"window": 200, "campaign": 150},
}


class Flights:
    """The flights by month, in random order, and which of those imported are late."""

    def __init__(self, file: Path) -> None:
        self.left: dict[str, list[dict[str, str]]] = {}
        self.late: dict[str, str] = {}
        with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row["arr_delay"] not in ("", "NA"):  # neither cancelled nor diverted
                    self.left.setdefault(row["month"], []).append(row)
        for rows in self.left.values():
            random.Random(7).shuffle(rows)  # noqa: S311 - a reproducible draw, no secret

    def take(self, month: str, count: int) -> list[dict[str, Any]]:
        """Give flights of a month that were not given before, without what the model must tell."""
        rows, self.left[month] = self.left[month][:count], self.left[month][count:]
        given = []
        for row in rows:
            key = f"{month}-{len(self.late)}"
            self.late[key] = "late" if float(row["arr_delay"]) > LATE else "on time"
            known: dict[str, Any] = {name: row[name] for name in FIELDS}
            known |= {name: float(row[name]) for name in NUMBERS}
            given.append({"id": key, "month": month, **known})
        return given

    def share(self, month: str) -> float:
        """Give the share of late flights among those imported."""
        told = [label for key, label in self.late.items() if key.split("-")[0] == month]
        return told.count("late") / len(told)


class Airport:
    """A project that gets flights and whose annotator knows how late they were."""

    def __init__(self, services: Services, flights: Flights) -> None:
        self.services, self.flights = services, flights
        with services.write() as session:
            self.project: Project = projects.create(session, parse_spec(SPEC), audit_key="5eed" * 8)
            self.person = accounts.add_user(session, "ann", "annotator", None).id
        self.chance = random.Random(3)  # noqa: S311 - no secret

    def bring(self, month: str, count: int = A_MONTH) -> list[dict[str, Any]]:
        """Import flights of a month, let the clock look, and give the windows that came of it."""
        before = len(self.windows())
        path = self.services.uploads / f"{month}-{before}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = self.flights.take(month, count)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        with self.services.write() as session:
            importing.begin(
                self.services,
                session,
                projects.find(session, self.project.id),
                name=path.name,
                media_type="application/x-ndjson",
                stream_path=path,
                mapping={"features": ",".join(FIELDS)},
                user_id=None,
            )
        simulating.drain(self.services, self.project.id)
        tick.tick(self.services)
        simulating.drain(self.services, self.project.id)
        windows = self.windows()
        return windows[: len(windows) - before]

    def windows(self) -> list[dict[str, Any]]:
        """Give all windows, newest first."""
        with self.services.read() as session:
            told = monitoring.timeline(session, projects.find(session, self.project.id), count=100)
        found: list[dict[str, Any]] = told["windows"]
        return found

    def campaigns(self) -> list[dict[str, Any]]:
        """Give all campaigns, newest first."""
        with self.services.read() as session:
            return campaigns.listed(session, projects.find(session, self.project.id))

    def answer(self, count: int) -> None:
        """Answer so many offers rightly, and let the loop do what follows."""
        for _ in range(count):
            with self.services.write() as session:
                project = projects.find(session, self.project.id)
                held = labelling.offer(
                    session, project, self.person, count=1, chance=self.chance.random
                ).offers[0]
                labelling.record(
                    session,
                    project,
                    self.person,
                    labelling.Given(self.flights.late[str(held.sample.external_id)], lead_ms=1),
                    offer_id=held.offer.id,
                    key=str(held.offer.id),
                )
        simulating.drain(self.services, self.project.id)

    def champion(self) -> int:
        """Give its number."""
        with self.services.read() as session:
            project = projects.find(session, self.project.id)
            listed = versions.listed(session, project)
        return int(next(each["number"] for each in listed if each["status"] == "champion"))

    def on(self, month: str, number: int) -> dict[str, float]:
        """Give what a version gets right on the audit labels of a month that there are now."""
        with self.services.write() as session:
            measuring.refresh(session, projects.find(session, self.project.id), number)
        simulating.drain(self.services, self.project.id)
        with self.services.read() as session:
            project = projects.find(session, self.project.id)
            report = measuring.shown(session, project, number)["report"]
        part = report["slices"]["month"][month]
        return {name: part["figures"][name]["value"] for name in ("accuracy", "log_loss")} | {
            "n": part["n"]
        }


@pytest.mark.slow
def test_december_is_noticed_labelled_and_learned(embedded: Services, shared_data: Path) -> None:
    airport = Airport(embedded, Flights(shared_data / "nycflights13.csv.gz"))
    airport.bring("9")
    airport.answer(300)
    quiet = [each for month in ("9", "10", "11") for each in airport.bring(month)]
    assert len(quiet) >= 7
    assert [each["says"] for each in quiet if each["drifted"]] == []
    champion = airport.champion()

    windows = airport.bring("12")
    assert airport.flights.share("12") - airport.flights.share("9") > 0.15
    assert any(each["alarm"] for each in windows)
    effects = [_effect(each, "dep_delay") for each in airport.windows()]  # newest first
    assert max(effects[: len(windows)]) > 2 * max(effects[len(windows) :])
    (campaign,) = airport.campaigns()
    assert (campaign["reason"], campaign["state"], campaign["left"]) == ("drift", "open", 150)
    assert airport.champion() == champion, "an alarm alone must train nothing"

    while airport.campaigns()[-1]["left"]:
        airport.answer(20)
    before = airport.on("12", champion)
    tick.tick(embedded)
    simulating.drain(embedded, airport.project.id)
    assert airport.campaigns()[-1]["state"] == "closed"
    assert airport.champion() > champion
    after = airport.on("12", airport.champion())
    told = f"version {champion}: {before}, version {airport.champion()}: {after}"
    print(told)  # noqa: T201 - with -rP
    assert before["n"] == after["n"] >= 40
    assert after["log_loss"] < before["log_loss"], told
    assert after["accuracy"] >= before["accuracy"], told


def _effect(window: dict[str, Any], name: str) -> float:
    found: float = next(each["effect"] for each in window["features"] if each["name"] == name)
    return found
