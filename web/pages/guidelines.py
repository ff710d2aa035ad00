"""The guidelines: read by annotators, written by engineers, with every version there was."""

from __future__ import annotations

from flask import Blueprint, render_template
from markupsafe import Markup

from activeloop.flows import guidelines
from web.auth import role
from web.context import account, services, the_project


def install(pages: Blueprint) -> None:
    """Add the route."""
    pages.add_url_rule("/projects/<int:project_id>/guidelines", "guidelines", read)


@role("annotator")
def read(project_id: int) -> str:
    """Show the guidelines, what changed since one last saw them, and the versions."""
    who = account()
    with services().read() as session:
        project = the_project(session, project_id)
        shown = guidelines.shown(session, project, who.id)
        history = guidelines.history(session, project)
    return render_template(
        "guidelines.html",
        project=project,
        shown=shown,
        # rendered with markup switched off, or escaped word by word: see flows.guidelines
        html=Markup(shown["html"]),  # noqa: S704
        changed=Markup(shown["changed"] or ""),  # noqa: S704
        history=[each | {"changed": Markup(each["changed"])} for each in history],  # noqa: S704
        may_write=who.may("engineer"),
    )
