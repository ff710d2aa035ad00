"""The only place that meets modAL: its measures and query functions by name, and its learner.

modAL 0.4.2.1 is a vocabulary here, never the holder of state. Its `query` is not used: a bare
except there calls a strategy twice, and a returned pair of rows is taken for (rows, metrics).
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from activeloop.errors import ActiveloopError, Invalid, Needs
from activeloop.learn.diversity import Spread
from activeloop.learn.modal_learner import Committee, Estimator, Fit, Learner
from activeloop.learn.strategies import registry
from activeloop.learn.strategies.seen import members, probabilities
from activeloop.learn.types import Features, Floats, Model, View

MEASURES = {
    "classifier_uncertainty": ("uncertainty", "classifier_uncertainty"),
    "uncertainty_sampling": ("uncertainty", "classifier_uncertainty"),
    "classifier_margin": ("uncertainty", "classifier_margin"),
    "margin_sampling": ("uncertainty", "classifier_margin"),
    "classifier_entropy": ("uncertainty", "classifier_entropy"),
    "entropy_sampling": ("uncertainty", "classifier_entropy"),
    "vote_entropy": ("disagreement", "vote_entropy"),
    "vote_entropy_sampling": ("disagreement", "vote_entropy"),
    "consensus_entropy": ("disagreement", "consensus_entropy"),
    "consensus_entropy_sampling": ("disagreement", "consensus_entropy"),
    "max_disagreement": ("disagreement", "KL_max_disagreement"),
    "max_disagreement_sampling": ("disagreement", "KL_max_disagreement"),
}
"""modAL's names, and the module and function that measure them."""

SHORTLIST = 1_000
"""A query function chooses from at least so many rows."""

QueryFunction = Callable[..., Any]

# a query function may look at what is labelled, as ranked batch does
_QUERY: tuple[registry.Need, ...] = ("model", "labelled")
_COMMITTEE_QUERY: tuple[registry.Need, ...] = (*_QUERY, "committee")


def find(name: str) -> registry.Strategy:
    """Find one of modAL's measures, or any modAL query function by import path.

    Args:
        name: `modal:<measure>` (see `MEASURES`) or `modal:<package.module>:<function>`.

    Raises:
        Invalid: when there is none, it cannot be imported, or it is no query function.
    """
    word = name.removeprefix(registry.MODAL)
    if word in MEASURES:
        kind = MEASURES[word][0]
        needs: registry.Need = "committee" if kind == "disagreement" else "model"
        return registry.Strategy(name, partial(_measure, word), (needs,))
    module, found, function = word.partition(":")
    if not found:
        raise Invalid(
            f"modAL has no measure {word!r} here. There are: {', '.join(sorted(MEASURES))}; "
            "and modal:<package.module>:<function> for any query function."
        )
    query = _query_function(module, function)
    return registry.Strategy(
        name,
        registry.get("margin").score,
        _COMMITTEE_QUERY if _asks_committee(query) else _QUERY,
        "shortlist",
        choose=partial(_ask, query, name),
        shortlist=SHORTLIST,
    )


def _measure(word: str, view: View, /, *, params: registry.Params) -> Floats:  # noqa: ARG001
    """Score with modAL's own function; its margin, which falls with doubt, is turned round."""
    module, function = MEASURES[word]
    measure = getattr(importlib.import_module(f"modAL.{module}"), function)
    if module == "disagreement":
        committee = members(view)
        score = measure(Committee(lambda _: committee, committee.shape[2], len(committee)), view.X)
    else:
        proba = probabilities(view)
        score = measure(Learner(lambda _: proba, proba.shape[1]), view.X)
    turned: Floats = 1 - score if function == "classifier_margin" else np.asarray(score)
    return turned


def _query_function(module: str, function: str) -> QueryFunction:
    where = f"modal:{module}:{function}"
    if module.partition(".")[0] in sys.stdlib_module_names:
        raise Invalid(f"{where}: the standard library holds no query functions.")
    try:
        query = getattr(importlib.import_module(module), function)
    # modAL.expected_error and .cluster fail on a name that numpy or scikit-learn has dropped
    except (ImportError, AttributeError, ValueError, SyntaxError) as error:
        raise Invalid(f"{where} cannot be imported: {error}") from error
    if not callable(query) or inspect.isclass(query) or not _asks(query):
        raise Invalid(
            f"{where} is no modAL query function: those are called as "
            "function(learner, X, n_instances=...)."
        )
    return query  # type: ignore[no-any-return]


def _asks(query: QueryFunction) -> bool:
    try:
        inspect.signature(query).bind(None, None, n_instances=1)
    except (TypeError, ValueError):
        return False
    return True


def _asks_committee(query: QueryFunction) -> bool:
    """Tell by modAL's own convention: the first argument is called `committee`."""
    return next(iter(inspect.signature(query).parameters)) == "committee"


