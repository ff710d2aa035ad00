"""The value of an answer as text, the form in which it is stored, compared and counted.

For one label that is the class name. For several it is a JSON array of class names in the order of
the project's classes, so that the same set is always the same text; `[]` is none of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from activeloop.spec import Answer, ProjectSpec


def write(spec: ProjectSpec, names: Iterable[str]) -> str:
    """Give the text of an answer; `names` are classes of the project.

    Example:
        >>> from activeloop.spec import parse_spec
        >>> few = {"name": "few", "kind": "text", "classes": ["b", "a"], "answer": "several"}
        >>> write(parse_spec(few), {"a", "b"})
        '["b", "a"]'
    """
    if spec.answer == "one":
        (name,) = names
        return name
    return joined(set(names), spec.classes)


def joined(names: Iterable[str], classes: Sequence[str]) -> str:
    """Give the text of several names, in the order of `classes`; unknown ones come last, sorted."""
    given = set(names)
    ordered = [name for name in classes if name in given]
    return json.dumps([*ordered, *sorted(given.difference(classes))], ensure_ascii=False)


def read(answer: Answer, text: str) -> tuple[str, ...]:
    """Give the class names in an answer's text.

    Example:
        >>> read("several", '["a", "b"]')
        ('a', 'b')
        >>> read("one", "[]")
        ('[]',)
    """
    return (text,) if answer == "one" else tuple(json.loads(text))
