"""Run the benchmarks by name, or all: `python -m benchmarks [NAME...]`."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = ("ranking", "import", "latency", "savings")


def main(asked: list[str]) -> None:
    """Run each benchmark in turn; it prints its own table."""
    unknown = sorted(set(asked) - set(NAMES))
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(NAMES)}.")
    for name in asked or NAMES:
        print(f"\n== {name}: {(import_module(f'benchmarks.bench_{name}').__doc__ or '').strip()}")
        import_module(f"benchmarks.bench_{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
