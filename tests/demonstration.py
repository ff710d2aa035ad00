"""`activeloop demo` as a real process, and somebody who knows every digit's true label."""

from __future__ import annotations

import re
import sys
from functools import cached_property
from pathlib import Path

from sklearn.datasets import load_digits

from activeloop.settings import read_settings
from activeloop.wiring import Services, build
from tests.browsing import Visitor
from tests.processes import Process, free_port, plain_environment

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 120.0
ANNOUNCED = re.compile(r"is up at (\S+)")
SIGN_IN = re.compile(r"Sign in as (\S+) with the password (\S+)")


class Demo:
    """The demo over a directory of its own, with what it said about how to come in."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data = folder / "data"
        self.url = f"http://127.0.0.1:{free_port()}"
        port = self.url.rpartition(":")[2]
        words = ["demo", "--data", str(self.data), "--port", port]
        self.process = Process(
            [sys.executable, "-m", "activeloop.cli", *words],
            log=folder / "demo.log",
            env=plain_environment(),
            cwd=ROOT,
        )

    def start(self) -> None:
        """Start it and wait until it says where it is."""
        self.process.start()
        self.process.wait_until(lambda: ANNOUNCED.search(self.said) is not None, seconds=PATIENCE)

    @property
    def said(self) -> str:
        """What it has written so far."""
        return self.process.log.read_text() if self.process.log.exists() else ""

    @property
    def address(self) -> str:
        """The address it said it is at."""
        return self._found(ANNOUNCED)[1]

    @property
    def account(self) -> tuple[str, str]:
        """The name and the password it said one may sign in with."""
        name, password = self._found(SIGN_IN).groups()
        return name, password

    def _found(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.search(self.said)
        if found is None:
            raise RuntimeError(f"the demo never said it: {self.said}")
        return found

    def look_inside(self) -> Services:
        """Open its data directory beside it; the caller closes the database."""
        return build(read_settings(data=self.data))


class Oracle:
    """Answers by keyboard what scikit-learn's digits really are."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    @cached_property
    def truth(self) -> list[str]:
        """The label of every digit, by its number."""
        return [str(label) for label in load_digits().target]

    def sees(self) -> str:
        """Give the true label of the digit in sight: its file is called digit-NNNN.png."""
        shown = self.visitor.page.get_attribute("[data-sample] img", "alt") or ""
        found = re.search(r"digit-(\d{4})\.png", shown)
        if found is None:
            raise RuntimeError(f"no digit is in sight, but {shown!r}")
        return self.truth[int(found[1])]

    def answer(self, count: int) -> None:
        """Label the next `count` digits, one key press each."""
        for _ in range(count):
            self.visitor.press(self.sees())
