"""Read models from the artifact store, the last few from memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.learn.types import Model

KEPT = 4
"""How many models a process keeps: a sweep's, for its next range, and those of other projects."""

_kept: OrderedDict[str, Model] = OrderedDict()
_lock = threading.Lock()


def read(services: Services, artifact: str) -> Model:
    """Give the model of an artifact; its name is a digest, so one from memory is the same."""
    from activeloop.learn import persist

    with _lock:
        if artifact in _kept:
            _kept.move_to_end(artifact)
            return _kept[artifact]
    model = persist.load(services.artifacts.get(artifact))
    with _lock:
        _kept[artifact] = model
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return model
