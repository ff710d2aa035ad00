from __future__ import annotations

import csv
import io
import os
import time
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlmodel import select

from activeloop.errors import Invalid
from activeloop.flows import importing, labelling, strays, tick
from activeloop.jobs import ImportFile
from activeloop.store import accounts, backlog, db, samples
from activeloop.store.tables import AuditEntry, Project
from activeloop.wiring import Services
from tests.flows.pools import (
    Idle,
    begun,
    check_counts,
    counted,
    imported,
    jsonl,
    pool_of,
    project,
    reported,
    uploaded,
)


def test_a_file_becomes_samples_with_labels_metadata_and_problems(services: Services) -> None:
    pool = project(services, answers_per_sample=2)
    content = jsonl(
        [
            {"id": "a", "text": "first", "label": "good", "source": "mail"},
            {"id": "b", "text": "second", "stars": 3},
            {"id": "c", "text": "third", "label": "ugly"},
            {"id": "d", "text": ""},
            {"id": "e", "text": "first"},
        ]
    )

    report = imported(services, pool, content + b'{"text": broken\n')

    assert report["status"] == "done"
    assert report["progress"] == 1.0
    kept = {name: report[name] for name in ("added", "duplicates", "rejected", "labelled", "rows")}
    assert kept == {"added": 3, "duplicates": 1, "rejected": 2, "labelled": 1, "rows": 6}
    assert [problem["row"] for problem in report["problems"]] == [3, 4, 6]
    assert "'ugly' is none of the project's classes" in report["problems"][0]["problem"]
    found = pool_of(services, pool)
    assert [row[2] for row in found] == [{"text": t} for t in ("first", "second", "third")]
    assert [row[4] for row in found] == ["a", "b", "c"]
    assert found[0][3] == {"source": "mail"}
    assert found[1][3] == {"label": None, "stars": 3} or found[1][3] == {"stars": 3}
    assert [(row[7], row[8]) for row in found] == [(0, "good"), (2, None), (2, None)]
    check_counts(services, pool)
    assert list(services.uploads.iterdir()) == []


def test_after_the_import_features_and_search_are_asked_for(embedded: Services) -> None:
    pool = project(embedded)
    imported(embedded, pool, jsonl([{"text": "one"}]))

    with embedded.read() as session:
        assert [job.kind for job in backlog.live(session, pool.id)] == ["featurize", "index"]


def test_how_an_import_ended_is_on_the_trail(embedded: Services) -> None:
    pool = project(embedded)
    done = imported(embedded, pool, jsonl([{"text": "one"}, {"text": ""}]))
    imported(embedded, pool, b"PK\x03\x04 no archive")
    with embedded.read() as session:
        trail = session.exec(select(AuditEntry).where(AuditEntry.project_id == pool.id)).all()
        told = {entry.action: entry.detail for entry in trail}
    assert told["import.done"]["import_id"] == done["id"]
    assert (told["import.done"]["added"], told["import.done"]["rejected"]) == (1, 1)
    assert told["import.failed"]["error"]


def test_importing_twice_is_importing_once(services: Services) -> None:
    pool = project(services)
    content = jsonl([{"text": f"row {n}", "label": "good"} for n in range(30)])
    imported(services, pool, content)
    before = pool_of(services, pool)

    again = imported(services, pool, content)

    assert (again["added"], again["duplicates"], again["labelled"]) == (0, 30, 0)
    assert again["problems"] == []
    assert pool_of(services, pool) == before
    check_counts(services, pool)


ROWS = st.lists(
    st.fixed_dictionaries(
        {"text": st.sampled_from("abcdefghij")},
        optional={"label": st.sampled_from(["good", "bad", "ugly", None])},
    ),
    min_size=1,
    max_size=25,
)


