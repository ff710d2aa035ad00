"""How much the members of a committee disagree about a candidate's class."""

from __future__ import annotations

import numpy as np

from activeloop.learn.classes import entropies, votes
from activeloop.learn.strategies.registry import Params, strategy
from activeloop.learn.strategies.seen import members
from activeloop.learn.types import Floats, View


@strategy("mutual-information", needs=("committee",), picks="sample", params={"beta": 1.0})
def mutual_information(view: View, *, params: Params) -> Floats:
    """Score by what the class would tell about the model: H(mean_k p) - mean_k H(p), in nats.

    High when each member is sure and they differ; zero when all agree, even in doubt. Never
    taken greedily: the best b of it chase outliers and did worse than random, so picks are
    drawn with probability proportional to score ** beta (Power-BALD).

    Returns:
        (n,) in [0, log min(k, C)].

    Source:
        Houlsby et al. (2011), Bayesian active learning for classification (BALD);
        Kirsch et al. (2023), Stochastic batch acquisition, arXiv 2106.12059 (Power-BALD).

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> committee = np.array([[[1., 0.], [.5, .5]], [[0., 1.], [.5, .5]]])
        >>> view = View(np.zeros((2, 1), np.float32), None, committee, None, None,
        ...             np.random.default_rng(0))
        >>> mutual_information(view, params={"beta": 1.0}).round(4).tolist()
        [0.6931, 0.0]
    """
    proba = members(view)
    total = entropies(proba.mean(axis=0))
    expected = entropies(proba).mean(axis=0)
    # rounding can leave -1e-9 where all members agree, and a logarithm follows
    score: Floats = np.maximum(total - expected, 0)
    return score


@strategy("vote-entropy", needs=("committee",))
def vote_entropy(view: View, *, params: Params) -> Floats:
    """Score by the entropy of the members' votes: H(votes / k), in nats.

    Returns:
        (n,) in [0, log min(k, C)].

    Source:
        Dagan & Engelson (1995), Committee-based sampling for training probabilistic classifiers.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> committee = np.array([[[.9, .1], [.6, .4]], [[.2, .8], [.7, .3]]])
        >>> view = View(np.zeros((2, 1), np.float32), None, committee, None, None,
        ...             np.random.default_rng(0))
        >>> vote_entropy(view, params={}).round(4).tolist()
        [0.6931, 0.0]
    """
    committee = members(view)
    k = len(committee)
    shares = np.arange(k + 1) / k
    # k + 1 different shares of the votes: their logarithms are looked up
    terms = -shares * np.log(np.maximum(shares, np.finfo(np.float64).tiny))
    score: Floats = np.abs(terms)[votes(committee)].sum(axis=0)
    return score


@strategy("consensus-entropy", needs=("committee",))
def consensus_entropy(view: View, *, params: Params) -> Floats:
    """Score by the entropy of the members' mean: H(mean_k p), in nats.

    Returns:
        (n,) in [0, log C].

    Source:
        Settles (2009), Active learning literature survey, section 3.2.

    Example:
        >>> import numpy as np
        >>> from activeloop.learn.types import View
        >>> committee = np.array([[[1., 0.]], [[0., 1.]]])
        >>> view = View(np.zeros((1, 1), np.float32), None, committee, None, None,
        ...             np.random.default_rng(0))
        >>> consensus_entropy(view, params={}).round(4).tolist()
        [0.6931]
    """
    return entropies(members(view).mean(axis=0))
