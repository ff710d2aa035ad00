"""Versions: the list, one of them in full, two side by side, and the samples of a confusion."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from activeloop.flows import measuring, projects, status, versions
from activeloop.flows.version_comparing import compare as compared
from activeloop.store.db import Session
from activeloop.store.tables import Project
from web.auth import role
from web.context import services
from web.pages import figures
from web.pages.samples import glance

HEADLINES = {"one": ("accuracy", "macro_f1"), "several": ("micro_f1", "macro_f1")}


def install(pages: Blueprint) -> None:
    """Add the routes."""
    home = "/projects/<int:project_id>"
    pages.add_url_rule(f"{home}/versions", "versions", listed)
    pages.add_url_rule(f"{home}/versions/<int:number>", "version", one)
    pages.add_url_rule(f"{home}/versions/<int:number>/confusion", "confusion", confusion)
    pages.add_url_rule(f"{home}/compare", "compare_two", compare_two)
    pages.add_url_rule(f"{home}/compare/<int:a>/<int:b>", "compare", compare)


@role("reviewer")
def listed(project_id: int) -> str:
    """List all versions, to open one or compare two."""
    with services().read() as session:
        project = projects.find(session, project_id)
        found = versions.listed(session, project)
        former = versions.before_champion(session, project)
        answer = projects.spec_of(project).answer
    return render_template(
        "versions.html",
        former=former,
        project=project,
        versions=found,
        figures=HEADLINES[answer],
        words=figures.words,
    )


@role("reviewer")
def one(project_id: int, number: int) -> str:
    """Show a version: its figures, its record, why the gate said so, and where it errs."""
    with services().read() as session:
        project = projects.find(session, project_id)
        shown = versions.one(session, project, number)
        report = measuring.shown(session, project, number)["report"]
        run = status.run(session, project, shown["run_id"])
        champion = _champion(session, project)
    return render_template(
        "version.html",
        project=project,
        v=shown,
        run=run,
        champion=champion,
        figures=figures.beside(shown["metrics"], shown["metrics_at_training"]),
        evidence=figures.told(shown["evidence"]),
        e=report,
        matrix=figures.matrix(report["confusion"], report["classes"]) if report else None,
        by_class=figures.weakest(report["by_class"]) if report else [],
        slice_figures=figures.of_slices(report["slices"]) if report else {},
        words=figures.words,
    )


@role("reviewer")
def confusion(project_id: int, number: int) -> str:
    """Show the audit samples behind a cell of a version's confusion matrix."""
    true, predicted = request.args.get("true", ""), request.args.get("predicted", "")
    with services().read() as session:
        project = projects.find(session, project_id)
        found = measuring.behind(session, project, number, true=true, predicted=predicted)
        kind = projects.spec_of(project).kind
    return render_template(
        "confusion.html",
        project=project,
        found=found,
        glances={each["id"]: glance(kind, each["payload"], "") for each in found["samples"]},
    )


@role("reviewer")
def compare_two(project_id: int) -> Response:
    """Go to the comparison of the two versions that the form names."""
    a, b = (request.args.get(name, 0, type=int) for name in ("a", "b"))
    return redirect(url_for("pages.compare", project_id=project_id, a=a, b=b))


@role("reviewer")
def compare(project_id: int, a: int, b: int) -> str:
    """Show two versions side by side, and the samples on which they differ."""
    with services().read() as session:
        project = projects.find(session, project_id)
        kind = projects.spec_of(project).kind
    found = compared(services(), project, a, b)
    shown = [flip["sample"] for flip in (*found["flips"], *found["pool"]["flips"])]
    return render_template(
        "compare.html",
        project=project,
        c=found,
        words=figures.words,
        glances={each["id"]: glance(kind, each["payload"], "") for each in shown},
    )


def _champion(session: Session, project: Project) -> dict[str, Any] | None:
    return next(
        (each for each in versions.listed(session, project) if each["status"] == "champion"), None
    )
