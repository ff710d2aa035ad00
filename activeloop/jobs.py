"""The background jobs: one frozen value each, carrying ids only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from activeloop.errors import Invalid


@dataclass(frozen=True)
class Job:
    """A piece of background work; the ledger row behind it keeps its state."""

    kind: ClassVar[str] = ""
    project_id: int

    @property
    def dedupe_key(self) -> str:
        """Name the work; the ledger holds at most one live row of a name."""
        fields = ":".join(str(value) for value in asdict(self).values())
        return f"{self.kind}:{fields}"

    def payload(self) -> dict[str, Any]:
        """Give the fields as JSON-able values."""
        return asdict(self)


@dataclass(frozen=True)
class ImportFile(Job):
    """Read an uploaded file into the pool."""

    kind: ClassVar[str] = "import"
    import_id: int


@dataclass(frozen=True)
class Featurize(Job):
    """Turn samples that have no features yet into feature blocks, then rank."""

    kind: ClassVar[str] = "featurize"


@dataclass(frozen=True)
class Train(Job):
    """Carry out a run: fit, evaluate, gate, keep the version."""

    kind: ClassVar[str] = "train"
    run_id: int


@dataclass(frozen=True)
class Rank(Job):
    """Bring the queue up to date: sweep the pool, cut a large one into ranges, or add arrivals."""

    kind: ClassVar[str] = "rank"


@dataclass(frozen=True)
class ScoreRange(Job):
    """Score one range of a sweep and keep its best; the last one asks for the merge."""

    kind: ClassVar[str] = "score-range"
    sweep_id: int
    range_id: int


@dataclass(frozen=True)
class Merge(Job):
    """Merge the ranges of a sweep and put the new ranking in front of the annotators."""

    kind: ClassVar[str] = "merge"
    sweep_id: int


@dataclass(frozen=True)
class Quality(Job):
    """Report on the team's work: agreement, reliability, throughput, cost."""

    kind: ClassVar[str] = "quality"


@dataclass(frozen=True)
class Evaluate(Job):
    """Evaluate a version: every figure, by class, slice and group."""

    kind: ClassVar[str] = "evaluate"
    version_id: int


@dataclass(frozen=True)
class IndexPool(Job):
    """Take samples that came into the search index."""

    kind: ClassVar[str] = "index"


@dataclass(frozen=True)
class FindLabelErrors(Job):
    """Look for labels that are likely wrong."""

    kind: ClassVar[str] = "label-errors"


@dataclass(frozen=True)
class Deliver(Job):
    """Tell a webhook of an event; each try is a job of its own, so that it can wait its turn."""

    kind: ClassVar[str] = "deliver"
    delivery_id: int
    tries: int


@dataclass(frozen=True)
class Search(Job):
    """Try recipes on the training labels, and keep how well each does."""

    kind: ClassVar[str] = "search"


@dataclass(frozen=True)
class Watch(Job):
    """Compare what came in with what the champion learned from."""

    kind: ClassVar[str] = "watch"


@dataclass(frozen=True)
class Advise(Job):
    """Compare active learning with random choice, and tell when labelling can stop."""

    kind: ClassVar[str] = "advise"


_EVERY = (
    *(ImportFile, Featurize, Train, Rank, ScoreRange, Merge, Quality),
    *(IndexPool, FindLabelErrors, Deliver, Search, Evaluate, Watch),
    Advise,
)
KINDS: dict[str, type[Job]] = {job.kind: job for job in _EVERY}


def restore(kind: str, payload: dict[str, Any]) -> Job:
    """Rebuild the job that a ledger row describes.

    Raises:
        Invalid: for a kind this release does not know.
    """
    if kind not in KINDS:
        known = ", ".join(sorted(KINDS))
        raise Invalid.field("kind", f"{kind!r} is not a job of this release ({known}).")
    return KINDS[kind](**payload)
