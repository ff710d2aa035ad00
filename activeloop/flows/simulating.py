"""Simulate a project: draw the learning curve of each strategy beside random's, several times."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from activeloop import answers
from activeloop.errors import ActiveloopError, Invalid
from activeloop.flows import repeating, replaying
from activeloop.flows.projects import check
from activeloop.flows.repeating import Curve, Plan, Point, Progress, Setting, drain
from activeloop.flows.replaying import Labelled
from activeloop.spec import DEFAULT_STRATEGY, Answer, ProjectSpec

__all__ = ["Curve", "Plan", "Point", "Progress", "Simulated", "drain", "simulate"]


@dataclass(frozen=True)
class Simulated:
    """All curves, and what they were drawn on.

    Attributes:
        curves: one for each strategy and seed.
        kind: what the samples were read as.
        classes: how many classes there are.
        pool: how many samples could be labelled.
        test: how many were set apart to measure on.
        left_out: rows of the file that have no label, are broken, repeat another or are alone
            in their class.
        base: the figure on the test set of always saying the commonest class (0..1).
        budget: answers per repetition.
        figure: what the curves are of: accuracy, or of several labels micro F1.
    """

    curves: tuple[Curve, ...]
    kind: str
    classes: int
    pool: int
    test: int
    left_out: int
    base: float
    budget: int
    figure: str = "accuracy"


def names_of(plan: Plan) -> list[str]:
    """List the strategies that are drawn, the baseline last."""
    asked = plan.strategies or [DEFAULT_STRATEGY[answer_of(plan)]]
    return [*(n for n in dict.fromkeys(asked) if n != repeating.BASELINE), repeating.BASELINE]


def answer_of(plan: Plan) -> Answer:
    """Read from the further fields of the spec whether a sample may have several labels."""
    return "several" if plan.spec.get("answer") == "several" else "one"


def simulate(plan: Plan, folder: Path, *, on_progress: Progress) -> Simulated:
    """Draw the learning curves, through the same code that people label with.

    The same plan gives the same curves, whatever the number of processes.

    Args:
        plan: what to simulate.
        folder: an empty directory for the projects; the caller removes it.
        on_progress: told about every answer.

    Raises:
        Invalid: when the plan or the file is not usable.
        ActiveloopError: when a repetition cannot be carried out.
    """
    data = _read(plan)
    jobs = min(plan.jobs or len(os.sched_getaffinity(0)), plan.seeds)
    if jobs == 1:
        found = _curves(plan, data, range(plan.seeds), folder, on_progress)
    else:
        found = _spread(plan, folder, jobs, on_progress)
    names = names_of(plan)
    parts = replaying.split(data, test_share=plan.test_share, seed=0)
    said = [answers.read(data.answer, str(row.label)) for row in parts.test]
    return Simulated(
        curves=tuple(sorted(found, key=lambda c: (names.index(c.strategy), c.seed))),
        kind=data.kind,
        classes=len(data.classes),
        pool=len(parts.pool),
        test=len(parts.test),
        left_out=data.left_out,
        base=_base(data, said),
        budget=min(plan.budget, len(parts.pool)),
        figure="micro F1" if data.answer == "several" else "accuracy",
    )


def _base(data: Labelled, said: Sequence[Sequence[str]]) -> float:
    """Give the figure of always saying the commonest class, and it alone."""
    most = max(sum(name in names for names in said) for name in data.classes)
    if data.answer == "one":
        return most / len(said)
    return 2 * most / (len(said) + sum(map(len, said)))


def _read(plan: Plan) -> Labelled:
    """Refuse what cannot be simulated before any work is done."""
    if plan.budget < 1 or plan.seeds < 1 or (plan.jobs or 1) < 1 or not plan.crowd:
        raise Invalid("A simulation wants a budget, seeds, annotators and jobs of at least 1.")
    for noise in plan.crowd:
        if not 0 <= noise <= 1:
            raise Invalid(f"The noise must lie in 0..1, got {noise:g}.")
    data = _data(plan)
    for name in names_of(plan):
        spec = repeating.spec_for(plan, data, seed=0, strategy=name)
        check(spec)
        _want_people(plan, spec)
    return data


def _data(plan: Plan) -> Labelled:
    return replaying.read(
        plan.data,
        label=plan.label,
        kind=plan.kind,
        mapping=plan.mapping,
        answer=answer_of(plan),
    )


def _want_people(plan: Plan, spec: ProjectSpec) -> None:
    wanted, there = spec.answers_per_sample + spec.extra_answers, len(plan.crowd)
    if there < wanted:
        raise Invalid(
            f"Up to {wanted} answers per sample want as many annotators; there "
            f"{'is' if there == 1 else 'are'} {there}."
        )


def _curves(
    plan: Plan, data: Labelled, seeds: Sequence[int], folder: Path, on_progress: Progress
) -> list[Curve]:
    curves = []
    with _one_thread():
        for seed in seeds:
            parts = replaying.split(data, test_share=plan.test_share, seed=seed)
            setting = Setting(plan, data, parts, seed)
            base = folder / f"seed-{seed}"
            repeating.import_pool(setting, base)
            for at, name in enumerate(names_of(plan)):
                home = folder / f"seed-{seed}-{at}"
                shutil.copytree(base, home)
                curves.append(repeating.draw_curve(setting, name, home, on_progress))
                shutil.rmtree(home)
            shutil.rmtree(base)
    return curves


def _one_thread() -> Any:
    """Keep to one thread: threads add up in the order they end, and curves would differ."""
    import sklearn.linear_model  # noqa: F401 - only libraries that are loaded can be limited
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def _spread(plan: Plan, folder: Path, jobs: int, on_progress: Progress) -> list[Curve]:
    """Share the seeds out among processes; none outlives this call."""
    context = multiprocessing.get_context("spawn")
    ends: list[Connection] = []
    processes = []
    try:
        for number in range(jobs):
            mine, theirs = context.Pipe(duplex=False)
            seeds = range(number, plan.seeds, jobs)
            process = context.Process(
                target=_worked, args=(plan, seeds, folder, theirs), daemon=True
            )
            process.start()
            theirs.close()
            ends.append(mine)
            processes.append(process)
        return _gathered(ends, on_progress)
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _gathered(ends: list[Connection], on_progress: Progress) -> list[Curve]:
    found: list[Curve] = []
    open_ends = list(ends)
    while open_ends:
        for end in wait(open_ends):
            if not isinstance(end, Connection):
                continue
            try:
                said, value = end.recv()
            except EOFError as error:
                raise ActiveloopError("A process of the simulation died.") from error
            if said == "label":
                on_progress(*value)
            elif said == "failed":
                raise ActiveloopError(value)
            else:
                found += value
                open_ends.remove(end)
    return found


def _worked(plan: Plan, seeds: Sequence[int], folder: Path, end: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and ends this process
    try:
        data = _data(plan)
        curves = _curves(
            plan, data, seeds, folder, lambda name, given: end.send(("label", (name, given)))
        )
    except ActiveloopError as error:
        end.send(("failed", error.message))
    else:
        end.send(("curves", curves))
