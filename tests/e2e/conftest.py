"""What the browser's tests share: one site and one browser for each module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browsing import Site, Visitor, chromium

NUMBERS = count()
Make = Callable[..., int]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site") / "data")
    yield made
    made.close()


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with chromium(chromium_path) as made:
        yield made


@pytest.fixture
def ada(site: Site, browser: Browser) -> Iterator[Visitor]:
    context = browser.new_context()
    visitor = Visitor(site, context)
    visitor.come_in(site)
    yield visitor
    visitor.page.unroute_all(behavior="ignoreErrors")  # what is still on its way leads nowhere now
    context.close()
    assert visitor.complaints == []


@pytest.fixture
def make(site: Site) -> Make:
    """Give a function that makes a project of a name of its own, which never comes to train."""

    def made(rows: list[dict[str, Any]] | int = 12, **spec: Any) -> int:
        if isinstance(rows, int):
            rows = [{"text": f"sentence number {number}"} for number in range(rows)]
        # such rows are near-duplicates once they are ranked, at whatever moment that is
        usual = {"retrain": {"every": 1000}, "offer_groups": False}
        wanted = {"classes": ["good", "bad", "neither"], **usual, **spec}
        return site.project(rows, name=f"project {next(NUMBERS)}", **wanted)

    return made


@pytest.fixture
def pool(make: Make) -> int:
    """Give a project of forty sentences and three classes."""
    return make(40)
