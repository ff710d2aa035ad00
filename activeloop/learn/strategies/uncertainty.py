"""How unsure one model is of a candidate's class."""

from __future__ import annotations

import numpy as np

from activeloop.learn.classes import entropies, gap
from activeloop.learn.diversity import Spread, badge
from activeloop.learn.strategies.registry import Params, strategy
from activeloop.learn.strategies.seen import probabilities
from activeloop.learn.types import Floats, Model, View


@strategy("least-confidence")
def least_confidence(view: View, *, params: Params) -> Floats:
    """Score by the chance that the likeliest class is wrong: 1 - p1.

    Returns:
        (n,) in [0, 1 - 1/C]; the top when all classes tie.

    Source:
        Lewis & Gale (1994), A sequential algorithm for training text classifiers.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> view = View(np.zeros((2, 1), np.float32), np.array([[.5, .5], [.75, .25]]),
        ...             None, None, None, np.random.default_rng(0))
        >>> least_confidence(view, params={}).tolist()
        [0.5, 0.25]
    """
    top: Floats = 1 - probabilities(view).max(axis=1)
    return top


@strategy("margin")
def margin(view: View, *, params: Params) -> Floats:
    """Score by how close the two likeliest classes are: 1 - (p1 - p2).

    Returns:
        (n,) in [0, 1]; 1 when the top two tie. With a single class, 0.

    Source:
        Scheffer, Decomain & Wrobel (2001), Active hidden Markov models for information extraction.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> view = View(np.zeros((2, 1), np.float32), np.array([[.5, .5, 0], [.75, .25, 0]]),
        ...             None, None, None, np.random.default_rng(0))
        >>> margin(view, params={}).tolist()
        [1.0, 0.5]
    """
    proba = probabilities(view)
    if proba.shape[1] == 1:
        return np.zeros(proba.shape[0], proba.dtype)
    score: Floats = 1 - gap(proba)
    return score


@strategy("entropy")
def entropy(view: View, *, params: Params) -> Floats:
    """Score by the Shannon entropy of the classes: -sum_c p_c log p_c, in nats.

    Returns:
        (n,) in [0, log C].

    Source:
        Shannon (1948); Settles (2009), Active learning literature survey, section 3.1.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> view = View(np.zeros((2, 1), np.float32), np.array([[.5, .5], [1., 0.]]),
        ...             None, None, None, np.random.default_rng(0))
        >>> entropy(view, params={}).round(4).tolist()
        [0.6931, 0.0]
    """
    return entropies(probabilities(view))


@strategy("power-margin", picks="sample", params={"beta": 8.0})
def power_margin(view: View, *, params: Params) -> Floats:
    """Score by the margin, to be drawn with probability proportional to score ** beta.

    Every candidate keeps a chance, so the picks' probabilities support unbiased estimates.

    Returns:
        (n,) in [0, 1], as `margin`.

    Source:
        Kirsch et al. (2023), Stochastic batch acquisition, arXiv 2106.12059.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> view = View(np.zeros((1, 1), np.float32), np.array([[.75, .25]]),
        ...             None, None, None, np.random.default_rng(0))
        >>> power_margin(view, params={"beta": 8.0}).tolist()
        [0.5]
    """
    return margin(view, params=params)


def spread_by_gradients(
    view: View, /, *, scores: Floats, model: Model | None, batch_size: int, params: Params
) -> Spread:
    """Draw a batch from a shortlist by `diversity.badge`."""
    return badge(view.X, probabilities(view), batch_size=batch_size, rng=view.rng)


@strategy("margin-badge", picks="shortlist", choose=spread_by_gradients)
def margin_badge(view: View, *, params: Params) -> Floats:
    """Score by the margin; a batch is spread over the best by their gradient embeddings.

    The shortlist is the best 10 x batch, exact duplicates counted once; k-means++ on
    (p - e_yhat) (x) x picks the batch from it (`activeloop.learn.diversity`).

    Returns:
        (n,) in [0, 1], as `margin`.

    Source:
        Ash et al. (2020), Deep batch active learning by diverse, uncertain gradient lower bounds
        (BADGE); Zhdanov (2019), Diverse mini-batch active learning (the shortlist).

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> view = View(np.zeros((1, 1), np.float32), np.array([[.75, .25]]),
        ...             None, None, None, np.random.default_rng(0))
        >>> margin_badge(view, params={}).tolist()
        [0.5]
    """
    return margin(view, params=params)
