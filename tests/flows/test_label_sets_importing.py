"""Files in the words of before, and classes that change while a file is read."""

from __future__ import annotations

from typing import Any

import pytest

from activeloop.flows import carrying, importing
from activeloop.store.tables import JobRow
from activeloop.wiring import Services
from tests.flows.pools import begun, imported, jsonl, project, reported
from tests.flows.test_label_sets import change, check_laws, current


def rows(*labels: str) -> bytes:
    return jsonl([{"text": f"row {n}", "label": label} for n, label in enumerate(labels)])


def labels_of(services: Services, pool: Any) -> list[str]:
    return sorted(str(label) for label, _ in current(services, pool).values())


def test_a_file_in_the_words_of_before_is_read_in_those_of_today(services: Services) -> None:
    pool = project(services, classes=["cat", "dog", "cow"])
    change(services, pool, "rename", "cat>kitty")
    change(services, pool, "merge", "kitty+cow>animal")
    change(services, pool, "split", "dog>big+small")
    report = imported(services, pool, rows("cat", "cow", "kitty", "animal", "dog", "small", "owl"))
    assert labels_of(services, pool) == ["animal", "animal", "animal", "animal", "small"]
    refused = {each["row"]: each["problem"] for each in report["problems"]}
    assert ["dog" in refused[5], "owl" in refused[7]] == [True, True]
    check_laws(services, pool)


@pytest.mark.usefixtures("small_chunks")
def test_classes_that_change_during_an_import_are_taken_in_from_there_on(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = project(services, classes=["cat", "dog"])
    row, job = begun(services, pool, rows(*["cat", "dog"] * 6))
    kept, calls = importing._keep_blobs, []

    def changed(services_: Services, chunk: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            change(services, pool, "rename", "cat>feline")
        kept(services_, chunk)

    monkeypatch.setattr(importing, "_keep_blobs", changed)
    carrying.carry_out(services, job, "first")
    assert reported(services, pool, row.id)["status"] == "running"
    with services.write() as session:
        again = session.get_one(JobRow, job)
        again.run_after = again.created_at  # else it waits a while
    carrying.carry_out(services, job, "second")
    assert reported(services, pool, row.id)["status"] == "done"
    assert labels_of(services, pool) == ["dog"] * 6 + ["feline"] * 6
    check_laws(services, pool)
