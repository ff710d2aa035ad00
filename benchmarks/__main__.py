"""Run the benchmarks by name, or all: `python -m benchmarks [NAME...]`.

One name may be followed by options of its own: `python -m benchmarks selection --quick`.
"""

from __future__ import annotations

import sys
from importlib import import_module

PLACES = {
    "selection": "benchmarks.selection",
    "freshness": "benchmarks.bench_freshness",
    "sweep": "benchmarks.bench_sweep",
    "import": "benchmarks.bench_import",
    "latency": "benchmarks.bench_latency",
    "browse": "benchmarks.bench_browse",
    "load": "benchmarks.load",
    "pace": "benchmarks.bench_pace",
    "gate": "benchmarks.bench_gate",
    "young": "benchmarks.bench_young",
    "savings": "benchmarks.savings",
    "simulated": "benchmarks.bench_savings",
    "crowd": "benchmarks.bench_crowd",
    "several": "benchmarks.bench_several",
    "honest": "benchmarks.bench_honest",
    "drift": "benchmarks.bench_drift",
    "intervals": "benchmarks.bench_intervals",
}


def main(words: list[str]) -> None:
    """Run each benchmark in turn; it prints its own table."""
    names = [word for word in words if not word.startswith("-")]
    options: list[str] = []
    if len(names) < len(words):  # what follows the one name is the benchmark's own
        names, options = words[:1], words[1:]
    unknown = sorted(set(names) - set(PLACES))
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(PLACES)}.")
    for name in names or PLACES:
        module = import_module(PLACES[name])
        print(f"\n== {name}: {(module.__doc__ or '').strip()}")
        module.main(options) if options else module.main()


if __name__ == "__main__":
    main(sys.argv[1:])
