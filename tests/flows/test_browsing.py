"""Browsing finds exactly what fits, in order, a page at a time, whatever the index knows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from activeloop.errors import Invalid
from activeloop.flows import browsing, indexing
from activeloop.searchable import SIGMA
from activeloop.store import backlog, search, ways
from activeloop.store import browsing as looking
from activeloop.store.tables import Label, Project, User
from activeloop.wiring import Services
from tests.flows.browsable import ASKED, FLAGGED, GOLDEN, ROWS, browsable, every_sample, index
from tests.flows.pools import imported, jsonl, project

SEARCHED = ["明月", "月光", "明月光", "月", "strasse", "straße", "οδοσ", "%", "_", '"', "\\", "a-b"]
SEARCHED += ["case", "x-1", "plain", "<script>", "is", "nothing like it", "tan", "blanks", "é"]


def pages(services: Services, made: Project, wanted: browsing.Wanted, count: int) -> list[int]:
    """Go from page to page to the end; give the `seq` of what was shown."""
    shown: list[int] = []
    after: int | None = -1
    while after is not None:
        part = browsing.page(services, made, wanted, after=after, count=count)
        assert part.stopped or part.next is None or len(part.rows) == count
        assert part.next is None or part.next > after
        shown += [row.seq for row in part.rows]
        after = part.next
    return shown


class Plainly:
    """Says the same in plain Python, over everything."""

    def __init__(self, services: Services, made: Project) -> None:
        with services.read() as session:
            self.ids = [each.id for each in every_sample(session, made)]
            self.rows = {
                removed: looking.rows(session, made.id, ways.Filter(removed=removed), range(ROWS))
                for removed in (False, True)
            }
            said = select(Label.sample_id, User.name).join(User).where(Label.kind == "answer")
            self.answered = set(session.exec(said))

    def fitting(self, wanted: browsing.Wanted) -> list[int]:
        return [row.seq for row in self.rows[wanted.removed] if self._fits(row, wanted)]

    def _fits(self, row: looking.Row, wanted: browsing.Wanted) -> bool:
        settled = row.label if row.complete else None
        key, _, value = wanted.metadata.partition("=")
        letters = wanted.text.lower().translate(SIGMA)
        texts = [row.payload["text"], row.external_id or ""]
        state = {"labelled": settled, "unlabelled": not settled, "disputed": row.disputed}
        return all(
            (
                any(letters in each.lower().translate(SIGMA) for each in texts),
                not wanted.metadata or str(row.meta.get(key)) == value,
                wanted.label in (None, settled),
                wanted.state is None or state[wanted.state],
                wanted.stratum in (None, row.stratum),
                wanted.import_id in (None, row.import_id),
                not wanted.annotator or (row.id, wanted.annotator) in self.answered,
                wanted.agreement is None
                or (row.agreement is not None and row.agreement < wanted.agreement),
                not wanted.flagged or row.seq in FLAGGED,
                not wanted.review or row.disputed or row.seq in (*FLAGGED, ASKED),
                not wanted.gold or row.seq == GOLDEN,
            )
        )


def now_and_then(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, None, None, *values])


WANTED = st.builds(
    browsing.Wanted,
    text=st.sampled_from(["", "", *SEARCHED]),
    metadata=st.sampled_from(["", "", "", "author=李白", "author=Du Fu", "year=2", "x=y"]),
    label=now_and_then("good", "bad"),
    state=now_and_then("labelled", "unlabelled", "disputed"),
    stratum=now_and_then("audit", "train"),
    annotator=st.sampled_from(["", "", "", "ann", "bob"]),
    agreement=now_and_then(1.0, 0.5),
    import_id=now_and_then(1, 2),
    **{
        name: st.sampled_from([False, False, False, False, True])
        for name in ("flagged", "review", "gold", "removed")
    },
)


def test_any_filters_together_find_what_plain_python_finds(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = browsable(services)
    monkeypatch.setattr(browsing, "STEP", 7)
    monkeypatch.setattr(indexing, "AT_ONCE", 10)
    monkeypatch.setattr(indexing, "TURN", 30)
    plainly = Plainly(services, made)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(wanted=WANTED, count=st.sampled_from([1, 4, 100]))
    def check(wanted: browsing.Wanted, count: int) -> None:
        assert pages(services, made, wanted, count) == plainly.fitting(wanted)

    for known in (0, 30, ROWS):
        told = search.opened(services.database, services.settings.data, made.id)
        assert told.through() == known
        check()
        for text in SEARCHED:  # each by itself, for these are the ones that go wrong
            wanted = browsing.Wanted(text=text)
            assert pages(services, made, wanted, 4) == plainly.fitting(wanted), text
        index(services, made)


def test_the_filters_of_that_test_do_find_something(embedded: Services) -> None:
    plainly = Plainly(embedded, browsable(embedded))
    lost = [text for text in SEARCHED if not plainly.fitting(browsing.Wanted(text=text))]
    assert lost == ["strasse", "is", "nothing like it"]
    assert plainly.fitting(browsing.Wanted(flagged=True))
    assert plainly.fitting(browsing.Wanted(review=True))
    assert plainly.fitting(browsing.Wanted(gold=True))
    assert plainly.fitting(browsing.Wanted(removed=True))
    assert plainly.fitting(browsing.Wanted(state="disputed"))
    assert plainly.fitting(browsing.Wanted(annotator="bob", label="good"))


def test_a_page_says_how_far_it_looked_and_goes_on_from_there(
    embedded: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsing, "STEP", 5)
    monkeypatch.setattr(browsing, "MOST_TEXTS", 20)
    made = project(embedded)
    imported(embedded, made, jsonl([{"text": f"{n} {'zz' if n > 30 else ''}"} for n in range(40)]))
    first = browsing.page(embedded, made, browsing.Wanted(text="zz"), after=-1, count=5)
    assert (list(first.rows), first.stopped, first.looked, first.total) == ([], True, 20, 40)
    assert first.next is not None
    second = browsing.page(embedded, made, browsing.Wanted(text="zz"), after=first.next, count=5)
    assert [row.seq for row in second.rows] == [31, 32, 33, 34, 35]
    with embedded.read() as session:
        assert "index" in {job.kind for job in backlog.live(session, made.id)}


def test_an_index_takes_samples_in_once_and_in_turns(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "AT_ONCE", 10)
    monkeypatch.setattr(indexing, "TURN", 20)
    made = project(services)
    imported(services, made, jsonl([{"text": f"number {n}"} for n in range(45)]))
    told = search.opened(services.database, services.settings.data, made.id)
    for known in (20, 40, 45, 45):
        index(services, made)
        assert told.through() == known
    assert not told.add(20, ["number again"])
    assert told.find(["number"], 10, 3) == [11, 12, 13]
    assert told.find(["number", "mber 44"], -1, 3) == [44]


def test_projects_do_not_find_each_others_samples(services: Services) -> None:
    one, other = project(services, name="one"), project(services, name="other")
    for made, word in ((one, "apple"), (other, "pear")):
        imported(services, made, jsonl([{"text": f"{word} {n}"} for n in range(3)]))
        index(services, made)
    assert pages(services, one, browsing.Wanted(text="pear"), 10) == []
    assert pages(services, other, browsing.Wanted(text="pear"), 10) == [0, 1, 2]


def test_values_of_tables_and_names_of_files_are_searched(embedded: Services) -> None:
    made = project(embedded, kind="table")
    imported(embedded, made, jsonl([{"size": 17, "colour": "Red"}, {"size": 4, "colour": "blue"}]))
    index(embedded, made)
    assert pages(embedded, made, browsing.Wanted(text="red"), 10) == [0]
    assert pages(embedded, made, browsing.Wanted(text="17"), 10) == [0]
    assert pages(embedded, made, browsing.Wanted(text="colour"), 10) == []


def test_a_filter_that_names_nobody_is_refused(embedded: Services) -> None:
    made = project(embedded)
    for wrong in (
        browsing.Wanted(annotator="nobody"),
        browsing.Wanted(metadata="=x"),
        browsing.Wanted(metadata="x"),
    ):
        with pytest.raises(Invalid):
            browsing.page(embedded, made, wrong, after=-1, count=5)


def test_of_several_labels_a_class_is_found_by_its_whole_name(embedded: Services) -> None:
    made = project(embedded, answer="several", classes=["Cat", "cat", "wildcat"])
    said = [["cat"], ["Cat"], ["wildcat"], ["cat", "wildcat"], []]
    rows = [{"text": f"{n}", "label": names} for n, names in enumerate(said)]
    imported(embedded, made, jsonl(rows), mapping={"label": "label"})
    assert pages(embedded, made, browsing.Wanted(names="cat"), 2) == [0, 3]
    assert pages(embedded, made, browsing.Wanted(names="Cat"), 2) == [1]
    assert pages(embedded, made, browsing.Wanted(label="[]"), 2) == [4]
    assert (
        browsing.page(embedded, made, browsing.Wanted(names="cat"), after=-1, count=9).unindexed
        == 0
    )
