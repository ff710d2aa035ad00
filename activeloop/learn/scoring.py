"""Show a strategy what it may see of some rows, and check what it says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence

from activeloop.errors import Invalid, Needs
from activeloop.learn.strategies import Strategy
from activeloop.learn.types import Features, Floats, Model, Targets, View, several

Labelled = tuple[Features, Targets]

_MEMBERS = 8


class _Words(ISeedSequence):
    """A seed that was mixed once: mixing it for each piece would take longer than its top-k."""

    def __init__(self, seed: int) -> None:
        self._mixed = np.random.SeedSequence(seed).generate_state(4, np.uint64)

    def generate_state(self, n_words: int, dtype: Any = np.uint64) -> Any:
        """Give what SeedSequence(seed) gives to a PCG64, which asks for four words of 64 bits."""
        return self._mixed[:n_words].astype(dtype)


@dataclass(frozen=True)
class Seen:
    """Rows with the probabilities that a strategy needs of them, and no others."""

    X: Features
    proba: Floats | None
    committee: Floats | None


@dataclass(frozen=True)
class Scorer:
    """One strategy with its parameters, and all it may see.

    Attributes:
        strategy: what scores.
        params: its parameters, settled.
        model: gives the probabilities, if there is one.
        labelled: features and class indices (or marks) of what is labelled, or None.
        seed: of the strategy's random numbers.
        targets: the uniform sample of the pool, for a strategy that needs it.
    """

    strategy: Strategy
    params: Mapping[str, Any]
    model: Model | None
    labelled: Labelled | None
    seed: int
    targets: Seen | None = None

    @cached_property
    def _words(self) -> _Words:
        return _Words(self.seed)

    def _rng(self) -> np.random.Generator:
        words: Any = self._words
        return np.random.Generator(np.random.PCG64(words))

    @property
    def width(self) -> int:
        """How many numbers scoring makes per row."""
        classes = self.model.n_classes if self.model is not None else 1
        return classes * (_MEMBERS if "committee" in self.strategy.needs else 1)

    def look(self, X: Features) -> Seen:
        """Compute what the strategy needs to know of these rows."""
        needs, model = self.strategy.needs, self.model
        if model is None:
            return Seen(X, None, None)
        return Seen(
            X,
            model.predict_proba(X) if "model" in needs else None,
            model.committee_proba(X) if "committee" in needs else None,
        )

    def view(self, X: Features) -> View:
        """Make all that the strategy may see of these rows."""
        seen, targets = self.look(X), self.targets
        known_X, known_y = self.labelled if self.labelled is not None else (None, None)
        return View(
            X=X,
            proba=seen.proba,
            committee=seen.committee,
            labelled_X=known_X,
            labelled_y=known_y,
            # the same at every piece: a strategy may project at random, not score at random
            rng=self._rng(),
            targets=targets.X if targets else None,
            target_proba=targets.proba if targets else None,
            target_committee=targets.committee if targets else None,
        )

    def score(self, X: Features) -> Floats:
        """Give (n,) scores.

        Raises:
            Invalid: when they are not one finite number per row.
        """
        scores = np.asarray(self.strategy.score(self.view(X), params=self.params))
        name, rows = self.strategy.name, X.shape[0]
        if scores.shape != (rows,):
            raise Invalid(
                f"Strategy {name!r} gave scores of shape {scores.shape} for {rows} rows; "
                "it must give one per row."
            )
        if scores.dtype.kind not in "fiub" or not np.isfinite(scores).all():
            raise Invalid(f"Strategy {name!r} gave scores that are not finite numbers.")
        return scores


def check_needs(strategy: Strategy, model: Model | None, labelled: Labelled | None) -> None:
    """Refuse to go on without what a strategy needs.

    Raises:
        Needs: naming what there is none of.
        Invalid: when the strategy is for another kind of answer than the model.
    """
    name, needs = strategy.name, set(strategy.needs)
    if model is not None and ("several" if several(model) else "one") not in strategy.answers:
        found = "gives each class a probability by itself" if several(model) else "tells one class"
        raise Invalid(f"Strategy {name!r} is not for a model that {found}; choose another.")
    if model is None and needs & {"model", "committee"}:
        raise Needs(f"Strategy {name!r} needs a trained model, and there is none yet.")
    if "labelled" in needs and (labelled is None or not len(labelled[1])):
        raise Needs(f"Strategy {name!r} needs labelled samples, and there are none yet.")
