"""A change of a project's classes: what is asked for, checked, and the spec that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from activeloop.errors import Invalid
from activeloop.spec import ClassDetail, ProjectSpec, parse_spec

Kind = Literal["rename", "merge", "split", "add", "retire"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Names = Mapping[str, str | None]
"""What each class that changes becomes: another name, or None where it has no successor."""
LEAST = 2
"""The fewest classes that are merged, or that one is split into."""


@dataclass(frozen=True)
class Wanted:
    """A change that somebody asks for.

    Attributes:
        classes: the classes that change; none when some are added.
        into: what becomes of them: one name for rename and merge, several for split and add.
        details: what annotators are told of the new ones.
    """

    kind: Kind
    classes: tuple[str, ...] = ()
    into: tuple[str, ...] = ()
    details: Mapping[str, ClassDetail] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A change that fits the project: how names map, and the spec before and after it."""

    kind: Kind
    mapping: Names
    before: ProjectSpec
    after: ProjectSpec

    @property
    def sentence(self) -> str:
        """Say what is done, as in "renamed 'cat' to 'feline'"."""
        return told(self.kind, self.mapping, self.before.classes, self.after.classes)


def plan(spec: ProjectSpec, wanted: Wanted) -> Plan:
    """Work out what a change does to the spec.

    Raises:
        Invalid: when it does not fit the project's classes.
    """
    known(spec, wanted.classes)
    mapping = _MAPPINGS[wanted.kind](spec, wanted)
    names = _order(spec.classes, mapping, wanted.into)
    details = _details(spec, wanted, mapping)
    values = {
        "classes": names,
        "class_details": {name: each for name, each in details.items() if name in names},
    }
    return Plan(wanted.kind, mapping, spec, parse_spec(spec.dump() | values))


def told(kind: str, mapping: Names, before: Sequence[str], after: Sequence[str]) -> str:
    """Say what a change did.

    Example:
        >>> told("merge", {"a": "c", "b": "c"}, ["a", "b", "d"], ["c", "d"])
        "merged 'a' and 'b' into 'c'"
        >>> told("split", {"a": None}, ["a", "d"], ["x", "y", "d"])
        "split 'a' into 'x' and 'y'"
    """
    olds = listed([name for name in before if name in mapping])
    news = listed([name for name in after if name not in before or name in mapping])
    return {
        "rename": f"renamed {olds} to {news}",
        "merge": f"merged {olds} into {next(iter(mapping.values()), '')!r}",
        "split": f"split {olds} into {news}",
        "add": f"added {news}",
        "retire": f"retired {olds}",
    }[kind]


def listed(names: Sequence[str]) -> str:
    """Write names in a row, the last after "and"."""
    quoted = [repr(name) for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def known(spec: ProjectSpec, names: Sequence[str]) -> None:
    """Make sure that these are classes of the project, each named once.

    Raises:
        Invalid: when they are not.
    """
    for name in names:
        if name not in spec.classes:
            raise Invalid.field("classes", f"{name!r} is not a class of this project.")
    if len(set(names)) < len(names):
        raise Invalid.field("classes", "names a class twice.")


def _count(where: str, names: Sequence[str], least: int, most: int | None) -> None:
    if len(names) < least or (most is not None and len(names) > most):
        wanted = str(least) if most == least else f"{least} or more"
        raise Invalid.field(where, f"wants {wanted} names, has {len(names)}.")


def _fresh(spec: ProjectSpec, names: Sequence[str], *, but: Sequence[str] = ()) -> None:
    for name in names:
        if name in spec.classes and name not in but:
            raise Invalid.field("into", f"{name!r} is a class of this project already.")
    if len(set(names)) < len(names):
        raise Invalid.field("into", "names a class twice.")


def _rename(spec: ProjectSpec, wanted: Wanted) -> dict[str, str | None]:
    _count("classes", wanted.classes, 1, 1)
    _count("into", wanted.into, 1, 1)
    _fresh(spec, wanted.into)
    return {wanted.classes[0]: wanted.into[0]}


def _merge(spec: ProjectSpec, wanted: Wanted) -> dict[str, str | None]:
    _count("into", wanted.into, 1, 1)
    target = wanted.into[0]
    joined = set(wanted.classes) | ({target} & set(spec.classes))
    _count("classes", sorted(joined), LEAST, None)
    return {name: target for name in spec.classes if name in joined and name != target}


def _split(spec: ProjectSpec, wanted: Wanted) -> dict[str, str | None]:
    _count("classes", wanted.classes, 1, 1)
    _count("into", wanted.into, LEAST, None)
    _fresh(spec, wanted.into, but=wanted.classes)
    return {wanted.classes[0]: None}


def _add(spec: ProjectSpec, wanted: Wanted) -> dict[str, str | None]:
    _count("classes", wanted.classes, 0, 0)
    _count("into", wanted.into, 1, None)
    _fresh(spec, wanted.into)
    return {}


def _retire(_spec: ProjectSpec, wanted: Wanted) -> dict[str, str | None]:
    _count("classes", wanted.classes, 1, None)
    _count("into", wanted.into, 0, 0)
    return dict.fromkeys(wanted.classes)


_MAPPINGS: dict[Kind, Callable[[ProjectSpec, Wanted], dict[str, str | None]]] = {
    "rename": _rename,
    "merge": _merge,
    "split": _split,
    "add": _add,
    "retire": _retire,
}


def _order(classes: Sequence[str], mapping: Names, into: Sequence[str]) -> list[str]:
    """Put new names where the first class that changes stood; those added come last."""
    kept = [name for name in classes if name not in mapping]
    new = [name for name in into if name in mapping or name not in classes]
    first = next((at for at, name in enumerate(classes) if name in mapping), len(kept))
    return kept[:first] + new + kept[first:]


def _details(spec: ProjectSpec, wanted: Wanted, mapping: Names) -> dict[str, Any]:
    """Keep what is told of classes: under a new name, and of the first of those merged."""
    kept: dict[str, ClassDetail] = {}
    for name in spec.classes:
        called = mapping.get(name, name)
        if called is not None and name in spec.class_details:
            kept.setdefault(called, spec.class_details[name])
    # a class that others are merged into keeps its own
    kept |= {name: spec.class_details[name] for name in wanted.into if name in spec.class_details}
    kept |= wanted.details
    return {name: each.model_dump(mode="json") for name, each in kept.items()}
