"""The label of every sample by Dawid and Skene, from the events of a project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from activeloop import answers
from activeloop.events import Event
from activeloop.learn import agreement
from activeloop.learn.agreement import SAID, Rule
from activeloop.learn.crowd.dawid_skene import dawid_skene
from activeloop.learn.crowd.sheet import NOBODY, Sheet
from activeloop.learn.types import Floats, Ints

TIED = 1e-6
"""Two classes whose probabilities differ by less are as likely."""


@dataclass(frozen=True)
class Believed:
    """The likeliest label of a sample, None when two are as likely, and its probability.

    `confidence` is, of several labels, that of the class which is least sure.
    """

    label: str | None
    confidence: float


@dataclass(frozen=True)
class Said:
    """What stands of a project's events.

    Attributes:
        samples: the ids of the samples that somebody answered, in order.
        people: the ids of those who answered, in order.
        rows: (sample, person, value) of each answer, as places in the two lists and text.
        known: the values that are fixed, by sample id: imported, or a reviewer's decision.
    """

    samples: Sequence[int]
    people: Sequence[int]
    rows: Sequence[tuple[int, int, str]]
    known: Mapping[int, str] = field(default_factory=dict)

    @property
    def fixed(self) -> Mapping[int, str]:
        """The known values of the samples that somebody answered, by their place."""
        return {at: self.known[s] for at, s in enumerate(self.samples) if s in self.known}


def gathered(events: Iterable[Event], rule: Rule) -> Said:
    """Read from a project's events, in order, what counts and was not taken back."""
    by_sample: dict[int, list[Event]] = {}
    for event in events:
        by_sample.setdefault(event.sample_id, []).append(event)
    given: list[tuple[int, int, str]] = []
    known: dict[int, str] = {}
    for sample, its in by_sample.items():
        standing = list(agreement.stands(its, rule))
        fixed = _fixed(standing)
        if fixed is not None:
            known[sample] = fixed
        given += [(sample, event.user_id or 0, value) for event, value in standing
                  if event.kind in SAID]  # fmt: skip
    samples = sorted({sample for sample, _, _ in given})
    people = sorted({person for _, person, _ in given})
    row, column = ({each: at for at, each in enumerate(ids)} for ids in (samples, people))
    rows = sorted((row[sample], column[person], value) for sample, person, value in given)
    return Said(samples, people, rows, known)


def _fixed(standing: Sequence[tuple[Event, str]]) -> str | None:
    """Give the last decision, or else the label that came with the file."""
    for kind in ("decision", "imported"):
        values = [value for event, value in standing if event.kind == kind]
        if values:
            return values[-1]
    return None


def believe(said: Said, classes: Sequence[str], *, several: bool) -> dict[int, Believed]:
    """Give each sample's likeliest label, by its id; what is known is certain.

    Of several labels, each class is asked by itself whether it is in.

    Args:
        said: what stands.
        classes: the project's classes, in order.
        several: whether an answer is a set of classes.
    """
    certain = {sample: Believed(value, 1.0) for sample, value in said.known.items()}
    if not said.samples:
        return certain
    found = _marks(said, classes) if several else _names(said, classes)
    return dict(zip(said.samples, found, strict=True)) | certain


def confidences(
    said: Said, classes: Sequence[str], labels: Mapping[int, str], *, several: bool
) -> dict[int, float]:
    """Tell how likely given labels are; for a sample that has none, how likely its likeliest is.

    Args:
        said: what stands.
        classes: the project's classes, in order.
        labels: labels by sample id, from this or another consensus.
        several: whether an answer is a set of classes.
    """
    if not said.samples:
        return dict.fromkeys(said.known, 1.0)
    names, proba = _chances(said, classes, several=several)
    place = {name: at for at, name in enumerate(names)}
    sure = np.maximum(proba, 1 - proba).min(axis=1) if several else proba.max(axis=1)
    for at, sample in enumerate(said.samples):
        label = labels.get(sample)
        if label is None:
            continue
        named = [place[name] for name in answers.read("several" if several else "one", label)]
        if several:
            mine = 1 - proba[at]
            mine[named] = proba[at, named]
            sure[at] = mine.min()
        else:
            sure[at] = proba[at, named[0]]
    found = dict(zip(said.samples, map(float, sure), strict=True))
    return found | dict.fromkeys(said.known, 1.0)


