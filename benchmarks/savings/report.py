"""The runs as tables, and as the reference page with its picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.savings import picture
from benchmarks.savings.figures import Interval, Line, lines
from benchmarks.savings.journal import Entry

HEAD = (
    "| strategy | AUBC | over random (95 %) | behind the first (95 %) | labels to 90 % | to 95 % "
    "| share of random's to 90 % | to 95 % |\n|---|---|---|---|---|---|---|---|"
)
MARK_TABLES = "<!-- tables -->"
MARK_END = "<!-- end of tables -->"


def tables(entries: Sequence[Entry]) -> str:
    """Give a markdown table for each data set; finished seeds that all strategies have."""
    return "\n\n".join(
        _table(found) for data in dict.fromkeys(e.data for e in entries)
        if (found := lines(entries, data))
    )  # fmt: skip


def publish(entries: Sequence[Entry], page: Path) -> None:
    """Put tables into the page between its marks, and the picture beside it."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(MARK_TABLES)
    _, after = rest.split(MARK_END)
    made = f"{before}{MARK_TABLES}\n\n{tables(entries)}\n\n{MARK_END}{after}"
    page.write_text(made, encoding="utf-8")
    picture.draw(entries, page.parent.parent / "images" / "label-savings.svg")


def _table(found: list[Line]) -> str:
    one = found[0]
    title = f"### {one.data}\n\n{one.seeds} seeds; full-data measure {one.full:.3f}.\n"
    return "\n".join([title, HEAD, *map(_row, found)])


def _row(line: Line) -> str:
    cells = [
        f"**{line.strategy}**" if line.first_or_within else line.strategy,
        f"{line.area.mean:.3f}",
        "" if line.strategy == "random" else _signed(line.gain),
        "first" if line.behind.mean == 0 else _signed(line.behind),
        *(_labels(spent) for spent in line.spent),
        *(map(_share, line.ratio, line.at_most)),
    ]
    return f"| {' | '.join(cells)} |"


def _signed(one: Interval) -> str:
    return f"{one.mean:+.3f} ({one.low:+.3f} to {one.high:+.3f})"


def _labels(one: Interval | None) -> str:
    return "not reached" if one is None else f"{one.mean:.0f} ± {one.half:.0f}"


def _share(one: Interval | None, at_most: bool) -> str:  # noqa: FBT001 - mapped over both
    if one is None:
        return ""
    return f"under {one.mean:.2f}" if at_most else f"{one.mean:.2f} ± {one.half:.2f}"
