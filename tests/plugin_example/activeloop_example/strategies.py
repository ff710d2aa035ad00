"""Two query strategies: one that scores, and one that also chooses the batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from activeloop.errors import Needs
from activeloop.learn.diversity import Spread
from activeloop.learn.strategies import Strategy, strategy
from activeloop.learn.types import Floats, View


@strategy("example-ratio")
def ratio(view: View, *, params: Any) -> Floats:
    """Score by how near the second likeliest class comes to the first: p2 / p1, in [0, 1]."""
    if view.proba is None:
        raise Needs("Strategy 'example-ratio' needs a trained model, and there is none yet.")
    ordered = np.sort(view.proba, axis=1)
    found: Floats = ordered[:, -2] / ordered[:, -1]
    return found


def farthest(view: View, *, scores: Floats, model: Any, batch_size: int, params: Any) -> Spread:
    """Take the best row, then always the one whose probabilities are farthest from those taken."""
    proba: Any = view.proba
    chosen = [int(scores.argmax())]
    distances = np.full(len(scores), np.inf)
    while len(chosen) < min(batch_size, len(scores)):
        distances = np.minimum(distances, np.square(proba - proba[chosen[-1]]).sum(axis=1))
        distances[chosen] = -1
        chosen.append(int(distances.argmax()))
    return Spread(np.array(chosen), np.ones(len(chosen)))


FARTHEST = Strategy("example-farthest", ratio, picks="shortlist", choose=farthest)
