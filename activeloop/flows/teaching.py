"""Say what labels cannot teach yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from activeloop import answers
from activeloop.errors import CannotLearn
from activeloop.spec import Answer, ProjectSpec

LISTED = 3


def check_differ(answer: Answer, seen: Iterable[str], *, where: str = "") -> None:
    """Refuse to train while nothing can be told apart.

    Args:
        answer: the project's kind of answer.
        seen: the different answers to the training samples, as text.
        where: what is said of the labels that count, with a space before.

    Raises:
        CannotLearn: when there are fewer than two.
    """
    found = list(dict.fromkeys(seen))
    if len(found) >= 2:
        return
    if answer == "one":
        only = f"only {found[0]!r} has labels" if found else "nothing is labelled"
        raise CannotLearn(f"Training needs labels of at least two classes{where}; {only}.")
    names = answers.read(answer, found[0]) if found else ()
    same = f"every sample has {_listed(names)}" if names else "no sample has any label"
    only = same if found else "nothing is labelled"
    raise CannotLearn(f"Training needs two different answers{where}; {only}.")


def rates(spec: ProjectSpec, texts: Sequence[str]) -> str:
    """Say which classes are told by a base rate, because the labels do not tell them apart.

    Returns:
        A sentence with a space before it; empty when there is no such class, or for one label.
    """
    if spec.answer == "one" or not texts:
        return ""
    counts = Counter(name for text in texts for name in answers.read(spec.answer, text))
    never = [name for name in spec.classes if not counts[name]]
    always = [name for name in spec.classes if counts[name] == len(texts)]
    said = [
        f"{how} {_listed(names)}"
        for how, names in (("no sample has", never), ("every sample has", always))
        if names
    ]
    if not said:
        return ""
    told = " and ".join(said)
    return f" {told[0].upper()}{told[1:]}: only a base rate stands for that."


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(map(repr, names[:LISTED])) + more
