"""The laws of strategies that choose a batch themselves, from a shortlist or the whole pool."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from activeloop.learn import recipes
from activeloop.learn.pool import Pool
from activeloop.learn.scoring import Scorer
from activeloop.learn.strategies import Strategy
from activeloop.learn.types import Block, Features, Ints, Model, Picks, Targets
from activeloop.spec import Answer
from activeloop.testing.broken import Broken

_ROWS, _COLUMNS, _CLASSES, _BATCH, _LABELLED = 90, 6, 3, 12, 30
_Chosen = tuple[Ints, Any]


def check_choice(strategy: Strategy) -> None:
    """Check that the rows a strategy chooses are there, each once, drawn from its seed alone.

    Raises:
        Broken: naming the law and what was seen.
    """
    wanted = {"shortlist": "choose", "cover": "choose", "whole": "choose_whole"}
    part = wanted.get(strategy.picks)
    if part is None:
        return
    if getattr(strategy, part) is None:
        raise Broken(f"{strategy.name}: picks={strategy.picks!r} asks for a function `{part}`.")
    for answer in strategy.answers:
        if part == "choose":
            _check(strategy, _sample, partial(_chosen, strategy, answer))
        else:
            _check(strategy, _sample, partial(_chosen_of_all, strategy, answer, 1))
            _check_cut(strategy, answer)


def _check(
    strategy: Strategy, rows: Callable[[], Features], choose: Callable[..., _Chosen]
) -> None:
    X = rows()
    chosen, probabilities = choose(X)
    if not np.array_equal(X, rows()):
        raise Broken(f"{strategy.name}: choosing changed the features; work on a copy.")
    if chosen.ndim != 1 or chosen.dtype.kind not in "iu":
        raise Broken(f"{strategy.name}: must choose row numbers, got {chosen.dtype} values.")
    if len(np.unique(chosen)) < len(chosen) or not set(chosen.tolist()) <= set(range(_ROWS)):
        raise Broken(f"{strategy.name}: chose rows that repeat or are not among those given.")
    sound = probabilities.shape == chosen.shape and np.isfinite(probabilities).all()
    if not (sound and (probabilities > 0).all() and (probabilities <= 1).all()):
        raise Broken(f"{strategy.name}: each chosen row wants a probability above 0, at most 1.")
    if not np.array_equal(chosen, choose(rows())[0]):
        raise Broken(f"{strategy.name}: the same seed chose other rows; use the rng it is given.")


def _check_cut(strategy: Strategy, answer: Answer) -> None:
    whole, cut = (_chosen_of_all(strategy, answer, parts, _sample())[0] for parts in (1, 4))
    if not np.array_equal(whole, cut):
        raise Broken(f"{strategy.name}: how the pool is cut into blocks changes what it chooses.")


def _chosen(strategy: Strategy, answer: Answer, X: Features) -> _Chosen:
    scorer = _scorer(strategy, answer, X)
    view = scorer.view(X)
    scores = scorer.score(X)
    spread: Any = strategy.choose and strategy.choose(
        view, scores=scores, model=scorer.model, batch_size=_BATCH, params=scorer.params
    )
    return np.asarray(spread.rows), np.asarray(spread.probabilities)


def _chosen_of_all(strategy: Strategy, answer: Answer, parts: int, X: Features) -> _Chosen:
    scorer, size = _scorer(strategy, answer, X), _ROWS // parts
    blocks = [Block(at, X[at : at + size]) for at in range(0, _ROWS, size)]
    picks: Picks | Any = strategy.choose_whole and strategy.choose_whole(
        Pool(blocks, np.ones(_ROWS, np.bool_)),
        model=scorer.model,
        labelled=scorer.labelled,
        batch_size=_BATCH,
        params=scorer.params,
        rng=np.random.default_rng(scorer.seed),
    )
    return np.asarray(picks.seqs), np.asarray(picks.probabilities)


def _scorer(strategy: Strategy, answer: Answer, X: Features) -> Scorer:
    model, known = _model(answer)
    scorer = Scorer(strategy, strategy.settle({}), model, known, 7)
    targets = scorer.look(X[: _ROWS // 3]) if "targets" in strategy.needs else None
    return Scorer(strategy, strategy.settle({}), model, known, 7, targets)


def _sample() -> Any:
    """Give rows in groups, with some that are the same."""
    rng = np.random.default_rng(40)
    X = rng.normal(size=(_ROWS, _COLUMNS)).astype(np.float32)
    X[np.arange(_ROWS), np.arange(_ROWS) % _CLASSES] += 2
    X[-5:] = X[:5]
    return X


@cache
def _model(answer: Answer) -> tuple[Model, tuple[Features, Targets]]:
    rng = np.random.default_rng(41)
    y = np.arange(_LABELLED) % _CLASSES
    X = rng.normal(size=(_LABELLED, _COLUMNS)).astype(np.float32)
    X[np.arange(_LABELLED), y] += 2
    told: Targets = y
    if answer == "several":
        told = np.eye(_CLASSES, dtype=np.bool_)[y] | (X > 1)[:, :_CLASSES]
    return recipes.get("linear").fit(X, told, _CLASSES, seed=0, committee=3), (X, told)
