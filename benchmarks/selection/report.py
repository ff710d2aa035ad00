"""Say in tables and a picture what was measured."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.selection.cells import BATCHES, SCORES, Cell, Who

Results = dict[str, dict[str, Any]]
DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, PICTURE = DOCS / "reference" / "selection-speed.md", DOCS / "images" / "selection-speed.png"
WHO: tuple[Who, ...] = (
    "activeloop", "activeloop from disk", "predict_proba", "modAL", "scikit-activeml",
)  # fmt: skip
SIZES = ((10_000, 64), (100_000, 64), (1_000_000, 64), (1_000_000, 256))
COLOURS = ("#1f5fbf", "#7fb0e6", "#c9c9c9", "#9a9a9a", "#6b6b6b")
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def tables(results: Results) -> str:
    """Give all tables in Markdown."""
    return "\n".join([*_scoring(results), *_memory(results), *_disk(results), *_batches(results)])


def publish(results: Results) -> None:
    """Put the tables between the marks of the page, and draw the picture."""
    before, rest = PAGE.read_text("utf-8").split(BEGIN)
    after = rest.split(END)[1]
    made = f"{_machine()}\n\n{tables(results)}"
    PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n{END}{after}", encoding="utf-8")
    draw(results)


def _machine() -> str:
    import numpy as np
    import skactiveml
    import sklearn

    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores; NumPy {np.__version__}, scikit-learn {sklearn.__version__}, modAL 0.4.2, "
        f"scikit-activeml {skactiveml.__version__}."
    )


def _found(results: Results, task: str, who: Who, rows: int, width: int) -> dict[str, Any] | None:
    return results.get(Cell(task, who, rows, width).key)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|", *lines, ""]


def times(result: dict[str, Any]) -> float:
    """Give how many times as long as the bare loop beside it the task took."""
    return float(result["seconds"] / result["bare_seconds"])


def processor_times(result: dict[str, Any]) -> float:
    """Give the same by the processor time of all threads."""
    return float(result["cpu"] / result["bare_cpu"])


def _scoring(results: Results) -> list[str]:
    rows = []
    for task in SCORES:
        for size in SIZES:
            found = [_found(results, task, who, *size) for who in WHO]
            bare = [one["bare_seconds"] for one in found if one and "failed" not in one]
            if bare:
                cells = [_ratio(one) for one in found]
                rows.append([task, _size(*size), f"{min(bare):.3f} s", *cells])
    title = "**Times the bare loop; in brackets by processor time**"
    return [title, "", *_table(("score", "pool", "bare loop", *WHO), rows)]


def _memory(results: Results) -> list[str]:
    rows = []
    for task in SCORES:
        for size in SIZES:
            found = [_found(results, task, who, *size) for who in WHO]
            if any(found):
                rows.append([task, _size(*size), *[_megabytes(one) for one in found]])
    return ["**Memory beyond the pool, MB**", "", *_table(("score", "pool", *WHO), rows)]


def _disk(results: Results) -> list[str]:
    rows = []
    for task in SCORES:
        small = _found(results, task, "activeloop from disk", 1_000_000, 64)
        large = _found(results, task, "activeloop from disk", 10_000_000, 64)
        if small and large and "failed" not in {*small, *large}:
            # by the bare loop over a million rows that ran beside each
            grown = [f"{of(large) / of(small) / 10:.2f}" for of in (times, processor_times)]
            seconds = [f"{one['seconds']:.2f} s" for one in (small, large)]
            memory = [_megabytes(one) for one in (small, large)]
            rows.append([task, *seconds, f"{grown[0]} ({grown[1]})", *memory])
    columns = ("score", "10^6 x 64", "10^7 x 64", "x linear", "MB", "MB at 10^7")
    return ["**From disk, ten times the pool**", "", *_table(columns, rows)] if rows else []


def _batches(results: Results) -> list[str]:
    rows = []
    for task, peer in BATCHES.items():
        for size in SIZES[:3]:
            ours = _found(results, task, "activeloop", *size)
            theirs = _found(results, task, peer, *size) if peer else None
            if ours and "failed" not in ours:
                faster, alike = _beside(ours, theirs)
                told = [_seconds(ours), _megabytes(ours), peer or "", _seconds(theirs)]
                rows.append([task, _size(*size), *told, _megabytes(theirs), faster, alike])
    columns = (
        "batch of 100", "pool", "activeloop", "MB", "peer", "its time", "MB", "times faster",
        "same picks",
    )  # fmt: skip
    return ["**Batches of 100**", "", *_table(columns, rows)] if rows else []


def _beside(ours: dict[str, Any], theirs: dict[str, Any] | None) -> tuple[str, str]:
    """Compare by the bare loop that ran beside each, for the machine was not equally busy."""
    if theirs is None:
        return "", ""
    if "failed" in theirs:
        return "", ""
    alike = len(set(ours["chosen"]) & set(theirs["chosen"]))
    return f"{times(theirs) / times(ours):.0f}", str(alike)


def _size(rows: int, width: int) -> str:
    return f"{rows:,} x {width}"


def _ratio(result: dict[str, Any] | None) -> str:
    if result is None:
        return ""
    if "failed" in result:
        return str(result["failed"])
    return f"{times(result):.2f} ({processor_times(result):.2f})"


def _seconds(result: dict[str, Any] | None) -> str:
    if result is None:
        return ""
    return str(result["failed"]) if "failed" in result else f"{result['seconds']:.2f} s"


def _megabytes(result: dict[str, Any] | None) -> str:
    return "" if result is None or "failed" in result else f"{result['extra_mb']:.0f}"


def draw(results: Results) -> None:
    """Draw time and memory of a million rows, on scales of tens."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    axes = figure.subplots(1, 2)
    size = SIZES[-1]
    for axis, title in zip(axes, ("times the bare loop", "MB beyond the pool"), strict=True):
        for number, who in enumerate(WHO):
            found = [_found(results, task, who, *size) for task in SCORES]
            heights = [_height(one, title) for one in found]
            places = [place + (number - 2) * 0.16 for place in range(len(SCORES))]
            bars = axis.bar(places, heights, 0.15, label=who, color=COLOURS[number])
            told = [f"{h:.2g}" if 0 < h < 10 else f"{h:.0f}" if h else "" for h in heights]
            axis.bar_label(bars, told, fontsize=6.5, padding=1)
        axis.set_yscale("log")
        axis.set_ylim(bottom=0.5)
        axis.spines[["top", "right"]].set_visible(False)
        axis.set_xticks(range(len(SCORES)), SCORES)
        axis.set_title(title)
    axes[0].axhline(1, color="0.4", linewidth=0.8)
    figure.legend(*axes[0].get_legend_handles_labels(), ncols=len(WHO), loc="outside lower center")
    figure.suptitle(f"Scoring {_size(*size)}, 10 classes, keeping the best 100", fontsize=11)
    figure.savefig(PICTURE, dpi=130)


def _height(result: dict[str, Any] | None, title: str) -> float:
    if result is None or "failed" in result:
        return 0.0
    return times(result) if title.startswith("times") else max(round(result["extra_mb"]), 1)
