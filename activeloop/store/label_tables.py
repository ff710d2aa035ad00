"""The tables of labelling: what is handed out, what people said, and what that comes to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from activeloop.store.columns import BIG, key, only, to, when


class Offer(SQLModel, table=True):
    """A sample handed to one person under a lease, with how it came to be chosen.

    `state` is open, answered, skipped or expired. A slot of the sample is held while the offer
    is open or answered; a gold sample has no slots. `kind` is informative, random, audit, gold or
    propagated: an answer given with that to a near-duplicate, under the offer `of_offer`.
    """

    __table_args__ = (
        Index(
            "offer_once",
            "sample_id",
            "user_id",
            unique=True,
            **only("state IN ('open', 'answered', 'skipped')"),
        ),
        Index("offer_leases", "leased_until", **only("state = 'open'")),
        Index("offer_mine", "project_id", "user_id", "id", **only("state = 'open'")),
        Index("offer_of_sample", "sample_id"),
        Index("offer_propagated", "of_offer", **only("of_offer IS NOT NULL")),
    )
    id: int = key()
    project_id: int = to("project.id")
    sample_id: int = to("sample.id")
    user_id: int = to("user_account.id")
    kind: str
    strategy: str
    because: str = ""
    ranking_id: int | None = Field(default=None, sa_column=Column(BIG))
    position: int | None = None
    version: int | None = None
    ranked_at: datetime | None = when(nullable=True)
    score: float | None = None
    probability: float | None = None
    suggestion: str | None = None
    confidence: float | None = None
    suggestion_shown: bool = False
    of_offer: int | None = Field(default=None, sa_column=Column(BIG))
    state: str = "open"
    leased_until: datetime = when()
    created_at: datetime = when()


class Label(SQLModel, table=True):
    """An event. Never changed, never deleted.

    `kind` is answer, skip, undo, imported, propagated (an answer given to a near-duplicate),
    decision (a reviewer's, which settles the sample) or flag; `note` says why somebody skipped or
    flagged.
    `number` counts the project's events without a gap, in the order they were committed.
    `counted` is false for an answer that came when the sample already had all it wanted.
    """

    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        UniqueConstraint("project_id", "user_id", "key"),
        # serves a person's own history, newest first
        Index("label_by_person", "project_id", "user_id", "number"),
        Index("label_flags", "project_id", "sample_id", **only("kind = 'flag'")),
    )
    id: int = key()
    project_id: int = to("project.id")
    number: int = 0
    sample_id: int = to("sample.id", index=True)
    offer_id: int | None = Field(default=None, sa_column=Column(BIG, index=True))
    user_id: int | None = to("user_account.id", nullable=True)
    kind: str
    label: str | None = None
    undoes: int | None = Field(default=None, sa_column=Column(BIG))
    key: str | None = None
    body_digest: str = ""
    note: str = ""
    lead_ms: int | None = None
    late: bool = False
    counted: bool = True
    created_at: datetime = when()


class Consensus(SQLModel, table=True):
    """The current label of a sample: what its counted answers agree on.

    `wants` is how many answers it wants now, which grows while people disagree; `disputed` that
    they are in and disagree; `confidence` how sure Dawid-Skene is of its label, once computed.
    """

    __table_args__ = (
        Index("consensus_done", "project_id", "stratum", "seq", **only("complete = true")),
        Index("consensus_disputed", "project_id", "seq", **only("disputed = true")),
        # these two serve those who browse the pool
        Index("consensus_label", "project_id", "label", "seq", **only("complete = true")),
        Index("consensus_split", "project_id", "seq", **only("agreement < 1")),
    )
    sample_id: int = Field(
        sa_column=Column(BIG, ForeignKey("sample.id", ondelete="CASCADE"), primary_key=True)
    )
    project_id: int = to("project.id")
    seq: int
    stratum: str
    label: str | None = None
    answers: int = 0
    agreement: float = 1.0
    complete: bool = False
    disputed: bool = False
    wants: int = 1
    confidence: float | None = None
    number: int = 0
