"""The learning curves as a picture: a panel for each data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.savings.figures import SHARES, Line, lines
from benchmarks.savings.journal import Entry

COLOURS = ("#d1495b", "#30638e", "#00798c", "#edae49", "#7f5a83", "#8d99ae")


def draw(entries: Sequence[Entry], path: Path) -> None:
    """Draw the mean curve of each strategy and write it as SVG."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    found = [lines(entries, name) for name in dict.fromkeys(one.data for one in entries)]
    shown = [of_data for of_data in found if of_data]
    rows = -(-len(shown) // 2)
    # a fixed salt and no date: the same runs give the same file
    with mpl.rc_context({"svg.hashsalt": "activeloop", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(10, 3.6 * rows), layout="constrained", facecolor="white")
        panels = figure.subplots(rows, min(2, len(shown)), squeeze=False).ravel()
        for panel, of_data in zip(panels, shown, strict=False):
            _panel(panel, of_data)
        for panel in panels[len(shown) :]:
            panel.set_axis_off()
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _panel(panel: Any, of_data: Sequence[Line]) -> None:
    for place, line in enumerate(sorted(of_data, key=lambda line: line.strategy)):
        width = 2.2 if line.strategy.startswith("activeloop") else 1.1
        colour = COLOURS[place % len(COLOURS)]
        panel.plot(line.labels, line.curve, label=line.strategy, color=colour, lw=width)
    for share in SHARES:
        panel.axhline(share * of_data[0].full, color="#999999", lw=0.6, ls=":")
    panel.set_xscale("log")
    panel.set_title(of_data[0].data)
    panel.set_xlabel("labels")
    panel.grid(visible=True, lw=0.3)
