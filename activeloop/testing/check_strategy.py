"""The laws every query strategy keeps, ours and plug-ins' alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from activeloop.errors import CannotLearn, Needs
from activeloop.learn.strategies import Strategy, get
from activeloop.learn.types import Floats, View
from activeloop.testing.broken import Broken
from activeloop.testing.choices import check_choice

_ROWS, _COLUMNS, _CLASSES, _MEMBERS, _TARGETS = 60, 5, 4, 3, 20


def check_strategy(
    strategy: str | Strategy | Callable[..., Floats], *, needs: tuple[str, ...] | None = None
) -> None:
    """Check that a query strategy keeps the laws that ranking relies on.

    Scores are finite, one per row; the same seed gives the same scores; the inputs are not
    changed; a strategy for several labels is shown the probabilities of each class by itself, and
    marks; neither the order of the rows, nor how they are cut into blocks, nor how the
    probabilities lie in memory matters (blocks not asked of `cover` strategies, which see their
    sample as a whole); what is missing is said with `Needs`; and a strategy that chooses the
    batch chooses rows that are there, each once, and the same ones from the same seed.

    Args:
        strategy: a name, a Strategy, or a scoring function.
        needs: what a bare function needs: "model", "committee", "labelled", "targets" (default:
            a model).

    Raises:
        Broken: naming the law and what was seen.

    Example:
        >>> check_strategy("margin")
    """
    chosen = _chosen(strategy, needs)
    for name, view in _views(chosen):
        _check_untouched(chosen, view, name)
        _check_shape(chosen, view, name)
        _check_same_seed(chosen, view, name)
        _check_order(chosen, view, name)
        if chosen.picks != "cover":
            _check_blocks(chosen, view, name)
    _check_layout(chosen)
    _check_needs(chosen)
    check_choice(chosen)


def _chosen(strategy: Any, needs: Any) -> Strategy:
    if isinstance(strategy, str):
        return get(strategy)
    if isinstance(strategy, Strategy):
        return strategy
    name = getattr(strategy, "__name__", "the strategy")
    return Strategy(name, strategy, tuple(needs) if needs is not None else ("model",))


def _views(chosen: Strategy) -> Iterator[tuple[str, View]]:
    if "one" in chosen.answers:
        yield from _views_of_one()
    if "several" in chosen.answers:
        yield from _views_of_several()


def _views_of_several() -> Iterator[tuple[str, View]]:
    """Show each class by itself: rows of probabilities that sum to anything, and marks."""
    rng = np.random.default_rng(21)
    _, of_one = next(_views_of_one())
    view = replace(
        of_one,
        proba=rng.random((_ROWS, _CLASSES)),
        committee=rng.random((_MEMBERS, _ROWS, _CLASSES)),
        labelled_y=rng.random((8, _CLASSES)) < 0.4,
        target_proba=rng.random((_TARGETS, _CLASSES)),
        target_committee=rng.random((_MEMBERS, _TARGETS, _CLASSES)),
    )
    yield "random probabilities of several labels", view
    sure = rng.integers(2, size=(_ROWS, _CLASSES)).astype(float)
    sure[0], sure[1] = 0, 1
    yield (
        "several labels of probability 0 and 1",
        replace(view, proba=sure, committee=_alike_all(sure)),
    )
    even = np.full((_ROWS, _CLASSES), 0.5)
    yield "several labels, all toss-ups", replace(view, proba=even, committee=_alike_all(even))
    proba, committee = np.asarray(view.proba), np.asarray(view.committee)
    yield (
        "several labels in float32",
        replace(view, proba=proba.astype(np.float32), committee=committee.astype(np.float32)),
    )
    yield "one row of several labels", _rows(view, np.array([0]))


def _views_of_one() -> Iterator[tuple[str, View]]:
    rng = np.random.default_rng(20)
    proba = rng.dirichlet(np.ones(_CLASSES), _ROWS)
    committee = rng.dirichlet(np.ones(_CLASSES), (_MEMBERS, _ROWS))
    view = View(
        X=rng.normal(size=(_ROWS, _COLUMNS)).astype(np.float32),
        proba=proba,
        committee=committee,
        labelled_X=rng.normal(size=(8, _COLUMNS)).astype(np.float32),
        labelled_y=rng.integers(_CLASSES, size=8),
        rng=np.random.default_rng(0),
        targets=rng.normal(size=(_TARGETS, _COLUMNS)).astype(np.float32),
        target_proba=rng.dirichlet(np.ones(_CLASSES), _TARGETS),
        target_committee=rng.dirichlet(np.ones(_CLASSES), (_MEMBERS, _TARGETS)),
    )
    yield "random probabilities", view
    sure = np.eye(_CLASSES)[rng.integers(_CLASSES, size=_ROWS)]
    yield "probabilities of 0 and 1", replace(view, proba=sure, committee=_alike_all(sure))
    even = np.full((_ROWS, _CLASSES), 1 / _CLASSES)
    yield "equal probabilities", replace(view, proba=even, committee=_alike_all(even))
    yield (
        "float32",
        replace(view, proba=proba.astype(np.float32), committee=committee.astype(np.float32)),
    )
    yield "one row", _rows(view, np.array([0]))


def _alike_all(proba: np.ndarray) -> np.ndarray:
    return np.stack([proba] * _MEMBERS)


def _rows(view: View, rows: np.ndarray) -> View:
    return replace(
        view,
        X=view.X[rows],
        proba=None if view.proba is None else view.proba[rows],
        committee=None if view.committee is None else view.committee[:, rows],
    )


def _scores(chosen: Strategy, view: View) -> Floats:
    fresh = replace(view, rng=np.random.default_rng(7))
    return np.asarray(chosen.score(fresh, params=chosen.settle({})))


def _check_shape(chosen: Strategy, view: View, name: str) -> None:
    scores = _scores(chosen, view)
    if scores.shape != (view.X.shape[0],):
        raise Broken(
            f"{chosen.name} on {name}: wanted one score for each of {view.X.shape[0]} rows, "
            f"got shape {scores.shape}."
        )
    if scores.dtype.kind not in "fiu" or not np.isfinite(scores).all():
        raise Broken(f"{chosen.name} on {name}: scores must be finite numbers, got {scores[:5]}.")


def _check_same_seed(chosen: Strategy, view: View, name: str) -> None:
    if not np.array_equal(_scores(chosen, view), _scores(chosen, view)):
        raise Broken(f"{chosen.name} on {name}: the same seed gave other scores; use view.rng.")


def _check_untouched(chosen: Strategy, view: View, name: str) -> None:
    arrays: list[Any] = [view.X, view.proba, view.committee, view.labelled_X, view.labelled_y]
    arrays += [view.targets, view.target_proba, view.target_committee]
    before = [array.copy() for array in arrays]
    _scores(chosen, view)
    if not all(np.array_equal(a, b) for a, b in zip(arrays, before, strict=True)):
        raise Broken(f"{chosen.name} on {name}: an input was changed; work on a copy.")


def _check_order(chosen: Strategy, view: View, name: str) -> None:
    order = np.random.default_rng(1).permutation(view.X.shape[0])
    if not _alike(_scores(chosen, view)[order], _scores(chosen, _rows(view, order))):
        raise Broken(
            f"{chosen.name} on {name}: the order of the rows changes their scores; "
            "leave chance to picking (picks='sample')."
        )


def _check_blocks(chosen: Strategy, view: View, name: str) -> None:
    half = np.arange(view.X.shape[0]) < view.X.shape[0] // 2
    parts = [rows for rows in (half, ~half) if rows.any()]
    apart = np.concatenate([_scores(chosen, _rows(view, rows)) for rows in parts])
    if not _alike(_scores(chosen, view), apart):
        raise Broken(
            f"{chosen.name} on {name}: a row's score depends on the rows beside it, "
            "so a pool scored in blocks would be ordered otherwise than as a whole."
        )


def _check_layout(chosen: Strategy) -> None:
    """Scoring gives probabilities that lie in memory class by class."""
    _, view = next(_views(chosen))
    turned: dict[str, Any] = {
        part: np.moveaxis(np.ascontiguousarray(np.moveaxis(getattr(view, part), -1, 0)), 0, -1)
        for part in ("proba", "committee", "target_proba", "target_committee")
    }
    if not _alike(_scores(chosen, view), _scores(chosen, replace(view, **turned))):
        raise Broken(
            f"{chosen.name}: the same probabilities, lying in memory class by class, get other "
            "scores; use NumPy's own operations, not the memory's order."
        )


def _alike(a: Floats, b: Floats) -> bool:
    return bool(np.allclose(a, b, rtol=1e-4, atol=1e-6))


def _check_needs(chosen: Strategy) -> None:
    _, view = next(_views(chosen))
    missing: dict[str, dict[str, Any]] = {
        "model": {"proba": None},
        "committee": {"committee": None},
        "targets": {"targets": None, "target_proba": None, "target_committee": None},
    }
    for need in chosen.needs:
        if need not in missing:
            continue
        named = need if need == "targets" else f"a {need}"
        try:
            _scores(chosen, replace(view, **missing[need]))
        except Needs as error:
            if error.message:
                continue
        except (CannotLearn, TypeError, AttributeError, ValueError) as error:
            raise Broken(
                f"{chosen.name} without {named}: wanted errors.Needs with a sentence, "
                f"got {type(error).__name__}: {error}."
            ) from error
        if chosen.picks in {"top", "sample"}:  # the others may need it for choosing alone
            raise Broken(f"{chosen.name} says it needs {named} but gave scores without one.")
