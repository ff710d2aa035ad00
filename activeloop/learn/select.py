"""From a pool to an ordered choice: one pass over the pieces, then the picker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from activeloop.learn import apart, strategies
from activeloop.learn.diversity import Spread
from activeloop.learn.draw import Draw
from activeloop.learn.keys import uniforms
from activeloop.learn.partials import Partial
from activeloop.learn.pool import Eligible, Piece, Pool, Progress, one_thread_each
from activeloop.learn.scoring import Labelled, Scorer, check_needs
from activeloop.learn.topk import Top
from activeloop.learn.types import Features, Floats, Ints, Model, Picks, Source

SHORTLIST_FACTOR = 10
TOP_FACTOR = 3
"""A batch that is simply the best needs only as many more as near-duplicates may take away."""
MAX_SHORTLIST = 10_000
COVERED = 10_000
"""How many rows a strategy that covers the pool looks at together."""
TARGETS = 500
MEASURED = 256
_WIDER = 8


def rank(  # noqa: PLR0913 - all keyword-only; what a choice depends on, said openly
    blocks: Iterable[Source],
    model: Model | None,
    *,
    strategy: str,
    params: Mapping[str, Any],
    eligible: Eligible,
    labelled: Labelled | None,
    batch_size: int,
    length: int,
    rng: np.random.Generator,
    threads: int = 1,
    on_progress: Progress | None = None,
) -> Picks:
    """Choose and order what to ask, looking at every eligible row once.

    The first `batch_size` picks are made by the strategy's picker; after them come the rest
    of the shortlist (near-duplicates of what came before last) and then everything else, each by
    score. Ties are ordered by a key made of seed and sequence number, so how the pool is cut does
    not matter. A sampling strategy draws all `length` picks one after the other.

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
        threads: how many threads score.
        on_progress: told how many rows have been read so far.

    Returns:
        At most `length` picks, fewer when fewer are eligible.

    Raises:
        Needs: when the strategy lacks a model, a committee or labels.
        Invalid: for an unknown strategy or parameter, or scores that are not finite numbers.
    """
    pool = Pool(tuple(blocks), eligible, threads)
    sweep = prepare(
        pool, model, strategy=strategy, params=params, labelled=labelled, batch_size=batch_size,
        length=length, seed=int(rng.integers(2**62)),
    )  # fmt: skip
    return sweep.finish(sweep.over(pool, on_progress), pool)


def cold_start(
    blocks: Iterable[Source],
    *,
    strategy: str,
    eligible: Eligible,
    labelled: Labelled | None,
    batch_size: int,
    length: int,
    rng: np.random.Generator,
    threads: int = 1,
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
        batch_size=batch_size, length=length, rng=rng, threads=threads,
    )  # fmt: skip


def prepare(
    pool: Pool,
    model: Model | None,
    *,
    strategy: str,
    params: Mapping[str, Any],
    labelled: Labelled | None,
    batch_size: int,
    length: int,
    seed: int,
) -> Sweep:
    """Settle a question to the pool, which several processes may then work on part by part.

    Args:
        pool: the whole pool; a small sample of it is read.
        model: as in `rank`, like the others.
        strategy: the query strategy.
        params: its parameters.
        labelled: what is labelled.
        batch_size: picks made as one batch.
        length: picks at most.
        seed: of everything random; the same in every process.

    Raises:
        Needs: when the strategy lacks a model or labels.
        Invalid: for an unknown strategy or parameter.
    """
    chosen = strategies.get(strategy)
    settled = chosen.settle(params)
    check_needs(chosen, model, labelled)
    scorer = Scorer(chosen, settled, model, labelled, seed)
    if "targets" in chosen.needs and pool.rows:
        seen = scorer.look(pool.gather(pool.sample(TARGETS, seed)))
        scorer = Scorer(chosen, settled, model, labelled, seed, seen)
    return Sweep(scorer, batch_size, length, _shortlist_size(chosen, batch_size), seed)


@dataclass(frozen=True)
class Sweep:
    """A question to the pool: `over` a part of it as often as there are parts, then `finish`."""

    scorer: Scorer
    batch_size: int
    length: int
    shortlist: int
    seed: int

    @property
    def splits(self) -> bool:
        """Whether parts of the pool can be swept apart from each other."""
        return self.scorer.strategy.picks != "whole"

    def over(self, part: Pool, on_progress: Progress | None = None) -> Partial:
        """Score every eligible row of a part of the pool once and keep the best."""
        found = self._nothing()

        def score(piece: Piece) -> None:
            found.add(piece, self.scorer.score(piece.X))

        def lot(piece: Piece) -> None:
            found.add(piece, uniforms(piece.seqs, self.seed))

        if self.scorer.strategy.picks == "whole" and self.length <= self.batch_size:
            found.scored = len(part.candidates)  # nothing follows the batch: no score is needed
            return found
        covers = self.scorer.strategy.picks == "cover"
        part.scan(lot if covers else score, width=self.scorer.width, on_progress=on_progress)
        return found.settle()

    def finish(self, found: Partial, pool: Pool) -> Picks:
        """Make the batch and order what follows it.

        Args:
            found: all parts, merged.
            pool: the whole pool, for strategies that look at it again.
        """
        with one_thread_each():
            return self._finished(found, pool)

    def _finished(self, found: Partial, pool: Pool) -> Picks:
        picks = self.scorer.strategy.picks
        if found.draw is not None:
            draw = found.draw
            return Picks(draw.seqs, draw.scores, draw.probabilities(), found.scored)
        if picks == "whole":
            return self._whole(found, pool)
        if picks == "cover":
            return self._cover(found, pool)
        return self._shortlisted(found, pool)

    def _nothing(self) -> Partial:
        picks, best = self.scorer.strategy.picks, Top(self.length, self.seed)
        if picks == "sample":
            beta = float(self.scorer.params.get("beta", 1.0))
            return Partial(best, draw=Draw(self.length, self.seed, beta))
        if picks == "whole":
            return Partial(best)
        return Partial(best, Top(self.shortlist, self.seed, distinct=True))

    def _shortlisted(self, found: Partial, pool: Pool) -> Picks:
        short = found.short
        if short is None or len(short.seqs) == 0:
            return _ordered(Spread.none(), found.best, found.best, found.scored)
        X = pool.gather(short.seqs)
        yardstick = apart.Yardstick.of(pool.gather(pool.sample(MEASURED, self.seed)))
        marked = apart.representatives(X, yardstick)
        full = len(short.seqs) >= self.shortlist and self.shortlist < found.scored
        if marked.sum() < self.batch_size and full:
            # near-duplicates crowd the shortlist: look further down, until there are enough
            wider = replace(self, shortlist=_WIDER * self.shortlist)
            return wider.finish(wider.over(pool), pool)
        first = np.flatnonzero(marked)
        spread = self._chosen(X[first], short.scores[first])
        rest = np.setdiff1d(first, first[spread.rows])
        rows = np.concatenate([first[spread.rows], rest, np.flatnonzero(~marked)])
        chances = np.concatenate([spread.probabilities, np.ones(len(rows) - len(spread.rows))])
        return _ordered(Spread(rows, chances), short, found.best, found.scored)

    def _chosen(self, X: Features, scores: Floats) -> Spread:
        scorer, chosen = self.scorer, self.scorer.strategy
        if chosen.picks != "shortlist" or chosen.choose is None:
            return Spread.none()
        spread = chosen.choose(
            scorer.view(X), scores=scores, model=scorer.model, batch_size=self.batch_size,
            params=scorer.params,
        )  # fmt: skip
        return Spread(np.asarray(spread.rows, np.int64), spread.probabilities)

    def _cover(self, found: Partial, pool: Pool) -> Picks:
        sample, best, chosen = found.short, found.best, self.scorer.strategy
        best = Top(best.size, best.salt, seqs=best.seqs, scores=np.zeros(len(best.seqs)))
        if sample is None or len(sample.seqs) == 0 or chosen.choose is None:
            return _ordered(Spread.none(), best, best, found.scored)
        view = self.scorer.view(pool.gather(sample.seqs))
        nothing = np.zeros(len(sample.seqs))
        spread = chosen.choose(
            view, scores=nothing, model=self.scorer.model, batch_size=self.batch_size,
            params=self.scorer.params,
        )  # fmt: skip
        scores = nothing if spread.scores is None else spread.scores
        rest = np.setdiff1d(np.arange(len(scores)), spread.rows)
        rows = np.concatenate([spread.rows, rest[np.argsort(-scores[rest], kind="stable")]])
        chances = np.concatenate([spread.probabilities, np.ones(len(rest))])
        told = Top(len(scores), best.salt, seqs=sample.seqs, scores=scores)
        return _ordered(Spread(rows, chances), told, best, found.scored)

    def _whole(self, found: Partial, pool: Pool) -> Picks:
        scorer, chosen, best = self.scorer, self.scorer.strategy, found.best
        if chosen.choose_whole is None or found.scored == 0:
            return _ordered(Spread.none(), best, best, found.scored)
        batch = chosen.choose_whole(
            pool, model=scorer.model, labelled=scorer.labelled,
            batch_size=min(self.batch_size, self.length), params=scorer.params,
            rng=np.random.default_rng(self.seed),
        )  # fmt: skip
        first = Top(len(batch.seqs), best.salt, seqs=batch.seqs, scores=batch.scores)
        spread = Spread(np.arange(len(batch.seqs)), batch.probabilities)
        return _ordered(spread, first, best, found.scored)


def _shortlist_size(chosen: strategies.Strategy, batch_size: int) -> int:
    if chosen.picks == "cover":
        return COVERED
    factor = TOP_FACTOR if chosen.picks == "top" else SHORTLIST_FACTOR
    size = max(batch_size, min(factor * batch_size, MAX_SHORTLIST))
    return max(size, chosen.shortlist)


def _ordered(spread: Spread, short: Top, best: Top, scored: int) -> Picks:
    """Put the rows of the spread first, then the rest of the best."""
    seqs, scores = short.seqs[spread.rows], short.scores[spread.rows]
    beyond = ~np.isin(best.seqs, seqs)
    all_seqs: Ints = np.concatenate([seqs, best.seqs[beyond]])[: best.size]
    all_scores: Floats = np.concatenate([scores, best.scores[beyond]])[: best.size]
    probabilities = np.ones(len(all_seqs))
    drawn = spread.probabilities[: len(all_seqs)]
    probabilities[: len(drawn)] = drawn
    return Picks(all_seqs, all_scores, probabilities, scored)