@pytest.mark.usefixtures("small_chunks")
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=ROWS, cuts=st.lists(st.integers(0, 25), max_size=3))
def test_any_split_of_a_file_imported_twice_is_the_file_imported_once(
    embedded: Services, rows: list[dict[str, Any]], cuts: list[int]
) -> None:
    number = time.monotonic_ns()
    whole = project(embedded, name=f"whole {number}")
    parts = project(embedded, name=f"parts {number}")
    with embedded.write() as session:
        # the audit stratum is drawn with the project's own key
        for pool in (whole, parts):
            session.get_one(Project, pool.id).audit_key = "00" * 16
    imported(embedded, whole, jsonl(rows))

    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    for _ in range(2):
        for low, high in pairwise(edges):
            if low < high:
                imported(embedded, parts, jsonl(rows[low:high]))

    assert pool_of(embedded, parts) == pool_of(embedded, whole)
    assert len({row["text"] for row in rows}) == len(pool_of(embedded, whole))
    check_counts(embedded, parts)


def test_the_stratum_is_reproducible_random_and_secret() -> None:
    digests = [f"{n:064x}" for n in range(20_000)]
    draws = [samples.draw_of(digest, "ab" * 16) for digest in digests]

    share = sum(samples.stratum_of(draw, 0.1) == "audit" for draw in draws) / len(draws)

    assert abs(share - 0.1) < 0.01
    assert len(set(draws)) == len(draws)
    assert all(0 <= draw < samples.DRAWS for draw in draws)
    assert draws != [samples.draw_of(digest, "cd" * 16) for digest in digests]
    assert [samples.stratum_of(draw, 0.0) for draw in draws[:100]] == ["train"] * 100


def test_a_label_for_a_sample_in_the_pool_is_taken_when_nobody_answers_it(
    services: Services,
) -> None:
    pool = project(services, audit_share=0)
    imported(services, pool, jsonl([{"text": text} for text in ("free", "held", "answered")]))
    held = hold(services, pool, "held")
    answered = hold(services, pool, "answered")
    with services.write() as session:
        labelling.record(
            session,
            session.get_one(Project, pool.id),
            answered[0],
            labelling.Given("bad"),
            offer_id=answered[1],
            key="k",
        )

    report = imported(
        services,
        pool,
        jsonl([{"text": text, "label": "good"} for text in ("free", "held", "answered")]),
    )

    assert held
    assert (report["added"], report["duplicates"], report["labelled"]) == (0, 3, 1)
    assert [problem["row"] for problem in report["problems"]] == [2, 3]
    assert "being answered" in report["problems"][0]["problem"]
    assert "with the label 'bad'" in report["problems"][1]["problem"]
    assert [row[8] for row in pool_of(services, pool)] == ["good", None, "bad"]
    check_counts(services, pool)


def hold(services: Services, pool: Project, text: str) -> tuple[int, int]:
    """Let a new person hold the sample with this text, and no other."""
    with services.write() as session:
        person = accounts.add(
            session, name=text, role="annotator", password_hash=None, now=db.now(session)
        ).id
        offered = labelling.offer(
            session, session.get_one(Project, pool.id), person, count=3, chance=lambda: 0.5
        ).offers
        found = next(each for each in offered if each.sample.payload["text"] == text)
        others = [each.offer.id for each in offered if each is not found]
        labelling.release(session, session.get_one(Project, pool.id), person, others)
        return person, found.offer.id


def test_a_file_broken_as_a_whole_fails_in_words_and_is_deleted(services: Services) -> None:
    pool = project(services, kind="image")

    report = imported(services, pool, b"PK\x03\x04 not really a zip", name="x.zip")

    assert report["status"] == "failed"
    assert "zip" in report["error"]
    assert report["finished_at"]
    assert list(services.uploads.iterdir()) == []


def test_a_mapping_that_names_no_column_is_refused_at_once(embedded: Services) -> None:
    pool = project(embedded)

    with pytest.raises(Invalid, match="quesiton"):
        begun(
            embedded,
            pool,
            b"question,label\nwhere?,good\n",
            name="x.csv",
            mapping={"text": "quesiton"},
        )

    with embedded.read() as session:
        assert backlog.live(session, pool.id) == []


