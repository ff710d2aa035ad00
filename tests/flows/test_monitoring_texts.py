"""Watching texts: new words are noticed, other sentences of known words are not."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from activeloop.flows import importing, monitoring, projects, simulating, tick
from activeloop.spec import parse_spec
from activeloop.store.tables import Project
from activeloop.wiring import Services

KNOWN = {
    "cards": ["card", "pin", "chip", "stolen", "blocked", "swipe"],
    "transfers": ["transfer", "sent", "pending", "fee", "abroad", "recipient"],
}
NEW = {
    "cards": ["wallet", "contactless", "watch", "tap", "token", "phone"],
    "transfers": ["instant", "standing", "order", "mandate", "debit", "refund"],
}


def questions(of: dict[str, list[str]], count: int, seed: int) -> list[dict[str, Any]]:
    """Make questions of six words of their class."""
    chance = random.Random(seed)  # noqa: S311 - words, no secrets
    made = []
    for at in range(count):
        label = chance.choice(sorted(of))
        words = " ".join(chance.choices(of[label], k=6))
        made.append(
            {"id": f"{seed}-{at}", "text": f"{words} {chance.randrange(10**6)}", "label": label}
        )
    return made


def bring(services: Services, project: Project, rows: list[dict[str, Any]]) -> None:
    """Import questions, and let the clock look."""
    path = services.uploads / f"{rows[0]['id']}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with services.write() as session:
        importing.begin(
            services, session, projects.find(session, project.id), name=path.name,
            media_type="application/x-ndjson", stream_path=path, mapping={}, user_id=None,
        )  # fmt: skip
    simulating.drain(services, project.id)
    tick.tick(services)
    simulating.drain(services, project.id)


def windows(services: Services, project: Project) -> list[dict[str, Any]]:
    with services.read() as session:
        told = monitoring.timeline(session, projects.find(session, project.id))
    found: list[dict[str, Any]] = told["windows"]
    return found


def together(window: dict[str, Any]) -> dict[str, Any]:
    """Give what the classifier found."""
    (found,) = [each for each in window["features"] if each["kind"] == "classifier"]
    return dict(found)


@pytest.mark.slow
def test_new_words_are_told_by_a_classifier_and_new_sentences_are_not(embedded: Services) -> None:
    spec = parse_spec(
        {
            "name": "questions",
            "kind": "text",
            "classes": sorted(KNOWN),
            "retrain": {"every": 200},
            "monitoring": {"window": 100},
        }
    )
    with embedded.write() as session:
        project = projects.create(session, spec, audit_key="5eed" * 8)
    bring(embedded, project, questions(KNOWN, 300, 1))
    with embedded.read() as session:
        assert projects.find(session, project.id).champion_id is not None
    bring(embedded, project, questions(KNOWN, 200, 2))
    alike = windows(embedded, project)
    assert len(alike) == 2
    assert not any(each["alarm"] for each in alike)
    bring(embedded, project, questions(NEW, 200, 3))
    newest, before, *_ = windows(embedded, project)
    assert newest["alarm"]
    for window in (newest, before):
        found = together(window)
        assert found["drifted"]
        assert found["effect"] > 0.9
    assert "share of unseen words" in newest["says"]
