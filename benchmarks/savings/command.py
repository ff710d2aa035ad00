"""The command: make the runs that are not in the journal yet, then write table and picture."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks.savings import datasets, loop, report
from benchmarks.savings.journal import Entry, Journal
from benchmarks.savings.pickers import PICKERS

COMMAND = "python -m benchmarks savings"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "label-savings.md"


def main(arguments: Sequence[str] = ()) -> None:
    """Make what is missing, in one process or several, and print the table."""
    asked = _parser().parse_args(list(arguments))
    if asked.jobs > 1:
        _fan_out(asked.jobs, arguments)
    asked.work.mkdir(parents=True, exist_ok=True)
    journal = Journal(asked.work / "runs.jsonl")
    # sklearn's threads would fight with each other and with those of another process
    with threadpool_limits(1):
        for seed, setting in _share_of(asked):
            _seed(setting, seed, asked.strategies, asked.work, journal)
    if asked.share == (0, 1):
        entries = [one for one in journal.read() if one.data in asked.data]
        print(report.tables(entries))
        if asked.page:
            report.publish(entries, asked.page)


def _share_of(asked: argparse.Namespace) -> Iterator[tuple[int, datasets.Setting]]:
    known = {one.name: one for one in (*datasets.SETTINGS, datasets.DIGITS)}
    settings = [known[name] for name in asked.data]
    for one in settings:
        if one.absent:
            print(f"{one.file} is not beside this checkout; {one.name} is left out.")
    here = [one for one in settings if not one.absent]
    mine, all_ = asked.share
    pairs = [(seed, setting) for seed in range(asked.seeds) for setting in here]
    yield from pairs[mine::all_]


def _seed(
    setting: datasets.Setting, seed: int, strategies: Sequence[str], work: Path, journal: Journal
) -> None:
    done = journal.done()
    missing = [name for name in strategies if (setting.name, name, seed) not in done]
    if not missing:
        return
    data = datasets.load(setting, work)
    pool = loop.draw(data, setting, seed)
    full = loop.full(data, setting, pool, seed)
    for name in missing:
        curve = loop.run(data, setting, pool, PICKERS[name], seed)
        journal.add(
            Entry(setting.name, name, seed, curve.labels, curve.scores, curve.seconds, full)
        )
        print(f"{setting.name} {name} {seed}: {curve.scores[-1]:.3f}", file=sys.stderr)


def _fan_out(jobs: int, arguments: Sequence[str]) -> None:
    """Share the seeds and data sets among processes; what they leave is made afterwards."""
    started = [
        subprocess.Popen([
            sys.executable, "-m", "benchmarks", "savings", *arguments,
            "--jobs", "1", "--share", f"{job}/{jobs}",
        ])
        for job in range(jobs)
    ]  # fmt: skip
    failed = sum(process.wait() != 0 for process in started)
    if failed:
        sys.exit(f"{failed} of {jobs} processes failed; run again to continue.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    every = [one.name for one in datasets.SETTINGS]
    known = [*every, datasets.DIGITS.name]
    parser.add_argument("--data", nargs="+", choices=known, default=every)
    parser.add_argument("--strategies", nargs="+", choices=list(PICKERS), default=list(PICKERS))
    parser.add_argument("--seeds", type=int, default=5, help="how many pools, from seed 0")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "savings",
                        help="where features and finished runs are kept")  # fmt: skip
    parser.add_argument("--page", type=Path, nargs="?", const=PAGE,
                        help="write the reference page and its picture")  # fmt: skip
    parser.add_argument("--share", type=_share, default=(0, 1), help=argparse.SUPPRESS)
    return parser


def _share(text: str) -> tuple[int, int]:
    mine, all_ = text.split("/")
    return int(mine), int(all_)
