"""The shapes of browsing the pool, as they cross the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from activeloop.flows.browsing import LONGEST, Wanted
from activeloop.flows.deeds import Action
from activeloop.spec import MAX_NAME
from web.schemas import Note, Whole, _Asked, _Given

Text = Annotated[str, Field(max_length=LONGEST)]


class PoolFilter(BaseModel):
    """What samples must be; what is empty does not matter."""

    model_config = ConfigDict(populate_by_name=True, extra="ignore")

    q: Text = Field("", description="Letters in the text, a value, a file's name or its own id.")
    metadata: Text = Field("", description="`key=value`.")
    label: Annotated[str, Field(max_length=100_000)] | None = Field(
        None, description="The settled label; where there are several, as a JSON list."
    )
    class_: Annotated[str, Field(max_length=MAX_NAME)] | None = Field(
        None, alias="class", description="A class of the settled label."
    )
    state: Literal["labelled", "unlabelled", "disputed"] | None = None
    stratum: Literal["audit", "train"] | None = None
    annotator: Text = Field("", description="The name of somebody who answered it.")
    agreement: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="Its answers agree less than this."
    )
    import_: Whole | None = Field(None, alias="import", description="The import it came with.")
    flagged: bool = False
    review: bool = Field(False, description="Whether it waits for a reviewer.")
    gold: bool = False
    removed: bool = Field(False, description="Removed samples, and no others.")

    @model_validator(mode="before")
    @classmethod
    def _empty_is_nothing(cls, values: Any) -> Any:
        """Take the fields of a form that were left empty as not given."""
        if not isinstance(values, dict):
            return values
        return {key: value for key, value in values.items() if value not in ("", None)}

    def wanted(self, *, several: bool, order: Literal["pool", "queue"] = "pool") -> Wanted:
        """Say it in the words of the flow; where a sample has one label, that is its class."""
        return Wanted(
            text=self.q,
            metadata=self.metadata,
            label=self.label if several or self.label else self.class_,
            names=self.class_ if several else None,
            state=self.state,
            stratum=self.stratum,
            annotator=self.annotator,
            agreement=self.agreement,
            import_id=self.import_,
            flagged=self.flagged,
            review=self.review,
            gold=self.gold,
            removed=self.removed,
            order=order,
        )


class SampleQuery(PoolFilter):
    """Which samples to list, from where on, and in which order."""

    order: Literal["pool", "queue"] = Field(
        "pool", description="As they came, or as in the queue: the least certain first."
    )
    after: Annotated[int, Field(ge=-1, le=2**31 - 1)] = Field(
        -1, description="`next` of the page before."
    )
    count: Annotated[int, Field(ge=1, le=200)] = 50


class PoolSample(_Given):
    """A sample and where its label stands."""

    id: int
    seq: int
    payload: dict[str, Any]
    metadata: dict[str, Any]
    stratum: Literal["audit", "train"]
    labels: list[str] | None
    flags: int
    in_review: bool
    gold: bool
    removed_at: datetime | None


class PoolPage(_Given):
    """Samples that fit. `stopped`: it looked at enough for one page; `next` goes on from there."""

    samples: list[PoolSample]
    next: int | None
    stopped: bool
    looked: int
    total: int
    unindexed: int


class SampleShown(_Given):
    """A sample and all that happened to it."""

    id: int
    payload: dict[str, Any]
    offers: list[dict[str, Any]]
    events: list[dict[str, Any]]
    reviews: list[dict[str, Any]]
    predictions: list[dict[str, Any]]


class SampleAction(_Asked):
    """An action on many samples: previewed by filter or ids, then confirmed by its token.

    Ids may also be acted on at once: they cannot come to be others meanwhile.
    """

    action: Action
    preview: bool = True
    filter: PoolFilter | None = None
    ids: Annotated[list[Whole], Field(max_length=20_000)] | None = None
    token: Annotated[str, Field(max_length=64)] | None = None
    key: Annotated[str, Field(min_length=8, max_length=64)] | None = Field(
        None, description="Of ids acted on at once: the same key again is the same action."
    )
    note: Note = ""


class ActionDone(_Given):
    """What an action would touch, or has changed."""

    action: Action
    done: int | None
    token: str | None = None
    count: int | None = None
    touched: int | None = None


class LabelErrors(_Given):
    """Labels that are likely wrong, the likeliest first; `report` is null before the first."""

    made_at: datetime | None
    behind: int
    job: dict[str, Any] | None
    error: str
    report: dict[str, Any] | None
    suspects: list[dict[str, Any]]


class SuspectsToReview(_Asked):
    """Which suspects go to review: some, or the likeliest."""

    sample_ids: Annotated[list[Whole], Field(max_length=1000)] | None = None
    top: Annotated[int, Field(ge=1, le=1000)] | None = None


class SuspectsSent(_Given):
    """How many were sent."""

    sent: int
