"""Explanations as people see them: tints and bars of eleven steps, and tables that add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template

from activeloop import searchable
from activeloop.flows import asked_because, explaining, explaining_versions, projects
from web.context import services
from web.schemas_explanations import ExplanationQuery

STEPS = 5
"""How strong a tint may be, for and against; the sixth is none."""
SHOWN = 12
"""Words or regions that the table names; the others are one line."""
SHOWN_CLASSES = 40
"""Classes of which is shown what a version looks at."""


@dataclass(frozen=True)
class Bar:
    """A line of a table: what adds how much, as a word, a number and a length up to 50."""

    name: str
    given: float
    length: float
    note: str = ""
    whole: bool = False

    @property
    def side(self) -> str:
        """Give the class that colours it."""
        return "for" if self.given > 0 else "against"


def why(project_id: int, sample_id: int, query: ExplanationQuery) -> str:
    """Draw why a version gives a sample its label."""
    told = explaining.of_sample(
        services(), project_id, sample_id, number=query.version, name=query.class_
    )
    with services().read() as session:
        versions = explaining.choices(session, projects.find(session, project_id))
    return render_template(
        "parts/why.html",
        e=told,
        project_id=project_id,
        versions=versions,
        classes=_choices(told["classes"]) if told["version"] else [],
        **(_drawn(told) if "score" in told else {}),
    )


def asked(project_id: int, sample_id: int) -> str:
    """Tell why a sample was asked."""
    return render_template(
        "parts/asked.html", asked=asked_because.of_sample(services(), project_id, sample_id)
    )


def overall(project_id: int, number: int) -> str:
    """Draw what a version looks at."""
    told = explaining_versions.of_version(services(), project_id, number)
    shown = [_overall(each) for each in told["classes"][:SHOWN_CLASSES]]
    return render_template("parts/overall.html", o=told, shown=shown)


def tint(given: float, most: float) -> str:
    """Give the class of a tint: none when it is less than a tenth of the strongest.

    >>> tint(0.6, 1.0), tint(-1.0, 1.0), tint(0.05, 1.0), tint(0.0, 0.0)
    ('for-3', 'against-5', '', '')
    """
    step = round(STEPS * abs(given) / most) if most else 0
    return f"{'for' if given > 0 else 'against'}-{step}" if step else ""


def _choices(classes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give each class a value that finds it again: its name of today, if it is its own."""
    names = [each["name"] for each in classes]
    return [
        {**each, "value": each["name"] if names.count(each["name"]) == 1 else each["was"]}
        for each in classes
    ]


def _drawn(told: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the template draws of an explanation."""
    most = max((abs(each["given"]) for each in told["pieces"]), default=0.0)
    cells = [abs(cell) for row in told["grid"] or () for cell in row]
    return {
        "pieces": [(each["text"], tint(each["given"], most)) for each in told["pieces"]],
        "grid": _tinted(told["grid"], max(cells)) if cells else None,
        "bars": _bars(told),
    }


def _tinted(grid: Sequence[Sequence[float]], most: float) -> list[tuple[int, int, str]]:
    return [
        (column, row, tint(cell, most))
        for row, cells in enumerate(grid)
        for column, cell in enumerate(cells)
    ]


def _bars(told: Mapping[str, Any]) -> list[Bar]:
    """List what adds to the score: the strongest, the others, what stands apart; it adds up."""
    named = list(_named(told))
    named.sort(key=lambda each: -abs(each[1]))
    shown = named[: len(told["lines"]) or SHOWN]
    rest = named[len(shown) :]
    apart = [(each["name"], each["given"], "") for each in told["apart"]]
    if rest:
        apart.insert(0, (f"The other {len(rest):,}", sum(each[1] for each in rest), ""))
    most = max((abs(each[1]) for each in (*shown, *apart)), default=0.0) or 1.0
    return [
        *(Bar(name, given, 50 * abs(given) / most, note) for name, given, note in shown),
        *(
            Bar(name, given, 50 * abs(given) / most, note, whole=True)
            for name, given, note in apart
        ),
    ]


def _named(told: Mapping[str, Any]) -> Iterable[tuple[str, float, str]]:
    """Name each thing that adds; a word that stands in the text twice is one."""
    totals: dict[str, list[float]] = {}
    for piece in told["pieces"]:
        if not piece["text"].isspace():
            totals.setdefault(piece["text"], []).append(piece["given"])
    for text, given in totals.items():
        yield text, sum(given), f"{len(given)} times" if len(given) > 1 else ""
    for row, cells in enumerate(told["grid"] or (), 1):
        for column, cell in enumerate(cells, 1):
            yield f"Row {row}, column {column}", cell, ""
    for line in told["lines"]:
        value = "missing" if line["value"] in (None, "") else searchable.said(line["value"])
        yield line["name"], line["given"], value


def _overall(found: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the template draws of a class of a version."""
    lines = [
        Bar(each["name"], each["strength"], 0, _direction(each)) for each in found.get("lines", ())
    ]
    words = {
        side: [Bar(each["name"], each["given"], 0, f"{each['times']:,}") for each in found[side]]
        for side in ("towards", "against")
        if side in found
    }
    most = max([abs(bar.given) for each in (lines, *words.values()) for bar in each], default=0.0)
    cells = [cell for row in found.get("grid", ()) for cell in row]
    return {
        "name": found["name"],
        "was": found["was"],
        "words": {side: _lengths(bars, most) for side, bars in words.items()},
        "lines": _lengths(lines, most),
        "grid": _tinted(found["grid"], max(cells)) if cells else None,
        "apart": found.get("apart", ()),
    }


def _lengths(bars: Sequence[Bar], most: float) -> list[Bar]:
    return [Bar(bar.name, bar.given, 50 * abs(bar.given) / (most or 1), bar.note) for bar in bars]


def _direction(line: Mapping[str, Any]) -> str:
    if line["best"] is not None:
        return f"most for it {line['best']}, most against it {line['worst']}"
    if line["more"] is not None:
        return "larger numbers speak for it" if line["more"] else "smaller numbers speak for it"
    return ""
