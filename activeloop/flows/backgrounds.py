"""The average sample that a version learned from: what contributions are counted from."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from activeloop.flows import featurising, models
from activeloop.flows.snapshots import snapshot
from activeloop.spec import parse_spec
from activeloop.store.tables import Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from activeloop.learn.explain import Linear

AT_ONCE = 1000
"""Rows of features in memory together."""
KEPT = 8
"""Versions whose average sample a process keeps; it is made again from the feature blocks."""


@dataclass(frozen=True, eq=False)
class Background:
    """What a version's scores are counted from.

    Attributes:
        seqs: the training samples, by number.
        linear: the version's linear scores.
        mean: (width,) the mean of their features.
        base: (c,) the scores of that mean.
    """

    seqs: tuple[int, ...]
    linear: Linear
    mean: NDArray[np.float64]
    base: NDArray[np.float64]


_kept: OrderedDict[tuple[str, int], Background] = OrderedDict()
_lock = threading.Lock()


def of(services: Services, version: Version) -> Background | None:
    """Give what a version's scores are counted from; None when they are not linear.

    Raises:
        NotFound: when its model file is gone.
    """
    from activeloop.learn.explain import linear_of

    key = (version.artifact, version.id)
    linear = linear_of(models.read(services, version.artifact))
    if linear is None:
        return None
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    seqs = _learned(services, version)
    mean = _mean(services, version.featurizer_id, seqs, linear.width)
    found = Background(seqs, linear, mean, linear.base(mean))
    with _lock:
        _kept[key] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def _learned(services: Services, version: Version) -> tuple[int, ...]:
    with services.read() as session:
        train, _ = snapshot(
            session,
            version.project_id,
            parse_spec(version.spec),
            version.snapshot,
            label_set=version.label_set,
        )
    return tuple(train.seqs)


def _mean(
    services: Services, featurizer_id: int, seqs: tuple[int, ...], width: int
) -> NDArray[np.float64]:
    import numpy as np

    total = np.zeros(width)
    for at in range(0, len(seqs), AT_ONCE):
        X = featurising.rows(services, featurizer_id, seqs[at : at + AT_ONCE])
        total += np.asarray(X.sum(axis=0, dtype=np.float64)).ravel()
    return total / max(1, len(seqs))
