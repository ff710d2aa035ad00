from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from activeloop.errors import Invalid, NotFound
from activeloop.flows import exporting, labelling
from activeloop.store import accounts, db, exports
from activeloop.store.tables import Project
from activeloop.wiring import Services
from tests.flows.pools import imported, jsonl, project


def exported(services: Services, pool: Project, form: str) -> bytes:
    return b"".join(exporting.export(services, pool.id, form).chunks)


def lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]


def answer(services: Services, pool: Project, name: str, labels: list[str]) -> list[int]:
    """Let a new person answer samples as they come; give the numbers of the samples."""
    with services.write() as session:
        person = accounts.add(
            session, name=name, role="annotator", password_hash=None, now=db.now(session)
        ).id
        there = session.get_one(Project, pool.id)
        given = labelling.offer(
            session, there, person, count=len(labels), chance=lambda: 0.5
        ).offers
        for each, label in zip(given, labels, strict=True):
            labelling.record(
                session,
                there,
                person,
                labelling.Given(label, lead_ms=1234),
                offer_id=each.offer.id,
                key=f"{name} {each.offer.id}",
            )
        return [each.sample.id for each in given]


def test_every_labelled_sample_is_exported_with_how_it_came_to_be_asked(
    services: Services,
) -> None:
    pool = project(services)
    imported(
        services,
        pool,
        jsonl(
            [{"id": f"x{n}", "text": f"row {n}", "page": n} for n in range(8)]
            + [{"text": "known", "label": "bad"}]
        ),
    )
    answered = answer(services, pool, "ann", ["good", "bad", "good"])

    rows = {row["id"]: row for row in lines(exported(services, pool, "jsonl"))}

    assert len(rows) == 4
    for sample, label in zip(answered, ["good", "bad", "good"], strict=True):
        row = rows[sample]
        assert (row["label"], row["answers"], row["agreement"]) == (label, 1, 1.0)
        assert row["text"].startswith("row ")
        assert row["external_id"] == f"x{row['metadata']['page']}"
        assert row["kind"] in {"random", "audit"}
        assert row["strategy"]
    (known,) = [row for row in rows.values() if row["text"] == "known"]
    assert (known["kind"], known["label"], known["strategy"]) == ("imported", "bad", None)


def test_events_are_exported_in_their_order_with_who_and_when(services: Services) -> None:
    pool = project(services)
    imported(services, pool, jsonl([{"text": f"row {n}", "label": None} for n in range(6)]))
    answer(services, pool, "ann", ["good", "bad"])
    answer(services, pool, "ben", ["good"])

    events = lines(exported(services, pool, "events"))

    assert [event["number"] for event in events] == [1, 2, 3]
    assert [event["annotator"] for event in events] == ["ann", "ann", "ben"]
    assert [event["label"] for event in events] == ["good", "bad", "good"]
    assert {event["lead_ms"] for event in events} == {1234}
    assert all(event["offer"]["strategy"] for event in events)
    assert all(event["created_at"].endswith("+00:00") for event in events)


def test_an_export_imported_into_a_new_project_gives_the_same_labels(
    embedded: Services,
) -> None:
    pool = project(embedded)
    rows = [{"id": f"x{n}", "text": f"=row {n}", "label": ["good", "bad"][n % 2]} for n in range(9)]
    imported(embedded, pool, jsonl(rows))
    content = exported(embedded, pool, "jsonl")
    copy = project(embedded, name="copy")

    report = imported(embedded, copy, content, mapping={"id": "external_id"})

    assert (report["added"], report["labelled"], report["rejected"]) == (9, 9, 0)
    ours, theirs = (
        {
            (row["external_id"], row["text"], row["label"])
            for row in lines(exported(embedded, each, "jsonl"))
        }
        for each in (pool, copy)
    )
    assert ours == theirs == {(row["id"], row["text"], row["label"]) for row in rows}


def test_csv_runs_no_formula_and_keeps_every_column_of_a_table(embedded: Services) -> None:
    pool = project(embedded, kind="table")
    mapping = {"features": "age,id", "label": "class", "id": ""}
    imported(embedded, pool, jsonl([{"age": 1, "id": "=1+1", "class": "good"}]), mapping=mapping)
    imported(embedded, pool, jsonl([{"town": "Ulm", "class": "bad"}]), mapping={"features": "town"})

    rows = list(csv.DictReader(io.StringIO(exported(embedded, pool, "csv").decode())))

    by_label = {row["label"]: row for row in rows}
    assert by_label["good"]["payload.id"] == "'=1+1"
    assert by_label["good"]["age"] == "1.0"
    assert by_label["bad"]["town"] == "Ulm"
    assert by_label["bad"]["age"] == ""
    raw = list(csv.DictReader(io.StringIO(exported(embedded, pool, "csv-raw").decode())))
    assert "=1+1" in {row["payload.id"] for row in raw}


@pytest.mark.parametrize("form", ["jsonl", "csv", "events"])
def test_long_exports_go_page_by_page_and_lose_nothing(
    embedded: Services, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(exports, "PAGE", 7)
    monkeypatch.setattr(exporting, "PIECE", 500)
    pool = project(embedded, audit_share=0.4)
    imported(embedded, pool, jsonl([{"text": f"row {n}", "label": "good"} for n in range(50)]))

    chunks = list(exporting.export(embedded, pool.id, form).chunks)

    assert form == "csv" or len(chunks) > 3
    content = b"".join(chunks).decode()
    found = list(csv.DictReader(io.StringIO(content))) if form == "csv" else lines(content.encode())
    key = "number" if form == "events" else "text"
    assert len({row[key] for row in found}) == len(found) == 50


def test_an_unknown_format_or_project_is_refused_before_anything_is_sent(
    embedded: Services,
) -> None:
    with pytest.raises(Invalid, match="Known are jsonl, csv, csv-raw, events"):
        exporting.export(embedded, project(embedded).id, "xml")
    with pytest.raises(NotFound):
        exporting.export(embedded, 999, "csv")
