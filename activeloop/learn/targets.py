"""From answers as text to what a recipe learns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from activeloop import answers
from activeloop.learn.types import Targets
from activeloop.spec import Answer


def encode(answer: Answer, classes: Sequence[str], texts: Sequence[str]) -> Targets:
    """Turn answers into class indices, or into marks when an answer may be several classes.

    Args:
        answer: the project's kind of answer.
        classes: its C class names, in order.
        texts: n answers in the words of these classes (see `activeloop.answers`).

    Returns:
        (n,) indices, or (n, C) marks.

    Raises:
        KeyError: for a name that is no class.

    Example:
        >>> encode("one", ["a", "b"], ["b", "a"]).tolist()
        [1, 0]
        >>> encode("several", ["a", "b"], ['["b"]', "[]"]).tolist()
        [[False, True], [False, False]]
    """
    index = {name: place for place, name in enumerate(classes)}
    if answer == "one":
        return np.array([index[text] for text in texts], np.int64)
    marks = np.zeros((len(texts), len(classes)), np.bool_)
    for row, text in enumerate(texts):
        for name in answers.read(answer, text):
            marks[row, index[name]] = True
    return marks
