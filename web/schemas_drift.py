"""The shapes of drift and of campaigns."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from web.schemas import _Asked, _Given


class Compared(_Given):
    """One feature of a window beside the reference; `p_adjusted` is for all of them together."""

    name: str
    kind: str
    test: str
    measure: str
    effect: float
    floor: float
    p: float
    p_adjusted: float
    kl: float | None
    drifted: bool


class Window(_Given):
    """A window of incoming samples."""

    number: int
    version: int | None
    source: str
    first: int
    last: int
    samples: int
    reference: int
    drifted: bool
    alarm: bool
    says: str
    features: list[Compared]
    created_at: str


class Drift(_Given):
    """The windows, newest first, and how many samples wait for the next of each source."""

    watched: bool
    window: int
    champion: int | None
    waiting: dict[str, int]
    windows: list[Window]


class Campaign(_Given):
    """Samples drawn at random from a slice, and how many still want a label."""

    id: int
    reason: str
    state: str
    wanted: int
    left: int
    detail: dict[str, Any]
    created_at: str
    closed_at: str | None


class Campaigns(_Given):
    """The campaigns, newest first."""

    campaigns: list[Campaign]


class NewCampaign(_Asked):
    """Which part of the pool, by sequence number, how many samples of it, and why."""

    reason: Annotated[str, Field(min_length=1, max_length=200)]
    first: Annotated[int, Field(ge=0, le=2**53)] = 0
    last: Annotated[int, Field(ge=0, le=2**53)] = 2**53
    wanted: Annotated[int, Field(ge=1, le=10_000)] = 100
