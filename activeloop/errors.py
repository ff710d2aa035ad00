"""Every way activeloop says no: one root, so a door catches once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where it is, what is wrong, what to do about it."""

    where: str
    problem: str
    remedy: str = ""


class ActiveloopError(Exception):
    """Something went wrong."""

    def __init__(self, message: str = "", *, problems: Sequence[Problem] = ()) -> None:
        """Keep the sentence (the class docstring's first line when none is given) and the details.

        Args:
            message: one or two sentences: what was found, what was wanted, what to do.
            problems: the fields or rows at fault, when the input has several.
        """
        doc = (type(self).__doc__ or "").strip().splitlines()[0]
        self.message = message or doc
        self.problems = tuple(problems)
        super().__init__(self.message)


class Invalid(ActiveloopError):
    """The input is not valid."""

    @classmethod
    def field(cls, where: str, problem: str, remedy: str = "") -> Invalid:
        """Make the error for one field, its sentence made from the parts."""
        sentence = f"{where}: {problem}" + (f" {remedy}" if remedy else "")
        return cls(sentence, problems=[Problem(where, problem, remedy)])


class TooLarge(Invalid):
    """The input is larger than the limit."""


class UnsupportedFormat(Invalid):
    """The file is of a kind that cannot be imported."""


class NotFound(ActiveloopError):
    """There is no such thing."""


class Conflict(ActiveloopError):
    """This cannot be done in the present state."""


class Unauthenticated(ActiveloopError):
    """Sign in first."""


class Forbidden(ActiveloopError):
    """Your role does not allow this."""


class TooMany(ActiveloopError):
    """Too many attempts; wait a little and try again."""


class NotReady(ActiveloopError):
    """This is not available yet."""


class Misconfigured(ActiveloopError):
    """A setting is missing or wrong."""


class Corrupt(ActiveloopError):
    """A stored file does not match its digest."""


class CannotLearn(ActiveloopError):
    """There is not enough to learn from yet."""


class Needs(CannotLearn):
    """A strategy or recipe lacks something it needs (a model, a committee, features)."""


class Transient(ActiveloopError):
    """A passing fault: the same work may be tried again."""


class Crossed(Transient):
    """Two requests wanted the same thing at the same moment; the same request again will do."""


class Fenced(Transient):
    """Another worker has taken this job over; this one's result is dropped."""
