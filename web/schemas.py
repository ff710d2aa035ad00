"""The shapes of what crosses the wire. Requests are strict, answers may grow."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from activeloop.flows.accounts import MAX_NAME, MAX_PASSWORD
from activeloop.spec import Mode, ProjectSpec
from web.bodies import BIGGEST

Whole = Annotated[int, Field(ge=0, le=BIGGEST)]
LeadMs = Annotated[int, Field(ge=0, le=2**31 - 1)]
Key = Annotated[str, Field(min_length=1, max_length=200)]
Note = Annotated[str, Field(max_length=2000)]
Seconds = Annotated[int, Field(ge=5, le=86_400)]
Role = Literal["annotator", "reviewer", "engineer", "admin"]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Given(BaseModel):
    model_config = ConfigDict(extra="allow")


class ProblemPart(BaseModel):
    """One thing that is wrong."""

    where: str
    problem: str
    remedy: str = ""


class ProblemDocument(BaseModel):
    """A refusal (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    problems: list[ProblemPart]


class Credentials(_Asked):
    """Who signs in."""

    name: Annotated[str, Field(max_length=1000)]
    password: Annotated[str, Field(max_length=10 * MAX_PASSWORD)]


class Me(_Given):
    """Who is calling; `csrf_token` goes with every change that a cookie allows."""

    id: int
    name: str
    role: Role
    csrf_token: str | None = None


class NewUser(_Asked):
    """A user to be; without a password they can only use API tokens."""

    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
    role: Role
    password: Annotated[str, Field(max_length=10 * MAX_PASSWORD)] | None = None


class User(_Given):
    """What others may know of a user."""

    id: int
    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None


class Users(_Given):
    """All users."""

    users: list[User]


class NewToken(_Given):
    """A token in the clear: the only time that it is seen."""

    token: str


class Token(_Given):
    """A token as it is remembered."""

    id: int
    prefix: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class Tokens(_Given):
    """A user's tokens."""

    tokens: list[Token]


class Project(_Given):
    """A project."""

    id: int
    name: str
    kind: str
    classes: list[str]
    spec: dict[str, Any]
    created_at: datetime


class Changes(BaseModel):
    """Fields of a project's spec with their new values; the spec's own rules check them."""

    model_config = ConfigDict(extra="allow")


class Projects(_Given):
    """All projects."""

    projects: list[Project]


class ImportMade(_Given):
    """An import that will be carried out."""

    id: int
    status: str


class ImportProblem(_Given):
    """A row that was not taken."""

    row: int | None
    problem: str


class Import(_Given):
    """How an import goes."""

    id: int
    status: Literal["queued", "running", "done", "failed"]
    progress: float
    added: int
    duplicates: int
    rejected: int
    problems: list[ImportProblem]


class HowMany(_Asked):
    """How many samples one wants to hold."""

    count: Annotated[int, Field(ge=1, le=100)] = 1
    seconds: Seconds | None = None


class OfferIds(_Asked):
    """Offers that one gives back."""

    offer_ids: Annotated[list[Whole], Field(max_length=1000)]


class Released(_Given):
    """How many offers went back."""

    released: int


class Sample(_Given):
    """One thing to label."""

    id: int
    payload: dict[str, Any]


class Offer(_Given):
    """A sample in one's hands, and until when."""

    id: int
    sample: Sample
    leased_until: datetime


class Offers(_Given):
    """What one holds now, and what is waited for when that is nothing."""

    offers: list[Offer]
    waiting_for: str | None


class Answer(_Asked):
    """Exactly one of `label`, `labels` and `skip: true`.

    Where a sample has one label `labels` holds one name; where it has several, any number.
    """

    label: Annotated[str, Field(max_length=MAX_NAME)] | None = None
    labels: (
        Annotated[list[Annotated[str, Field(max_length=MAX_NAME)]], Field(max_length=1000)] | None
    ) = None
    skip: bool = False


class NewLabel(_Asked):
    """An answer to an offer; the same `key` again is the same answer."""

    offer_id: Whole
    answer: Answer
    lead_ms: LeadMs | None = None
    key: Key
    note: Note = ""
    group: bool = False


class Revision(_Asked):
    """A new answer in the place of an old one; the same `key` again is the same change."""

    answer: Answer
    lead_ms: LeadMs | None = None
    key: Key
    note: Note = ""
    group: bool = False


class Flag(_Asked):
    """A sample that reviewers should look at, and why."""

    sample_id: Whole
    note: Note = ""
    key: Key


class Flagged(_Given):
    """A flag that is on disk."""

    id: int
    number: int
    sample_id: int


class KeptOffers(_Asked):
    """Offers that one still looks at."""

    offer_ids: Annotated[list[Whole], Field(max_length=1000)]
    seconds: Seconds = 120


class Kept(_Given):
    """Until when one holds each of them."""

    kept: dict[str, datetime]


class Page(BaseModel):
    """Which part of a list."""

    before: Whole | None = None
    count: Annotated[int, Field(ge=1, le=100)] = 20


class OwnAnswer(_Given):
    """An answer or a skip of one's own."""

    id: int
    number: int
    sample: Sample
    created_at: datetime


class History(_Given):
    """One's own answers, newest first."""

    answers: list[OwnAnswer]


class OwnProgress(_Given):
    """How far one has come."""

    answers: int
    today: int
    per_minute: float | None
    learned: list[str]


class Label(_Given):
    """An acknowledged answer; it is on disk."""

    id: int
    number: int
    offer_id: int | None
    label: str | None
    late: bool
    counted: bool
    replayed: bool


class Undone(_Given):
    """An answer taken back; its sample is in hand again."""

    id: int
    offer: Offer | None


class Status(_Given):
    """What a project does and what it waits for."""

    project: dict[str, Any]
    counts: dict[str, int]
    queue: dict[str, Any]
    champion: dict[str, Any] | None
    runs: list[dict[str, Any]]
    doctor: list[str]
    waiting_for: str | None


class NewRun(_Asked):
    """How to learn."""

    mode: Mode = "auto"


class Run(_Given):
    """A request to learn, and what came of it."""

    id: int
    status: Literal["queued", "running", "done", "failed"]
    mode: str
    verdict: str | None


class Samples(_Asked):
    """What to predict: by kind a text, a row, a list of numbers, or {"image": base64}."""

    samples: Annotated[list[Any], Field(min_length=1, max_length=10_000)]


class Prediction(_Given):
    """The likeliest class and the probability of each.

    Of several labels `labels` are those with a probability of at least .5, and `label` is null.
    """

    label: str | None
    labels: list[str] | None = None
    probabilities: dict[str, float]


class Predictions(_Given):
    """Predictions in the order of the samples, and the version that made them."""

    version: int
    predictions: list[Prediction]


class ExportQuery(BaseModel):
    """What to export."""

    format: Annotated[str, Field(min_length=1, max_length=40)] = "jsonl"


class ImportQuery(BaseModel):
    """How to read the file; `map.<field>=<column>` parameters name columns."""

    name: Annotated[str, Field(max_length=1000)] | None = None


class Health(_Given):
    """Whether the process answers."""

    status: str


NewProject = ProjectSpec