def _ask(
    query: QueryFunction,
    name: str,
    view: View,
    /,
    *,
    scores: Floats,  # noqa: ARG001 - a query function scores by itself
    model: Model | None,
    batch_size: int,
    params: registry.Params,  # noqa: ARG001 - a query function has its own defaults
) -> Spread:
    """Call a query function once on the shortlist and give the rows it chose."""
    if model is None:
        raise Needs(f"Strategy {name!r} needs a trained model, and there is none yet.")
    wanted = min(batch_size, view.X.shape[0])
    known = (view.labelled_X, None if view.labelled_y is None else view.labelled_y.astype(np.int64))
    learner: Any = Learner(model.predict_proba, model.n_classes, *known)
    if _asks_committee(query):
        size = len(members(view))
        learner = Committee(model.committee_proba, model.n_classes, size, *known)
    with _seeded(view.rng):
        try:
            answer = query(learner, view.X, n_instances=wanted)
        except ActiveloopError:
            raise
        except Exception as error:  # foreign code may raise anything; it is named, not hidden
            raise Invalid(f"Strategy {name!r} failed: {type(error).__name__}: {error}") from error
    rows = _rows(answer, name, view.X.shape[0])[:wanted]
    return Spread(np.array(rows, np.int64), np.ones(len(rows)))


def _rows(answer: Any, name: str, n: int) -> list[int]:
    # (rows, metrics) is a tuple; two bare rows are a list or an array
    chosen = np.atleast_1d(np.asarray(answer[0] if isinstance(answer, tuple) else answer))
    if chosen.ndim != 1 or chosen.dtype.kind not in "iu":
        raise Invalid(f"Strategy {name!r} must return row numbers, got {chosen.dtype} values.")
    rows = [int(row) + n if row < 0 else int(row) for row in chosen]
    if len(set(rows)) < len(rows) or not all(0 <= row < n for row in rows):
        raise Invalid(f"Strategy {name!r} returned rows that repeat or lie outside the {n} given.")
    return rows


@contextmanager
def _seeded(rng: np.random.Generator) -> Iterator[None]:
    """Seed numpy's global state, which modAL breaks ties with, and put it back afterwards."""
    before = np.random.get_state()  # noqa: NPY002 - the state modAL uses
    np.random.seed(int(rng.integers(2**32)))  # noqa: NPY002, TID251 - likewise
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002 - likewise


def as_active_learner(
    model: Model,
    X_training: Features,
    y_training: Any,
    *,
    classes: Sequence[Any] | None = None,
    params: registry.Params | None = None,
    seed: int = 0,
    fit: Fit | None = None,
    query_strategy: QueryFunction | None = None,
) -> Any:
    """Hand out a model as a modAL ActiveLearner, for a notebook.

    Nothing is trained by handing out; `teach` fits the same recipe to everything known. It
    works with scikit-learn from 1.7 on, which modAL 0.4.2.1 by itself does not.

    Args:
        model: a fitted model.
        X_training: (n, d) features it was trained on.
        y_training: (n,) their labels: class indices, or names when `classes` is given.
        classes: the classes' names, in order.
        params: parameters of the model's recipe, which `teach` fits again.
        seed: of that fitting.
        fit: how else to fit a model to (X, class indices).
        query_strategy: a modAL query function; margin sampling when none is given.

    Returns:
        A modAL.models.ActiveLearner.
    """
    learners = importlib.import_module("modAL.models.learners")
    _mend(learners)
    if query_strategy is None:
        query_strategy = importlib.import_module("modAL.uncertainty").margin_sampling
    estimator = Estimator(model, fit or _recipe_of(model, params or {}, seed), classes)
    learner = learners.ActiveLearner(estimator=estimator, query_strategy=query_strategy)
    # given to the constructor they would be trained on at once
    learner.X_training, learner.y_training = X_training, np.asarray(y_training)
    return learner


def _mend(learners: Any) -> None:
    """Let modAL's check of its input speak the words of scikit-learn 1.8 and later."""
    check = learners.check_X_y
    if "ensure_all_finite" not in inspect.signature(check).parameters:
        return
    if getattr(check, "mended", False):
        return

    @functools.wraps(check)
    def check_X_y(*args: Any, **kwargs: Any) -> Any:  # noqa: N802 - its name there
        if "force_all_finite" in kwargs:
            kwargs["ensure_all_finite"] = kwargs.pop("force_all_finite")
        return check(*args, **kwargs)

    check_X_y.mended = True  # type: ignore[attr-defined]
    learners.check_X_y = check_X_y


def _recipe_of(model: Model, params: registry.Params, seed: int) -> Fit:
    from activeloop.learn import recipes

    recipe = recipes.get(model.recipe, dict(params))
    return lambda X, y: recipe.fit(X, y, model.n_classes, seed=seed)
