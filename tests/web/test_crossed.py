"""A transaction that crossed another's is tried again before anybody hears of it."""

from __future__ import annotations

import pytest

from activeloop.errors import Crossed
from web import routing


def crossing(times: int) -> tuple[list[str], object]:
    calls: list[str] = []

    def view(*, key: str) -> str:
        calls.append(key)
        if len(calls) <= times:
            raise Crossed
        return "kept"

    return calls, view


def test_a_request_that_crossed_another_is_tried_again_with_the_same_values() -> None:
    calls, view = crossing(routing.ATTEMPTS - 1)
    assert routing._tried(view, {"key": "one"}) == "kept"  # type: ignore[arg-type]
    assert calls == ["one"] * routing.ATTEMPTS


def test_one_that_crosses_every_time_is_told_so() -> None:
    calls, view = crossing(100)
    with pytest.raises(Crossed):
        routing._tried(view, {"key": "one"})  # type: ignore[arg-type]
    assert len(calls) == routing.ATTEMPTS