def test_of_many_problems_a_thousand_are_kept_and_all_are_counted(embedded: Services) -> None:
    pool = project(embedded)

    report = imported(embedded, pool, b"{\n" * 2500 + jsonl([{"text": "fine"}]))

    assert (report["rejected"], report["added"]) == (2500, 1)
    assert [problem["row"] for problem in report["problems"]] == list(range(1, 1001))


def picture(colour: tuple[int, int, int]) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (8, 6), colour).save(written, "PNG")
    return written.getvalue()


def test_a_zip_of_images_is_imported_with_its_classes_and_their_bytes_are_kept(
    services: Services,
) -> None:
    pool = project(services, kind="image")
    files = {f"good/{n}.png": picture((n, 0, 0)) for n in range(5)}
    files |= {f"bad/{n}.png": picture((0, n + 1, 0)) for n in range(4)}
    files["bad/torn.png"] = picture((9, 9, 9))[:40]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)

    report = imported(services, pool, packed.getvalue(), name="photos.zip")

    assert (report["added"], report["rejected"], report["labelled"]) == (9, 1, 9)
    assert report["problems"][0]["where"] == "bad/torn.png"
    found = pool_of(services, pool)
    assert {row[8] for row in found} == {"good", "bad"}
    kept = {services.artifacts.get(row[2]["image"]) for row in found}
    assert kept == set(files.values()) - {files["bad/torn.png"]}


def test_a_folder_of_images_is_read_where_it_is_and_left_alone(
    embedded: Services, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    (folder / "good").mkdir(parents=True)
    (folder / "good" / "one.png").write_bytes(picture((1, 2, 3)))
    pool = project(embedded, kind="image")
    with embedded.write() as session:
        row = importing.begin_folder(embedded, session, pool, folder, {})

    importing.run(embedded, ImportFile(pool.id, row.id), Idle())  # type: ignore[arg-type]

    report = reported(embedded, pool, row.id)
    assert (report["status"], report["added"], report["labelled"]) == ("done", 1, 1)
    assert (folder / "good" / "one.png").exists()


def test_vectors_of_another_length_than_the_pools_are_refused(embedded: Services) -> None:
    pool = project(embedded, kind="vectors")
    imported(embedded, pool, jsonl([{"vector": [1, 2, 3]}]))

    report = imported(embedded, pool, jsonl([{"vector": [1, 2]}, {"vector": [4, 5]}]))

    assert (report["added"], report["rejected"]) == (0, 2)
    assert "those of the project have 3" in report["problems"][0]["problem"]
    huge = imported(embedded, pool, jsonl([{"vector": [1e39, 0, 0]}]))
    assert (huge["added"], huge["rejected"]) == (0, 1)


def test_the_clock_deletes_old_files_that_no_import_waits_for(embedded: Services) -> None:
    pool = project(embedded)
    begun(embedded, pool, jsonl([{"text": "waits"}]))
    stray = uploaded(embedded, b"left behind")
    waiting = {path for path in embedded.uploads.iterdir() if path != stray}
    tick.tick(embedded)
    assert stray.exists(), "it may still be arriving"

    for path in embedded.uploads.iterdir():
        old = time.time() - 2 * strays.ABANDONED.total_seconds()
        os.utime(path, (old, old))
    tick.tick(embedded)

    assert set(embedded.uploads.iterdir()) == waiting
    assert len(waiting) == 1


def test_the_banking_questions_are_imported_whole(embedded: Services, shared_data: Path) -> None:
    content = (shared_data / "banking77.csv").read_bytes()
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    pool = project(embedded, classes=sorted({row["label"] for row in rows}))

    report = imported(embedded, pool, content, name="banking77.csv")

    assert (report["rejected"], report["rows"]) == (0, len(rows))
    assert report["added"] == report["labelled"] == len({row["text"] for row in rows})
    truth: dict[str, set[str]] = {}
    for row in rows:
        truth.setdefault(row["text"], set()).add(row["label"])
    assert all(row[8] in truth[row[2]["text"]] for row in pool_of(embedded, pool))
    share = counted(embedded, pool).audit_samples / report["added"]
    assert abs(share - 0.1) < 0.02
    check_counts(embedded, pool)