def _chances(said: Said, classes: Sequence[str], *, several: bool) -> tuple[Sequence[str], Floats]:
    """Give the classes' names, and (n, C) how likely each sample is of each."""
    if several:
        names = named(said, classes)
        marks = [chance_of_yes(*pair) for pair in sheets_of_marks(said, names)]
        return names, np.column_stack(marks)
    sheet, known, names = sheet_of(said, classes)
    return names, dawid_skene(sheet, known=known).proba


def _names(said: Said, classes: Sequence[str]) -> list[Believed]:
    names, proba = _chances(said, classes, several=False)
    ranked = np.sort(proba, axis=1)
    clear = ranked[:, -1] - ranked[:, -2] > TIED
    return [
        Believed(names[best] if alone else None, float(most))
        for best, alone, most in zip(proba.argmax(axis=1), clear, ranked[:, -1], strict=True)
    ]


def sheet_of(said: Said, classes: Sequence[str]) -> tuple[Sheet, Ints, list[str]]:
    """Give the answers of one class as numbers, the known classes, and what the numbers mean."""
    values = {value for _, _, value in said.rows} | set(said.fixed.values())
    names = [*classes, *sorted(values.difference(classes))]
    number = {name: at for at, name in enumerate(names)}
    known = np.full(len(said.samples), NOBODY)
    for at, value in said.fixed.items():
        known[at] = number[value]
    sheet = _sheet(said, [number[value] for _, _, value in said.rows], len(names))
    return sheet, known, names


def named(said: Said, classes: Sequence[str]) -> list[str]:
    """List the project's classes, and after them those that older answers name."""
    sets = _sets(said).values()
    return [*classes, *sorted(frozenset().union(*sets).difference(classes))]


def _sets(said: Said) -> dict[str, frozenset[str]]:
    values = {value for _, _, value in said.rows} | set(said.fixed.values())
    return {value: frozenset(answers.read("several", value)) for value in values}


def sheets_of_marks(said: Said, classes: Sequence[str]) -> Iterable[tuple[Sheet, Ints]]:
    """Give, for each class, the answers as no (0) and yes (1), and where that is known."""
    sets = _sets(said)
    sheet = _sheet(said, [0] * len(said.rows), 2)
    for name in classes:
        marks = np.array([name in sets[value] for _, _, value in said.rows], dtype=np.int64)
        known = np.full(len(said.samples), NOBODY)
        for at, value in said.fixed.items():
            known[at] = int(name in sets[value])
        yield replace(sheet, said=marks), known


def _sheet(said: Said, numbers: Sequence[int], n_classes: int) -> Sheet:
    places = np.array([row[:2] for row in said.rows], dtype=np.int64).reshape(-1, 2)
    return Sheet(
        places[:, 0],
        places[:, 1],
        np.array(numbers, dtype=np.int64),
        len(said.samples),
        len(said.people),
        n_classes,
    )


def _marks(said: Said, classes: Sequence[str]) -> list[Believed]:
    names, chances = _chances(said, classes, several=True)
    tied = np.any(np.abs(2 * chances - 1) <= TIED, axis=1)
    sure = np.maximum(chances, 1 - chances).min(axis=1)
    return [
        Believed(
            None if unclear else answers.joined(
                (name for name, chance in zip(names, row, strict=True) if chance > 0.5), classes
            ),
            float(least),
        )
        for row, unclear, least in zip(chances, tied, sure, strict=True)
    ]  # fmt: skip


def chance_of_yes(sheet: Sheet, known: Ints) -> Floats:
    """Give (n_samples,) how likely a class is in."""
    proba: Floats = dawid_skene(sheet, known=known).proba[:, 1]
    return proba
