"""How unsure a model is of a candidate that may be of several classes, each asked about by itself.

A class is named where its probability is at least .5.
"""

from __future__ import annotations

import numpy as np

from activeloop.errors import Invalid
from activeloop.learn.classes import binary_entropies
from activeloop.learn.diversity import Spread, by_residuals
from activeloop.learn.strategies.registry import Params, strategy
from activeloop.learn.strategies.seen import marks, members, probabilities
from activeloop.learn.types import Floats, Model, View

NAMED = 0.5
"""A class is named from this probability on."""
LEAST_LISTED = 1_000
"""Rows that a batch is spread over at least: with many classes, many rows are doubtful in one."""


@strategy("binary-entropy", answers=("several",))
def binary_entropy(view: View, *, params: Params) -> Floats:
    """Score by the mean entropy of the classes: mean_c -p_c log p_c - (1 - p_c) log(1 - p_c).

    Returns:
        (n,) in [0, log 2], in nats; the top when every class is a toss-up.

    Source:
        Shannon (1948); by class and averaged: Esuli & Sebastiani (2009), Active learning
        strategies for multi-label text classification.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> view = View(np.zeros((2, 1), np.float32), np.array([[.5, .5], [1., .5]]),
        ...             None, None, None, np.random.default_rng(0))
        >>> binary_entropy(view, params={}).round(4).tolist()
        [0.6931, 0.3466]
    """
    score: Floats = binary_entropies(probabilities(view)).mean(axis=-1)
    return score


@strategy("binary-margin", answers=("several",))
def binary_margin(view: View, *, params: Params) -> Floats:
    """Score by the most doubtful class: 1 - min_c |2 p_c - 1| (BinMin).

    Returns:
        (n,) in [0, 1]; 1 when some class is a toss-up.

    Source:
        Brinker (2006), On active learning in multi-label classification.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> view = View(np.zeros((2, 1), np.float32), np.array([[.5, 1.], [1., .75]]),
        ...             None, None, None, np.random.default_rng(0))
        >>> binary_margin(view, params={}).tolist()
        [1.0, 0.5]
    """
    score: Floats = 1 - np.abs(2 * probabilities(view) - 1).min(axis=-1)
    return score


@strategy(
    "margin-cardinality",
    needs=("model", "labelled"),
    params={"beta": 0.5},
    answers=("several",),
)
def margin_cardinality(view: View, *, params: Params) -> Floats:
    """Score by how near named and other classes are, and by how odd their number is.

    The first is the max-margin uncertainty 1 - (min_c in named p_c - max_c not named p_c), an
    empty side standing at .5; the second the label cardinality inconsistency
    |number of named classes - mean number of labels of a labelled sample|. The score is
    uncertainty ** beta * inconsistency ** (1 - beta): beta = 1 leaves the first alone, beta = 0
    the second.

    Returns:
        (n,) in [0, C ** (1 - beta)].

    Source:
        Li & Guo (2013), Active learning with multi-label SVM classification. Theirs is one over
        the margin between the machines' own scores; here it is taken of probabilities.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> X, proba = np.zeros((2, 1), np.float32), np.array([[.75, .25], [.75, .75]])
        >>> view = View(X, proba, None, X[:1], np.array([[True, False]]), np.random.default_rng(0))
        >>> margin_cardinality(view, params={"beta": 1.}).tolist()
        [0.5, 0.75]
        >>> margin_cardinality(view, params={"beta": 0.}).tolist()
        [0.0, 1.0]
    """
    beta, proba = float(params["beta"]), probabilities(view)
    if beta > 1:
        raise Invalid("Strategy 'margin-cardinality': parameter beta must be at most 1.")
    named = proba >= NAMED
    least = np.where(named, proba, 1).min(axis=-1)
    least[~named.any(axis=-1)] = NAMED
    most = np.where(named, 0, proba).max(axis=-1)
    most[named.all(axis=-1)] = NAMED
    usual = marks(view)[1].sum(axis=1).mean()
    odd = np.abs(named.sum(axis=-1) - usual)
    score: Floats = (1 - (least - most)) ** beta * odd ** (1 - beta)
    return score


@strategy(
    "binary-mutual-information",
    needs=("committee",),
    picks="sample",
    params={"beta": 1.0},
    answers=("several",),
)
def binary_mutual_information(view: View, *, params: Params) -> Floats:
    """Score by what the labels would tell: sum_c H(mean_k p_c) - mean_k H(p_c), in nats.

    H is the entropy of one class by itself. Drawn with probability proportional to
    score ** beta, as `mutual-information`.

    Returns:
        (n,) in [0, C log 2].

    Source:
        Houlsby et al. (2011), Bayesian active learning for classification (BALD); Kirsch et al.
        (2023), Stochastic batch acquisition, arXiv 2106.12059 (Power-BALD).

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> committee = np.array([[[1., 1.], [.5, 0.]], [[0., 1.], [.5, 0.]]])
        >>> view = View(np.zeros((2, 1), np.float32), None, committee, None, None,
        ...             np.random.default_rng(0))
        >>> binary_mutual_information(view, params={"beta": 1.0}).round(4).tolist()
        [0.6931, 0.0]
    """
    proba = members(view)
    expected = np.zeros(proba.shape[1:], proba.dtype)
    for member in proba:  # one after the other: the logarithms of all would be k times the memory
        expected += binary_entropies(member)
    expected /= len(proba)
    told = binary_entropies(proba.mean(axis=0)) - expected
    # rounding can leave -1e-9 where all members agree, and a logarithm follows
    score: Floats = np.maximum(told.sum(axis=-1), 0)
    return score


def spread_by_gradients(
    view: View, /, *, scores: Floats, model: Model | None, batch_size: int, params: Params
) -> Spread:
    """Draw a batch by k-means++ on (p - named) (x) [x, 1], the gradient were the naming right."""
    proba = np.asarray(probabilities(view), np.float64)
    residuals = proba - (proba >= NAMED)
    return by_residuals(view.X, residuals, batch_size=batch_size, rng=view.rng)


@strategy(
    "binary-badge",
    picks="shortlist",
    choose=spread_by_gradients,
    shortlist=LEAST_LISTED,
    answers=("several",),
)
def binary_badge(view: View, *, params: Params) -> Floats:
    """Score by the most doubtful class; a batch is spread over the best by gradient embeddings.

    The shortlist is the best 10 x batch, at least 1,000, exact duplicates counted once; k-means++
    on (p - named) (x) x picks the batch from it, as `margin-badge` does for one label. Not by the
    mean entropy: what is odd in every class has the most of it, and was measured worse than random.

    Returns:
        (n,) in [0, 1], as `binary-margin`.

    Source:
        Ash et al. (2020), Deep batch active learning by diverse, uncertain gradient lower bounds
        (BADGE), with the gradient of the summed binary log losses; Brinker (2006) for the score.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> view = View(np.zeros((1, 1), np.float32), np.array([[.75, 1.]]), None, None, None,
        ...             np.random.default_rng(0))
        >>> binary_badge(view, params={}).tolist()
        [0.5]
    """
    return binary_margin(view, params=params)
