"""Each filter of the pool is walked by the index that is named beside it."""

from __future__ import annotations

import pytest

from activeloop.store import browsing, ways
from activeloop.store.ways import Filter
from activeloop.wiring import Services
from tests.flows.plans import planned

SERVED = {
    "sample_removed": Filter(removed=True),
    "review_queue": Filter(review=True),
    "label_flags": Filter(flagged=True),
    "gold_of_project": Filter(gold=True),
    "consensus_disputed": Filter(state="disputed"),
    "consensus_split": Filter(agreement=0.8),
    "label_by_person": Filter(annotator=1),
    "consensus_label": Filter(label="good"),
    "consensus_done": Filter(state="labelled"),
    "sample_of_import": Filter(import_id=1),
}


@pytest.mark.parametrize("index", SERVED)
def test_a_filter_is_walked_by_its_index(embedded: Services, index: str) -> None:
    way = ways.way(1, SERVED[index])
    assert way is not None
    with planned(embedded) as steps, embedded.read() as session:
        way.walk(session, 5, 10)
    assert any(f"INDEX {index} " in step for step in steps), steps
    assert not [step for step in steps if step.startswith("SCAN")]


def test_samples_are_read_by_their_place_and_nothing_is_scanned(embedded: Services) -> None:
    with planned(embedded) as steps, embedded.read() as session:
        browsing.rows(session, 1, Filter(state="unlabelled", flagged=True), range(5, 50))
        browsing.rows(session, 1, Filter(annotator=1, review=True), [1, 2, 3])
    assert len(steps) > 4
    assert not [step for step in steps if step.startswith("SCAN")], steps
