"""The tables: what activeloop remembers. Nothing here computes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from activeloop.store.columns import BIG, DOCUMENT, big, document, key, only, to, when
from activeloop.store.label_tables import Consensus as Consensus  # noqa: PLC0414 - named here
from activeloop.store.label_tables import Label as Label  # noqa: PLC0414 - named here
from activeloop.store.label_tables import Offer as Offer  # noqa: PLC0414 - named here
from activeloop.store.queue_tables import Candidate as Candidate  # noqa: PLC0414 - named here
from activeloop.store.queue_tables import Ranking as Ranking  # noqa: PLC0414 - named here
from activeloop.store.queue_tables import Sweep as Sweep  # noqa: PLC0414 - named here
from activeloop.store.queue_tables import SweepRange as SweepRange  # noqa: PLC0414 - named here
from activeloop.store.team_tables import Assignment as Assignment  # noqa: PLC0414 - named here
from activeloop.store.team_tables import ClassChange as ClassChange  # noqa: PLC0414 - named here
from activeloop.store.team_tables import Gold as Gold  # noqa: PLC0414 - named here
from activeloop.store.team_tables import Guideline as Guideline  # noqa: PLC0414 - named here
from activeloop.store.team_tables import GuidelineSeen as GuidelineSeen  # noqa: PLC0414 - named here
from activeloop.store.team_tables import Report as Report  # noqa: PLC0414 - named here
from activeloop.store.team_tables import Review as Review  # noqa: PLC0414 - named here
from activeloop.store.trust_tables import Campaign as Campaign  # noqa: PLC0414 - named here
from activeloop.store.trust_tables import CampaignSample as CampaignSample  # noqa: PLC0414 - named here
from activeloop.store.trust_tables import Delivery as Delivery  # noqa: PLC0414 - named here
from activeloop.store.trust_tables import DriftWindow as DriftWindow  # noqa: PLC0414 - named here
from activeloop.store.trust_tables import Incoming as Incoming  # noqa: PLC0414 - named here
from activeloop.store.trust_tables import VersionReport as VersionReport  # noqa: PLC0414 - named here
from activeloop.store.trust_tables import Webhook as Webhook  # noqa: PLC0414 - named here

SHUT = "stratum != 'train' OR slots <= 0 OR removed_at IS NOT NULL"
"""Of samples that a ranking must leave out: audit, complete or in hand, removed."""


class User(SQLModel, table=True):
    """A person or a program with a role: admin, engineer, reviewer or annotator."""

    __tablename__ = "user_account"
    id: int = key()
    name: str = Field(unique=True, max_length=100)
    role: str
    password_hash: str | None = None
    created_at: datetime = when()
    disabled_at: datetime | None = when(nullable=True)


class Token(SQLModel, table=True):
    """An API token, kept as its sha256 only."""

    id: int = key()
    user_id: int = to("user_account.id", index=True)
    digest: str = Field(unique=True)
    prefix: str
    created_at: datetime = when()
    last_used_at: datetime | None = when(nullable=True)
    revoked_at: datetime | None = when(nullable=True)


class WebSession(SQLModel, table=True):
    """A browser signed in; deleting the row signs it out."""

    __tablename__ = "web_session"
    digest: str = Field(primary_key=True)
    user_id: int = to("user_account.id", index=True)
    created_at: datetime = when()
    seen_at: datetime = when()
    expires_at: datetime = when()


class Project(SQLModel, table=True):
    """A labelling project and its three pointers: features, champion, ranking."""

    id: int = key()
    name: str = Field(unique=True, max_length=100)
    kind: str
    spec: dict[str, Any] = document()
    audit_key: str
    featurizer_id: int | None = Field(default=None, sa_column=Column(BIG))
    champion_id: int | None = Field(default=None, sa_column=Column(BIG))
    ranking_id: int | None = Field(default=None, sa_column=Column(BIG))
    created_at: datetime = when()


class Tally(SQLModel, table=True):
    """Running counts of a project; locking the row orders its events."""

    project_id: int = Field(
        sa_column=Column(BIG, ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    )
    events: int = 0
    samples: int = 0
    audit_samples: int = 0
    labelled_train: int = 0
    labelled_audit: int = 0
    answers: int = 0
    skips: int = 0


class Import(SQLModel, table=True):
    """A file on its way into the pool, with the row from which a new try goes on."""

    id: int = key()
    project_id: int = to("project.id", index=True)
    status: str = "queued"
    name: str
    format: str = ""
    media_type: str = ""
    path: str
    mapping: dict[str, Any] = document()
    total: int = big()
    position: int = big()
    rows: int = 0
    added: int = 0
    duplicates: int = 0
    rejected: int = 0
    labelled: int = 0
    error: str = ""
    user_id: int | None = to("user_account.id", nullable=True)
    created_at: datetime = when()
    finished_at: datetime | None = when(nullable=True)


class ImportProblem(SQLModel, table=True):
    """A row that was not taken, and why."""

    __tablename__ = "import_problem"
    id: int = key()
    import_id: int = to("import.id", index=True)
    row: int
    where: str = ""
    problem: str
    remedy: str = ""


class Sample(SQLModel, table=True):
    """One thing to label. Append-only but for `slots` and the mark of removal.

    `slots` is how many more answers may be asked for: answers wanted, less those given, less
    the leases that are open.
    """

    __table_args__ = (
        UniqueConstraint("project_id", "digest"),
        UniqueConstraint("project_id", "seq"),
        # serves audit and random offers in random order, the next one at constant cost
        Index("sample_open", "project_id", "stratum", "draw", **only("slots > 0")),
        Index("sample_external", "project_id", "external_id"),
        # what a ranking leaves out, found without reading the rest of the pool
        Index("sample_shut", "project_id", "seq", **only(SHUT)),
        # these two serve those who browse the pool
        Index("sample_of_import", "import_id", "seq"),
        Index("sample_removed", "project_id", "seq", **only("removed_at IS NOT NULL")),
    )
    id: int = key()
    project_id: int = to("project.id")
    seq: int
    digest: str
    external_id: str | None = None
    payload: dict[str, Any] = document()
    meta: dict[str, Any] = document()
    stratum: str
    draw: int = Field(sa_column=Column(BIG, nullable=False))
    slots: int
    import_id: int | None = Field(default=None, sa_column=Column(BIG))
    created_at: datetime = when()
    removed_at: datetime | None = when(nullable=True)


class Featurizer(SQLModel, table=True):
    """A fitted feature recipe."""

    __table_args__ = (UniqueConstraint("project_id", "fingerprint"),)
    id: int = key()
    project_id: int = to("project.id")
    fingerprint: str
    artifact: str
    width: int
    sparse: bool
    fitted_rows: int
    created_at: datetime = when()


class FeatureBlock(SQLModel, table=True):
    """Features of the samples `start` to `start + rows`, as a file in the artifact store."""

    __tablename__ = "feature_block"
    __table_args__ = (UniqueConstraint("featurizer_id", "start"),)
    id: int = key()
    featurizer_id: int = to("featurizer.id")
    start: int
    rows: int
    artifact: str


class Run(SQLModel, table=True):
    """A request to learn, and what came of it. One at a time per project."""

    __table_args__ = (
        Index("run_one_live", "project_id", unique=True, **only("status IN ('queued', 'running')")),
        Index("run_latest", "project_id", "id"),
    )
    id: int = key()
    project_id: int = to("project.id")
    status: str = "queued"
    mode: str
    because: str
    stage: str = ""
    progress: float = 0.0
    snapshot: int = 0
    train_labels: int = 0
    audit_labels: int = 0
    mode_used: str = ""
    mode_because: str = ""
    verdict: str | None = None
    verdict_because: str = ""
    error: str = ""
    user_id: int | None = to("user_account.id", nullable=True)
    created_at: datetime = when()
    started_at: datetime | None = when(nullable=True)
    finished_at: datetime | None = when(nullable=True)


class Version(SQLModel, table=True):
    """A trained model, with all that is needed to train it again.

    `metrics` are those on the audit labels there were when it was trained; `latest` those on the
    audit labels of the project's latest run, the same for all versions, so that they compare.
    `label_set` is the number of the last class change it knows; `moved` how many predictions for
    the pool differ from its parent's. `evidence` is what the gate looked at, `spent` the error it
    spent on this look. `crowned_at` is when it last became the champion, `crowned_by` the person
    who decided so. `dropped_at` is when its model file was let go.
    """

    __table_args__ = (UniqueConstraint("project_id", "number"), UniqueConstraint("run_id"))
    id: int = key()
    project_id: int = to("project.id")
    number: int
    run_id: int = to("run.id")
    parent_id: int | None = Field(default=None, sa_column=Column(BIG))
    status: str
    because: str = ""
    mode: str
    recipe: str
    spec: dict[str, Any] = document()
    classes: list[str] = Field(default_factory=list, sa_column=Column(DOCUMENT, nullable=False))
    featurizer_id: int = to("featurizer.id")
    artifact: str
    snapshot: int
    snapshot_digest: str
    train_labels: int
    audit_labels: int
    metrics: dict[str, Any] = document()
    latest: dict[str, Any] = document()
    seed: int
    libraries: dict[str, Any] = document()
    label_set: int = 0
    moved: dict[str, Any] = document()
    evidence: dict[str, Any] = document()
    spent: float = 0.0
    pinned: bool = False
    notes: str = ""
    crowned_at: datetime | None = when(nullable=True)
    crowned_by: int | None = Field(default=None, sa_column=Column(BIG))
    dropped_at: datetime | None = when(nullable=True)
    created_at: datetime = when()


class JobRow(SQLModel, table=True):
    """The ledger: the truth about a piece of background work; messages are only hints."""

    __tablename__ = "job"
    __table_args__ = (
        Index("job_once", "dedupe_key", unique=True, **only("state IN ('queued', 'running')")),
        Index("job_live", "state", "run_after", **only("state IN ('queued', 'running')")),
    )
    id: int = key()
    project_id: int = to("project.id", index=True)
    kind: str
    dedupe_key: str
    payload: dict[str, Any] = document()
    state: str = "queued"
    again: bool = False
    fence: int = 0
    attempts: int = 0
    owner: str = ""
    stage: str = ""
    progress: float = 0.0
    error: str = ""
    run_after: datetime = when()
    sent_at: datetime | None = when(nullable=True)
    lease_until: datetime | None = when(nullable=True)
    created_at: datetime = when()
    finished_at: datetime | None = when(nullable=True)


class Heartbeat(SQLModel, table=True):
    """When a process was last seen."""

    name: str = Field(primary_key=True)
    role: str
    at: datetime = when()


class AuditEntry(SQLModel, table=True):
    """Who did what: the trail of actions that change what is served."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("audit_project", "project_id", "id"),)
    id: int = key()
    project_id: int | None = Field(default=None, sa_column=Column(BIG))
    user_id: int | None = Field(default=None, sa_column=Column(BIG))
    action: str
    detail: dict[str, Any] = document()
    at: datetime = when()
