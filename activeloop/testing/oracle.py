"""Annotators who know the truth, and err as often as they are told to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from activeloop import answers
from activeloop.errors import Invalid, NotFound
from activeloop.spec import Answer

if TYPE_CHECKING:
    import numpy as np


class Oracle:
    """Answers from known labels, wrongly with probability `noise`.

    A wrong answer is any of the other classes, each as likely. Where an answer may be several
    classes, a wrong one has one class too many or too few, each class as likely. The noise is
    drawn per answer, so two oracles with their own rng err independently, and one asked twice may
    change its mind.

    Example:
        >>> import numpy as np
        >>> oracle = Oracle({"a": "cat", "b": "dog"}, noise=0.0, rng=np.random.default_rng(0))
        >>> oracle.answer("a")
        'cat'
    """

    def __init__(
        self,
        truth: Mapping[str, str],
        noise: float,
        rng: np.random.Generator,
        *,
        classes: tuple[str, ...] = (),
        several: bool = False,
    ) -> None:
        """Keep the truth.

        Args:
            truth: the right answer by external id, as text (see `activeloop.answers`).
            noise: how likely an answer is wrong, 0 to 1.
            rng: draws the errors.
            classes: what can be answered; the labels that occur, when empty.
            several: whether an answer may be several classes.

        Raises:
            Invalid: for a noise outside 0..1, or noise with a single class.
        """
        self._answer: Answer = "several" if several else "one"
        said = {name for text in truth.values() for name in answers.read(self._answer, text)}
        self.classes = classes or tuple(sorted(said))
        if not 0 <= noise <= 1:
            raise Invalid(f"noise must lie in 0..1, got {noise}.")
        if noise > 0 and len(self.classes) < 2:
            raise Invalid("An oracle that errs needs at least two classes.")
        self._truth, self._noise, self._rng = truth, noise, rng

    def answer(self, external_id: str) -> str:
        """Give an answer for one sample, as text.

        Raises:
            NotFound: when the truth about it is not known.
        """
        right = self._truth.get(external_id)
        if right is None:
            raise NotFound(f"The oracle knows nothing of sample {external_id!r}.")
        if self._rng.random() >= self._noise:
            return right
        if self._answer == "several":
            names = set(answers.read(self._answer, right))
            one = self.classes[int(self._rng.integers(len(self.classes)))]
            return answers.joined(names ^ {one}, self.classes)
        others = [name for name in self.classes if name != right]
        return others[int(self._rng.integers(len(others)))]
