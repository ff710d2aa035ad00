"""What every benchmark prints: a table, and the machine it was measured on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table, and how busy the machine was, for a loaded machine gives loaded figures."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, title=title, box=None, title_justify="left")
    for row in rows:
        table.add_row(*map(str, row))
    console = Console(width=160)
    console.print(table)
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    console.print(f"{cores} cores; load average {load:.1f}", style="dim")
