"""Names that classes had before: a file that was written then is read in the words of today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from activeloop.errors import Crossed
from activeloop.learn import agreement
from activeloop.spec import ProjectSpec
from activeloop.store import label_sets, labels
from activeloop.store.db import Session


@dataclass(frozen=True)
class Former:
    """What the classes of today were called before, and which change of them was the last.

    Attributes:
        label_set: the number of that change.
        names: old name to the name of today; those that were split or retired are not in it.
    """

    label_set: int = 0
    names: Mapping[str, str] = field(default_factory=dict)

    def today(self, label: str | None) -> str | None:
        """Put a label into the words of today."""
        return self.names.get(label, label) if label is not None else None


def read(session: Session, project_id: int, spec: ProjectSpec) -> Former:
    """Read the former names of a project's classes.

    Of several labels there are none: what a list of names would come to depends on all of them.
    """
    changes = labels.changes(session, project_id)
    number = changes[-1].number if changes else 0
    if spec.answer == "several":
        return Former(number)
    rule = agreement.Rule(changes=changes)
    names: dict[str, str] = {}
    for change in changes:
        for old in change.mapping:
            called = agreement.carried(old, change.number - 1, rule)
            names.pop(old, None)  # the name may have been used twice; the later use counts
            if called in spec.classes and old not in spec.classes:
                names[old] = called
    return Former(number, names)


def hold_to(session: Session, project_id: int, former: Former) -> None:
    """Make sure, once labels have their numbers, that their classes are still those of today.

    Raises:
        Crossed: when the label set was changed since; reading goes on from where it was.
    """
    if label_sets.last_number(session, project_id) != former.label_set:
        raise Crossed("The classes were changed during the import; it goes on in the new words.")
