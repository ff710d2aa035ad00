"""The shapes of the comparison with random choice, and of the stop advisor."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from web.schemas import _Given


class Arms(_Given):
    """Queried beside random labels at equal budgets; all empty before the first comparison."""

    verdict: str | None = None
    says: str = ""
    points: list[dict[str, Any]] = Field(default_factory=list)
    saved: dict[str, Any] | None = None


class Advice(_Given):
    """Whether labelling can stop, with the evidence; all empty before the first version."""

    verdict: str | None = None
    says: str = ""
    evidence: list[dict[str, Any]] = Field(default_factory=list)
    curve: list[dict[str, Any]] = Field(default_factory=list)
    expected: list[dict[str, Any]] = Field(default_factory=list)
