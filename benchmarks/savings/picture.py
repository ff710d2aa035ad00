"""The learning curves as a picture: a panel for each data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.savings.figures import SHARES, lines
from benchmarks.savings.journal import Entry

COLOURS = ("#d1495b", "#30638e", "#00798c", "#edae49", "#7f5a83", "#8d99ae")


def draw(entries: Sequence[Entry], path: Path) -> None:
    """Draw the mean curve of each strategy and write it as SVG."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(one.data for one in entries))
    rows = -(-len(names) // 2)
    # a fixed salt and no date: the same runs give the same file
    with mpl.rc_context({"svg.hashsalt": "activeloop", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(10, 3.6 * rows), layout="constrained")
        panels = figure.subplots(rows, min(2, len(names)), squeeze=False).ravel()
        for panel, name in zip(panels, names, strict=False):
            _panel(panel, entries, name)
        for panel in panels[len(names) :]:
            panel.set_axis_off()
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _panel(panel: Any, entries: Sequence[Entry], name: str) -> None:
    order = sorted({one.strategy for one in entries})
    found = lines(entries, name)
    seeds = found[0].seeds if found else 0
    for place, strategy in enumerate(order):
        mine = [one for one in entries if (one.data, one.strategy) == (name, strategy)][:seeds]
        if mine:
            scores = np.mean([one.scores for one in mine], axis=0)
            width = 2.2 if strategy.startswith("activeloop") else 1.1
            panel.plot(mine[0].labels, scores, label=strategy, color=COLOURS[place % 6], lw=width)
    for share in SHARES if found else ():
        panel.axhline(share * found[0].full, color="#999999", lw=0.6, ls=":")
    panel.set_xscale("log")
    panel.set_title(name)
    panel.set_xlabel("labels")
    panel.grid(visible=True, lw=0.3)
