"""Results as JSON lines, one for each run: written at once, so that a run can be continued."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """One run; `full` is the measure of the estimator trained on the whole pool."""

    data: str
    strategy: str
    seed: int
    labels: list[int]
    scores: list[float]
    seconds: float
    full: float


@dataclass(frozen=True)
class Journal:
    """A file of entries."""

    path: Path

    def add(self, entry: Entry) -> None:
        """Append one line; two processes may do so at once."""
        with self.path.open("a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(json.dumps(asdict(entry)) + "\n")

    def read(self) -> Iterator[Entry]:
        """Give what was written."""
        if self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                yield Entry(**json.loads(line))

    def done(self) -> set[tuple[str, str, int]]:
        """Say which runs need not be made again."""
        return {(one.data, one.strategy, one.seed) for one in self.read()}
