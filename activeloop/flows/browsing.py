"""Browse the pool: search it, filter it, a page at a time, at a cost that does not grow with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from activeloop import answers, searchable
from activeloop.errors import Invalid
from activeloop.flows import indexing
from activeloop.flows.projects import spec_of
from activeloop.spec import ProjectSpec
from activeloop.store import accounts, browsing, queued, rankings, samples, search, ways
from activeloop.store.browsing import Row
from activeloop.store.db import Session
from activeloop.store.tables import Project
from activeloop.store.ways import Filter, State, Walk
from activeloop.wiring import Services

Order = Literal["pool", "queue"]
STEP = 1000
"""Samples looked at in one go."""
MOST = 100_000
"""Samples looked at for one page, where the database tells those that fit."""
MOST_TEXTS = 20_000
"""Texts looked at for one page."""
LONGEST = 200
"""Characters of a search."""


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for; what is empty does not matter.

    Attributes:
        text: letters that stand in the text, a table's value, a file's name or the sample's own id.
        metadata: `key=value`.
        label: its settled label, as text (see `activeloop.answers`).
        names: a class of its settled label.
        state: how far its label is.
        stratum: audit or train.
        annotator: the name of somebody who answered it.
        agreement: its answers agree less than this.
        import_id: the import it came with.
        flagged: whether somebody flagged it.
        review: whether it waits for a reviewer.
        gold: whether its label is known.
        removed: removed samples, and no others.
        order: as in the pool, or as in the queue: what the model is least sure of comes first.
    """

    text: str = ""
    metadata: str = ""
    label: str | None = None
    names: str | None = None
    state: State | None = None
    stratum: Literal["audit", "train"] | None = None
    annotator: str = ""
    agreement: float | None = None
    import_id: int | None = None
    flagged: bool = False
    review: bool = False
    gold: bool = False
    removed: bool = False
    order: Order = "pool"


@dataclass(frozen=True)
class Page:
    """Some of the samples that fit.

    Attributes:
        rows: the samples, in order.
        next: what to ask for to go on; None at the end.
        stopped: whether it ended before the page was full, for it had looked at enough.
        looked: the place up to which was looked: a `seq`, or a position in the queue.
        total: how many there are to look at.
        unindexed: how many samples a search has to look at one by one, for the index lacks them.
        scores: by id, the score of those in the queue, where that is the order.
    """

    rows: Sequence[Row]
    next: int | None
    stopped: bool
    looked: int
    total: int
    unindexed: int = 0
    scores: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Search:
    """How to walk and what to try."""

    filter: Filter
    walk: Walk | None
    fits: Callable[[Row], bool] | None
    total: int
    indexed: int
    by_index: bool
    searched: bool


def page(services: Services, project: Project, wanted: Wanted, *, after: int, count: int) -> Page:
    """Give the next `count` samples that fit, after a place in the order.

    Raises:
        Invalid: when a filter names what is not there.
    """
    with services.read() as session:
        found = _search(services, session, project, wanted)
        if wanted.order == "queue":
            given = _from_queue(session, project, found, after=after, count=count)
        else:
            given = _from_pool(session, project, found, after=after, count=count)
    if wanted.text or wanted.metadata:
        _catch_up(services, project, found)
    return given


def gather(
    services: Services, project: Project, wanted: Wanted, *, most: int, times: int
) -> tuple[list[Row], bool]:
    """Give all that fit, at most `most` and those of `times` pages; tell if that is all."""
    rows: list[Row] = []
    after: int | None = -1
    for _ in range(times):
        if after is None or len(rows) >= most:
            break
        part = page(services, project, wanted, after=after, count=most - len(rows))
        rows += part.rows
        after = part.next
    return rows, after is None


def _search(services: Services, session: Session, project: Project, wanted: Wanted) -> _Search:
    filter_ = _filter(session, wanted)
    way = ways.way(project.id, filter_)
    needles = [_needle(each) for each in (wanted.text, wanted.metadata) if each.strip()]
    index = search.opened(services.database, services.settings.data, project.id)
    indexed = index.through() if needles else 0
    # what few are walked is as good as what the index finds: their texts are looked at anyway
    by_index = not (way and way.few) and indexed > 0 and index.serves(needles)

    def found(_session: Session, after: int, limit: int) -> list[int]:
        return index.find(needles, after, limit)

    return _Search(
        filter=filter_,
        walk=found if by_index else way.walk if way else None,
        fits=_fitting(spec_of(project), wanted) if needles or wanted.names else None,
        total=samples.count(session, project.id),
        indexed=indexed,
        by_index=by_index,
        searched=bool(needles),
    )


