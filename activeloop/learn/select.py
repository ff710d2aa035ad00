"""From a pool to an ordered choice: one pass over the blocks, then the picker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from activeloop.learn import diversity, projection, strategies
from activeloop.learn.draw import Draw
from activeloop.learn.scoring import Eligible, Labelled, Progress, Scorer, chunks
from activeloop.learn.strategies.typicality import covering_order
from activeloop.learn.topk import Top, stacked
from activeloop.learn.types import Blocks, Bools, Floats, Ints, Model, Picks

SHORTLIST_FACTOR = 10
MAX_SHORTLIST = 10_000
QUERY_SHORTLIST = 1_000
COLD_SAMPLE = 10_000


def rank(  # noqa: PLR0913 - all keyword-only; what a choice depends on, said openly
    blocks: Blocks,
    model: Model | None,
    *,
    strategy: str,
    params: Mapping[str, Any],
    eligible: Eligible,
    labelled: Labelled | None,
    batch_size: int,
    length: int,
    rng: np.random.Generator,
    on_progress: Progress | None = None,
) -> Picks:
    """Choose and order what to ask, looking at every eligible row once.

    The first `batch_size` picks are made by the strategy's picker; after them come the rest
    of the shortlist (exact duplicates once) and then everything else, each by score. Ties are
    ordered by a key made of seed and sequence number, so how the pool is cut does not matter.
    A sampling strategy draws all `length` picks one after the other.

    Args:
        blocks: the pool's features.
        model: the model that gives the probabilities, if there is one.
        strategy: a name known to `strategies.get`.
        params: the strategy's parameters.
        eligible: (pool,) mask by sequence number, or a function from (n,) sequence numbers
            to (n,) booleans: what may be asked.
        labelled: features and class indices of what is labelled.
        batch_size: how many picks are made as one batch.
        length: how many picks at most.
        rng: the only source of chance.
        on_progress: told how many rows have been read so far.

    Returns:
        At most `length` picks, fewer when fewer are eligible.

    Raises:
        Needs: when the strategy lacks a model, a committee or labels.
        Invalid: for an unknown strategy or parameter, or scores that are not finite numbers.
    """
    chosen = strategies.get(strategy)
    settled = chosen.settle(params)
    if chosen.picks == "cover":
        return _cover(
            blocks, eligible, labelled, batch_size=batch_size, length=length, rng=rng,
            on_progress=on_progress,
        )  # fmt: skip
    scorer = Scorer(chosen, settled, model, labelled, _seed(rng))
    pool = chunks(blocks, eligible=eligible, width=scorer.width, on_progress=on_progress)
    if chosen.picks == "sample":
        draw = Draw(length, _seed(rng), float(settled.get("beta", 1.0)))
        scored = 0
        for seqs, X in pool:
            draw.add(seqs, scorer.score(X))
            scored += len(seqs)
        return Picks(draw.seqs, draw.scores, draw.probabilities(), scored)
    salt, scored = _seed(rng), 0
    best = Top(length, salt)
    short = Top(_shortlist_size(chosen, batch_size), salt, distinct=True)
    for seqs, X in pool:
        scores = scorer.score(X)
        best.add(seqs, scores)
        short.add(seqs, scores, X)
        scored += len(seqs)
    spread = _batch(chosen, short, scorer, batch_size, rng)
    return _ordered(spread, short, best, scored)


def cold_start(
    blocks: Blocks,
    *,
    strategy: str,
    eligible: Eligible,
    labelled: Labelled | None,
    batch_size: int,
    length: int,
    rng: np.random.Generator,
) -> Picks:
    """Choose and order what to ask before a model exists.

    TypiClust on a uniform sample of at most 10,000 eligible rows (exact duplicates once); rows
    outside the sample follow in random order. Another strategy that needs no model is used as
    it is.

    Returns:
        At most `length` picks; the scores of TypiClust are typicalities, and its order goes
        round the clusters, so they do not fall from pick to pick.

    Raises:
        Needs: when the strategy needs a model.
        Invalid: when there is no such strategy.
    """
    return rank(
        blocks, None, strategy=strategy, params={}, eligible=eligible, labelled=labelled,
        batch_size=batch_size, length=length, rng=rng,
    )  # fmt: skip


def _cover(
    blocks: Blocks,
    eligible: Eligible,
    labelled: Labelled | None,
    *,
    batch_size: int,
    length: int,
    rng: np.random.Generator,
    on_progress: Progress | None,
) -> Picks:
    salt, seed, scored = _seed(rng), int(rng.integers(2**31)), 0
    best, sample = Top(length, salt), Top(COLD_SAMPLE, salt, distinct=True)
    for seqs, X in chunks(blocks, eligible=eligible, on_progress=on_progress):
        alike = np.zeros(len(seqs))
        best.add(seqs, alike)
        sample.add(seqs, alike, X)
        scored += len(seqs)
    if sample.X is None:
        return _ordered(diversity.Spread.none(), sample, best, scored)
    known = sample.X[:0] if labelled is None else labelled[0]
    rows = projection.embed(stacked([sample.X, known]), seed=seed)
    n = len(sample.seqs)
    order, typicality = covering_order(rows[:n], rows[n:], batch_size=batch_size, seed=seed)
    spread = diversity.Spread(order[:length], np.ones(min(length, n)))
    return _ordered(spread, Top(n, salt, seqs=sample.seqs, scores=typicality), best, scored)


def _shortlist_size(chosen: strategies.Strategy, batch_size: int) -> int:
    size = max(batch_size, min(SHORTLIST_FACTOR * batch_size, MAX_SHORTLIST))
    return max(size, QUERY_SHORTLIST) if chosen.picks == "query" else size


def _batch(
    chosen: strategies.Strategy,
    short: Top,
    scorer: Scorer,
    batch_size: int,
    rng: np.random.Generator,
) -> diversity.Spread:
    if short.X is None or chosen.picks == "top" or scorer.model is None:
        return diversity.Spread.none()
    if chosen.query is not None:
        view = scorer.view(short.X)
        rows = chosen.query(view, model=scorer.model, batch_size=batch_size)
        return diversity.Spread(np.asarray(rows, np.int64), np.ones(len(rows)))
    proba = scorer.model.predict_proba(short.X)
    return diversity.badge(short.X, proba, batch_size=batch_size, rng=rng)


def _ordered(spread: diversity.Spread, short: Top, best: Top, scored: int) -> Picks:
    """Put the batch first, then the rest of the shortlist, then the rest of the best."""
    rest = np.setdiff1d(np.arange(len(short.seqs)), spread.rows)
    listed = np.concatenate([spread.rows, rest])
    beyond: Bools = ~np.isin(best.seqs, short.seqs)
    seqs: Ints = np.concatenate([short.seqs[listed], best.seqs[beyond]])[: best.size]
    scores: Floats = np.concatenate([short.scores[listed], best.scores[beyond]])[: best.size]
    probabilities = np.ones(len(seqs))
    drawn = spread.probabilities[: len(seqs)]
    probabilities[: len(drawn)] = drawn
    return Picks(seqs, scores, probabilities, scored)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**62))
