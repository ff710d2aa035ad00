"""The page people label on. It only carries what the script needs; the script does the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, render_template
from markupsafe import Markup

from activeloop.flows import projects, status
from activeloop.spec import ClassDetail, ProjectSpec
from web.auth import role
from web.context import services, the_project

MANY = 10
"""With more classes than keys they are filtered by typing."""
SHORT = 60
"""Characters of a description that stands under the name of its class."""


@dataclass(frozen=True)
class Choice:
    """A class as it stands on the page."""

    name: str
    detail: ClassDetail

    @property
    def breakable(self) -> Markup:
        """The name, which may break into lines after each underscore."""
        return Markup("<wbr>").join(re.findall(r"[^_]*_+|[^_]+", self.name))

    @property
    def short(self) -> str:
        """The description when it is short enough to stand on the button."""
        told = self.detail.description
        return told if len(told) <= SHORT else ""

    @property
    def words(self) -> str:
        """What else the class is found by."""
        return f"{self.name} {self.detail.group} {self.detail.description}"


def install(pages: Blueprint) -> None:
    """Add the route."""
    pages.add_url_rule("/projects/<int:project_id>/label", "label", label)


@role("annotator")
def label(project_id: int) -> str:
    """Show the labelling page of a project."""
    with services().read() as session:
        project = the_project(session, project_id)
        report = status.report(session, project)
        spec = projects.spec_of(project)
    groups = grouped(spec)
    every = [each for _, classes in groups for each in classes]
    return render_template(
        "label.html",
        s=report,
        spec=spec,
        groups=groups,
        explained=[each for each in every if each.detail.description or each.detail.examples],
        many=len(spec.classes) > MANY,
        has=" ".join(_has(spec)),
    )


def grouped(spec: ProjectSpec) -> list[tuple[str, list[Choice]]]:
    """Put the classes under their headings, in the order in which each heading first comes.

    Those without a heading come first.
    """
    every = [Choice(name, spec.class_details.get(name, ClassDetail())) for name in spec.classes]
    headings = list(dict.fromkeys(["", *(each.detail.group for each in every)]))
    ordered = sorted(every, key=lambda each: headings.index(each.detail.group))
    return [
        (heading, list(classes))
        for heading, classes in groupby(ordered, key=lambda each: each.detail.group)
    ]


def _has(spec: ProjectSpec) -> Iterator[str]:
    """Name what the page has only in some projects; the key sheet leaves the others out."""
    if spec.kind == "image":
        yield "pictures"
    if len(spec.classes) > MANY:
        yield "filters"
    if spec.offer_groups:
        yield "groups"
    if spec.suggestions.show:
        yield "suggests"
    if any(each.key for each in spec.class_details.values()):
        yield "own"
