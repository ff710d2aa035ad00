"""The shapes of versions, and of what is done to them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from web.bodies import BIGGEST
from web.schemas import _Asked, _Given


class Version(_Given):
    """A trained model."""

    number: int
    status: str
    because: str
    metrics: dict[str, Any]
    metrics_at_training: dict[str, Any]
    train_labels: int
    audit_labels: int


class Rollback(_Asked):
    """Which version to bring back; without a number the champion before this one."""

    to: Annotated[int, Field(ge=1, le=BIGGEST)] | None = None


class Annotation(_Asked):
    """What is noted of a version; what is not named stays."""

    pinned: bool | None = None
    notes: Annotated[str, Field(max_length=10_000)] | None = None


class Versions(_Given):
    """The versions, newest first."""

    versions: list[Version]


class OneVersion(Version):
    """A version in full."""

    spec: dict[str, Any]
    lineage: list[int]
    crowned_by_name: str | None


class Comparison(_Given):
    """Two versions side by side."""

    a: Version
    b: Version
    figures: dict[str, dict[str, Any]]
    difference: dict[str, Any] | None
    paired: dict[str, Any]
    flips: list[dict[str, Any]]
    pool: dict[str, Any]
    differs: dict[str, Any]
