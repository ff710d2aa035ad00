"""Which query strategies there are: ours by decorator, others' by entry point or modAL name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any, Literal, Protocol, TypeVar

import numpy as np

from activeloop.errors import Invalid
from activeloop.learn.diversity import Spread
from activeloop.learn.pool import Pool
from activeloop.learn.types import Features, Floats, Model, Picks, Targets, View
from activeloop.spec import Answer

GROUP = "activeloop.strategies"
MODAL = "modal:"

Need = Literal["model", "committee", "labelled", "targets"]
Picker = Literal["top", "sample", "shortlist", "cover", "whole"]
Params = Mapping[str, Any]


class Score(Protocol):
    """A query strategy: one score per candidate, higher is always more worth asking."""

    def __call__(self, view: View, /, *, params: Params) -> Floats:
        """Give (n,) finite scores."""
        ...


class Choose(Protocol):
    """A choice made among some rows seen together: the shortlist, or a sample of the pool."""

    def __call__(
        self, view: View, /, *, scores: Floats, model: Model | None, batch_size: int, params: Params
    ) -> Spread:
        """Give rows of `view` to ask, best first, each at most once; `view.rng` draws.

        Args:
            view: the rows; on a shortlist the best comes first.
            scores: (n,) the strategy's scores of them; zeros for `cover`, which decides alone.
            model: the model, if there is one.
            batch_size: how many are wanted.
            params: the strategy's parameters.
        """
        ...


class ChooseWhole(Protocol):
    """A choice that looks at the whole pool, several times if it must."""

    def __call__(
        self,
        pool: Pool,
        /,
        *,
        model: Model | None,
        labelled: tuple[Features, Targets] | None,
        batch_size: int,
        params: Params,
        rng: np.random.Generator,
    ) -> Picks:
        """Give at most `batch_size` picks, best first, each once."""
        ...


@dataclass(frozen=True)
class Strategy:
    """A scoring function and what select.py must know to use it.

    Attributes:
        name: what the project spec calls it.
        score: the function.
        needs: what must exist: a model, a committee, labelled samples; or `targets`, a uniform
            sample of the pool.
        picks: how a batch is made of the scores: `top` takes the best; `sample` draws with
            probability proportional to score ** beta; `shortlist` has `choose` pick from the
            best 10 x batch; `cover` has it pick from a uniform sample of the pool; `whole` has
            `choose_whole` look at everything.
        params: the parameters it takes, with their defaults.
        choose: picks from some rows seen together.
        choose_whole: picks from the whole pool.
        shortlist: the least rows a shortlist should have.
        answers: for which kinds of answer it is. With several labels the probabilities are each
            class's by itself, and what is labelled comes as marks.
    """

    name: str
    score: Score
    needs: tuple[Need, ...] = ("model",)
    picks: Picker = "top"
    params: Params = field(default_factory=dict)
    choose: Choose | None = None
    choose_whole: ChooseWhole | None = None
    shortlist: int = 0
    answers: tuple[Answer, ...] = ("one",)

    def settle(self, given: Params) -> dict[str, Any]:
        """Fill the parameters that were not given.

        Raises:
            Invalid: for a parameter the strategy does not have, or one that is no number.
        """
        unknown = sorted(set(given) - set(self.params))
        if unknown:
            known = ", ".join(sorted(self.params)) or "none"
            raise Invalid(
                f"Strategy {self.name!r} has no parameter {', '.join(unknown)}; it has: {known}."
            )
        for name, value in given.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
                raise Invalid(
                    f"Strategy {self.name!r}: parameter {name} must be a number of at least 0, "
                    f"got {value!r}."
                )
        return {**self.params, **given}


F = TypeVar("F", bound=Callable[..., Floats])

_known: dict[str, Strategy] = {}


def strategy(
    name: str,
    *,
    needs: tuple[Need, ...] = ("model",),
    picks: Picker = "top",
    params: Params | None = None,
    choose: Choose | None = None,
    choose_whole: ChooseWhole | None = None,
    shortlist: int = 0,
    answers: tuple[Answer, ...] = ("one",),
) -> Callable[[F], F]:
    """Register a scoring function under a name; the function itself stays as it is.

    The arguments are the attributes of `Strategy`.

    Raises:
        Invalid: when another function already has the name.
    """

    def register(score: F) -> F:
        known = _known.get(name)
        if known is not None and known.score is not score:
            raise Invalid(f"There already is a strategy {name!r}.")
        _known[name] = Strategy(
            name, score, needs, picks, dict(params or {}), choose, choose_whole, shortlist, answers
        )
        return score

    return register


def names() -> list[str]:
    """Name every strategy, plug-ins included (without loading them); modAL's come on top."""
    return sorted({*_known, *(point.name for point in metadata.entry_points(group=GROUP))})


def meant_for(answer: Answer) -> list[str]:
    """Name the strategies for a kind of answer, of those that are loaded, in order.

    Example:
        >>> "binary-badge" in meant_for("several"), "margin" in meant_for("several")
        (True, False)
    """
    return sorted(name for name, each in _known.items() if answer in each.answers)


def get(name: str) -> Strategy:
    """Find a strategy by name.

    Args:
        name: one of `names()`, `modal:<measure>`, or `modal:<package.module>:<function>`.

    Raises:
        Invalid: when there is none of this name, listing those there are.
    """
    if name.startswith(MODAL):
        from activeloop.learn import modal

        return modal.find(name)
    if name not in _known:
        _load(name)
    return _known[name]


def _load(name: str) -> None:
    points = tuple(metadata.entry_points(group=GROUP, name=name))
    if not points:
        raise Invalid(
            f"There is no strategy {name!r}. There are: {', '.join(names())}, "
            "and modal:<name> for modAL's."
        )
    where = f"The plug-in of strategy {name!r} ({points[0].value})"
    try:
        found = points[0].load()
    except Exception as error:  # foreign code may raise anything; it is named, not hidden
        raise Invalid(f"{where} cannot be loaded: {type(error).__name__}: {error}") from error
    if not callable(found) and not isinstance(found, Strategy):
        raise Invalid(f"{where} is no strategy: wanted a scoring function or a Strategy.")
    if isinstance(found, Strategy):
        _known[name] = found
    elif name not in _known:  # loading ran the decorator when the plug-in uses it
        _known[name] = Strategy(name, found)
