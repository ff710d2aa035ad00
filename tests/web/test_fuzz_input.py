"""Malformed bodies and files: a clear refusal or a report by row, and no partial state."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import text

from activeloop.wiring import Services
from tests.web.conftest import Caller
from tests.web.counting import counts

BODIES = 300
FILES = 220
IMPORTS = "/api/v1/projects/pets/imports"

FITTING: dict[str, dict[str, Any]] = {
    "/api/v1/projects": {"name": "new", "kind": "text", "classes": ["a", "b"]},
    "/api/v1/projects/pets/offers": {"count": 1},
    "/api/v1/projects/pets/offers/release": {"offer_ids": [1]},
    "/api/v1/projects/pets/labels": {
        "offer_id": 1,
        "answer": {"label": "cat"},
        "lead_ms": 3,
        "key": "k",
    },
    "/api/v1/projects/pets/runs": {"mode": "auto"},
    "/api/v1/projects/pets/predict": {"samples": ["hello"]},
    "/api/v1/session": {"name": "x", "password": "y"},
    "/api/v1/users": {"name": "x", "role": "annotator", "password": "long enough it is"},
}
ODD = [
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"9" * 5000,
    b"9" * 25,
    b'"\\u0000"',
    b'"\\ud800"',
    b"[" * 100_000,
    b"[" * 80 + b"]" * 80,
    b'{"a":1,"a":2}',
    b'"\xff\xfe"',
    b"'",
    b"",
    b"{}",
    b"[null]",
    b"-1",
    b"true",
    b'"' + b"x" * 20_000 + b'"',
]


@st.composite
def malformed(draw: st.DrawFn, fitting: dict[str, Any]) -> bytes:
    """Break a body that fits: cut it, splice bytes into it, or put something odd for a value."""
    whole = json.dumps(fitting).encode()
    how = draw(st.sampled_from(["cut", "splice", "value", "name", "double", "other"]))
    if how == "cut":
        return whole[: draw(st.integers(0, len(whole) - 1))]
    if how == "splice":
        at = draw(st.integers(0, len(whole) - 1))
        return whole[:at] + draw(st.binary(min_size=1, max_size=4)) + whole[at:]
    name = draw(st.sampled_from(sorted(fitting)))
    if how == "value":
        odd = draw(st.sampled_from(ODD))
        rest = {key: value for key, value in fitting.items() if key != name}
        ends = json.dumps(rest).encode()[:-1] + (b"," if rest else b"")
        return ends + json.dumps(name).encode() + b":" + odd + b"}"
    if how == "name":
        strange = draw(st.text(max_size=5))
        return json.dumps({**fitting, "\x00" + strange: 1}).encode()
    if how == "double":
        return whole[:-1] + b"," + whole[1:]
    return draw(st.sampled_from(ODD))


cases = st.sampled_from(sorted(FITTING)).flatmap(
    lambda path: st.tuples(st.just(path), malformed(FITTING[path]))
)


def bounded(examples: int) -> hypothesis.settings:
    return hypothesis.settings(
        max_examples=examples,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.usefixtures("project")
def test_a_malformed_body_is_refused_by_the_name_of_its_field_and_changes_nothing(
    services: Services, admin: Caller
) -> None:
    seen = {"refused": 0, "taken": 0}

    @bounded(BODIES)
    @given(cases)
    def refused(case: tuple[str, bytes]) -> None:
        path, body = case
        before = counts(services)
        answer = admin("POST", path, data=body, content_type="application/json")
        if answer.status_code < 400:  # what was spliced in did no harm
            seen["taken"] += 1
            return
        seen["refused"] += 1
        told: Any = answer.json
        assert answer.status_code < 500, (path, body[:200], told)
        assert answer.content_type == "application/problem+json"
        assert told["problems"]
        assert all(each["where"] and each["problem"] for each in told["problems"])
        assert counts(services) == before

    refused()
    assert seen["refused"] >= 0.8 * BODIES, seen


def parquet(rows: list[str]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet as pq

    made = io.BytesIO()
    pq.write_table(pa.table({"text": rows, "label": ["cat"] * len(rows)}), made)
    return made.getvalue()


def zipped(rows: list[str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number, row in enumerate(rows):
            archive.writestr(f"cat/../{number}.png", row.encode())
    return made.getvalue()


WRITERS: dict[str, Any] = {
    "csv": lambda rows: ("text,label\n" + "\n".join(f'"{r}",cat' for r in rows)).encode(),
    "jsonl": lambda rows: "\n".join(json.dumps({"text": r, "label": "cat"}) for r in rows).encode(),
    "parquet": parquet,
    "zip": zipped,
}
SPLICES = [b"\x00", b"\xff\xfe", b'"', b"\n\n", b"{", b"\r", b",,,", b"horse", b"\xef\xbb\xbf"]


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """Write a small file and damage it: cut, splice, flip, or give it another kind's name."""
    kind = draw(st.sampled_from(sorted(WRITERS)))
    words = st.text("abc é漢", min_size=1, max_size=8)
    data: bytes = WRITERS[kind](draw(st.lists(words, min_size=1, max_size=6, unique=True)))
    how = draw(st.sampled_from(["cut", "splice", "flip", "name", "noise"]))
    at = draw(st.integers(0, len(data) - 1))
    if how == "cut":
        data = data[:at]
    elif how == "splice":
        data = data[:at] + draw(st.sampled_from(SPLICES)) + data[at:]
    elif how == "flip":
        data = data[:at] + bytes([data[at] ^ draw(st.integers(1, 255))]) + data[at + 1 :]
    elif how == "name":
        kind = draw(st.sampled_from(["csv", "jsonl", "parquet", "zip", "exe", "json", ""]))
    else:
        data = draw(st.binary(max_size=200))
    return f"file.{kind}", data


@pytest.mark.usefixtures("project")
def test_a_malformed_file_is_refused_or_reported_by_row_and_its_good_rows_are_kept(
    services: Services, admin: Caller
) -> None:
    from activeloop.flows import carrying

    seen = {"refused": 0, "failed": 0, "rejected": 0}

    @bounded(FILES)
    @given(damaged())
    def survives(case: tuple[str, bytes]) -> None:
        name, data = case
        before = counts(services)
        answer = admin(
            "POST",
            IMPORTS,
            data=data,
            query_string={"name": name},
            content_type="application/octet-stream",
        )
        told: Any = answer.json
        if answer.status_code != 202:
            assert 400 <= answer.status_code < 500, (case, told)
            assert all(each["where"] and each["problem"] for each in told["problems"])
            assert told["problems"]
            assert counts(services) == before
            seen["refused"] += 1
            return
        with services.read() as session:
            jobs = session.execute(
                text("SELECT id FROM job WHERE kind = 'import' AND state = 'queued'")
            )
            job_id = jobs.scalar_one()
        carrying.carry_out(services, job_id, "test")
        report: Any = admin("GET", f"{IMPORTS}/{told['id']}").json
        assert report["status"] in ("done", "failed"), (case, report)
        assert report["status"] == "done" or report["error"], (case, report)
        assert report["added"] == counts(services)["sample"] - before["sample"], (case, report)
        # a row taken without its label is a problem, too
        assert len(report["problems"]) >= report["rejected"], (case, report)
        assert all(each["problem"] and each["row"] >= 0 for each in report["problems"])
        seen["failed"] += report["status"] == "failed"
        seen["rejected"] += report["rejected"] > 0

    survives()
    assert seen["refused"] > 20, seen
    assert seen["rejected"] > 20, seen
