"""The shapes of searches over recipes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from web.schemas import _Asked, _Given


class NewSearch(_Asked):
    """How much to spend."""

    trials: Annotated[int, Field(ge=1, le=1000)] = 20
    seconds: Annotated[int, Field(ge=0, le=86_400)] = 0


class SearchAsked(_Given):
    """The number of the job."""

    job: int


class Adopted(_Asked):
    """Which of the leaderboard to take."""

    rank: Annotated[int, Field(ge=1, le=1000)]


class Ranked(_Given):
    """A recipe and how often it was right on labels it had not learned, with its interval."""

    rank: int
    recipe: str
    params: dict[str, Any]
    mean: float
    low: float
    high: float


class Search(_Given):
    """A search and its leaderboard, best first."""

    state: Literal["running", "done", "failed"]
    error: str
    trials: int
    tried: int
    seconds: float
    events: int
    leaderboard: list[Ranked]
