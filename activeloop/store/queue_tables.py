"""The tables of the queue: rankings, and the sweeps through a large pool that make them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from activeloop.store.columns import BIG, document, key, only, to, when


class Ranking(SQLModel, table=True):
    """One generation of the queue.

    `scope` says what was scored for it: the whole `pool`, the `head` of the former queue (by a new
    version, at once), or that and the `arrivals` since. `question` is a digest of what was asked of
    the pool; `samples` how many samples of the pool it takes into account.
    """

    id: int = key()
    project_id: int = to("project.id", index=True)
    version_id: int | None = Field(default=None, sa_column=Column(BIG))
    version: int | None = None
    strategy: str
    scope: str = "pool"
    question: str = ""
    because: str = ""
    seed: int
    scored: int
    length: int
    samples: int
    seconds: float
    created_at: datetime = when()


class Candidate(SQLModel, table=True):
    """A sample's place in a ranking, and what the version that ranked it takes it to be.

    `twin_of` is the sample that it nearly repeats and that stands before it.
    """

    __table_args__ = (
        Index("candidate_open", "ranking_id", "position", **only("spent = false")),
        Index("candidate_twins", "ranking_id", "twin_of", **only("twin_of IS NOT NULL")),
    )
    ranking_id: int = Field(
        sa_column=Column(BIG, ForeignKey("ranking.id", ondelete="CASCADE"), primary_key=True)
    )
    position: int = Field(primary_key=True)
    sample_id: int = to("sample.id", index=True)
    score: float
    probability: float
    suggestion: str | None = None
    confidence: float | None = None
    twin_of: int | None = Field(default=None, sa_column=Column(BIG))
    spent: bool = False


class Sweep(SQLModel, table=True):
    """A question to the pool, with all that its answer depends on. One runs at a time per project.

    `state` is running, done, dropped (a newer version came) or failed. `eligible` and `known` name
    the files that say which samples may be asked and which were labelled when it began, so that a
    range swept twice gives the same. `overtook` counts the sweeps dropped since one was done.
    """

    __table_args__ = (
        Index("sweep_one_running", "project_id", unique=True, **only("state = 'running'")),
        Index("sweep_latest", "project_id", "id"),
    )
    id: int = key()
    project_id: int = to("project.id")
    state: str = "running"
    version: int | None = None
    featurizer_id: int = to("featurizer.id")
    spec: dict[str, Any] = document()
    question: str
    strategy: str
    because: str = ""
    by_model: bool
    samples: int
    events: int
    length: int
    eligible: str
    known: str = ""
    overtook: int = 0
    error: str = ""
    created_at: datetime = when()
    finished_at: datetime | None = when(nullable=True)


class SweepRange(SQLModel, table=True):
    """Some whole blocks of a sweep: the samples `first` up to, but without, `stop`.

    `artifact` names the partial result once it is `done`; it is empty again when the file has been
    merged and deleted.
    """

    __tablename__ = "sweep_range"
    id: int = key()
    sweep_id: int = to("sweep.id", index=True)
    first: int
    stop: int
    job_id: int | None = Field(default=None, sa_column=Column(BIG))
    done: bool = False
    artifact: str = ""
    seconds: float = 0.0
