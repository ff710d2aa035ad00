"""The report on suggestions: whether seeing the model's label sways people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from activeloop.flows.team_work import Answer, told
from activeloop.learn.crowd.anchoring import anchoring


def swayed(answers: Sequence[Answer]) -> dict[str, Any] | None:
    """Compare agreement with suggestions shown and hidden; None where none was ever shown.

    What was answered before the first one was shown is left out: then nothing was hidden by
    chance, and the samples were others.
    """
    first = next((at for at, answer in enumerate(answers) if answer.shown), None)
    if first is None:
        return None
    suggested = [a for a in answers[first:] if a.suggestion is not None and a.value is not None]
    found = anchoring(
        np.array([answer.value == answer.suggestion for answer in suggested], dtype=bool),
        np.array([answer.shown for answer in suggested], dtype=bool),
    )
    return {
        "shown": told(found.shown),
        "hidden": told(found.hidden),
        "difference": told(found.difference),
        "meaning": found.meaning,
    }