def _needle(text: str) -> str:
    # half a character, as a broken link may hold it, is no text for a database
    return searchable.fold(text.strip()[:LONGEST].encode(errors="replace").decode())


def _filter(session: Session, wanted: Wanted) -> Filter:
    annotator = None
    if wanted.annotator:
        person = accounts.by_name(session, wanted.annotator)
        if person is None:
            raise Invalid.field("annotator", f"nobody is called {wanted.annotator!r}.")
        annotator = person.id
    return Filter(
        label=wanted.label,
        names=wanted.names,
        state=wanted.state,
        stratum=wanted.stratum,
        annotator=annotator,
        agreement=wanted.agreement,
        import_id=wanted.import_id,
        flagged=wanted.flagged,
        review=wanted.review,
        gold=wanted.gold,
        removed=wanted.removed,
    )


def _fitting(spec: ProjectSpec, wanted: Wanted) -> Callable[[Row], bool]:
    """Look at a sample itself: the database only says which may fit."""
    letters = _needle(wanted.text)
    key, written, value = wanted.metadata.strip().partition("=")
    if wanted.metadata.strip() and not (key and written):
        raise Invalid.field("metadata", "must be written as key=value.")

    def fits(row: Row) -> bool:
        if key and (key not in row.meta or searchable.said(row.meta[key]) != value):
            return False
        if wanted.names and wanted.names not in answers.read(spec.answer, row.label or "[]"):
            return False
        told = searchable.texts(spec.kind, row.payload, row.external_id) if letters else ()
        return not letters or any(letters in searchable.fold(each) for each in told)

    return fits


def _from_pool(
    session: Session, project: Project, found: _Search, *, after: int, count: int
) -> Page:
    """Walk the pool by `seq` until the page is full, the pool ends, or enough was looked at."""
    rows: list[Row] = []
    most = MOST_TEXTS if found.fits else MOST
    looked, at = 0, after
    while at < found.total - 1 and looked < most:
        chunk, upto = _chunk(session, found, at)
        for row in browsing.rows(session, project.id, found.filter, chunk):
            if found.fits is None or found.fits(row):
                rows.append(row)
                if len(rows) == count:
                    return _page(found, rows, row.seq, stopped=False)
        looked += len(chunk)
        at = upto
    return _page(found, rows, at, stopped=at < found.total - 1)


def _chunk(session: Session, found: _Search, at: int) -> tuple[range | list[int], int]:
    """Give the next samples to look at, and the place up to which there are no others."""
    last = found.total - 1
    if found.walk is None or (found.by_index and at >= found.indexed - 1):
        upto = min(at + STEP, last)
        return range(at + 1, upto + 1), upto
    seqs = found.walk(session, at, STEP)
    if len(seqs) == STEP:
        return seqs, seqs[-1]
    return seqs, found.indexed - 1 if found.by_index else last


def _page(found: _Search, rows: list[Row], looked: int, *, stopped: bool) -> Page:
    ended = looked >= found.total - 1
    unindexed = found.total - found.indexed if found.searched else 0
    return Page(
        rows, None if ended else looked, stopped, looked + 1, found.total, max(0, unindexed)
    )


def _from_queue(
    session: Session, project: Project, found: _Search, *, after: int, count: int
) -> Page:
    """Walk the queue by position; it is short beside the pool."""
    ranking = rankings.current(session, project)
    if ranking is None:
        return Page([], None, stopped=False, looked=0, total=0)
    rows: list[Row] = []
    scores: dict[int, float] = {}
    at = after
    while part := queued.after(session, ranking.id, at, STEP):
        places = {each.seq: each for each in part}
        fitting = browsing.rows(session, project.id, found.filter, sorted(places))
        for row in sorted(fitting, key=lambda row: places[row.seq].position):
            if found.fits is None or found.fits(row):
                rows.append(row)
                scores[row.id] = places[row.seq].score
                if len(rows) == count:
                    at = places[row.seq].position
                    return Page(rows, at, False, at + 1, ranking.length, scores=scores)  # noqa: FBT003
        at = part[-1].position
    return Page(rows, None, False, at + 1, ranking.length, scores=scores)  # noqa: FBT003


def _catch_up(services: Services, project: Project, found: _Search) -> None:
    """Have the index made where there is none yet: for a pool of before there was one."""
    if found.indexed < found.total:
        indexing.ask(services, project.id)
