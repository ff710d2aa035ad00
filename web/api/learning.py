"""Learning: runs, versions, predictions."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from activeloop.flows import serving, status, training, version_comparing, versions
from web import schemas
from web import schemas_versions as shapes
from web.context import account, services, the_project
from web.routing import Routes

routes = Routes(Blueprint("learning", __name__))


@routes.post(
    "/projects/{p}/runs",
    role="engineer",
    status=202,
    body=schemas.NewRun,
    gives=schemas.Run,
    refuses=(409,),
)
def learn(p: str, body: schemas.NewRun) -> dict[str, Any]:
    """Ask for a new version, now."""
    with services().write() as session:
        run = training.ask(
            session,
            the_project(session, p),
            mode=body.mode,
            because=f"asked for by {account().name}",
            user_id=account().id,
        )
        return status.run_json(session, run)


@routes.get("/projects/{p}/runs/{run_id}", role="annotator", gives=schemas.Run)
def run(p: str, run_id: int) -> dict[str, Any]:
    """Show how a run goes, or what came of it and why."""
    with services().read() as session:
        return status.run(session, the_project(session, p), run_id)


@routes.get("/projects/{p}/versions", role="annotator", gives=shapes.Versions)
def listed(p: str) -> dict[str, Any]:
    """List the versions, newest first."""
    with services().read() as session:
        return {"versions": versions.listed(session, the_project(session, p))}


@routes.get("/projects/{p}/versions/{number}", role="annotator", gives=shapes.OneVersion)
def one(p: str, number: int) -> dict[str, Any]:
    """Show a version in full: its spec, its lineage, who crowned it and why."""
    with services().read() as session:
        return versions.one(session, the_project(session, p), number)


@routes.get(
    "/projects/{p}/versions/{a}/compare/{b}",
    role="reviewer",
    gives=shapes.Comparison,
    refuses=(409,),
)
def compare(p: str, a: int, b: int) -> dict[str, Any]:
    """Put version `b` beside version `a`: figures, changed predictions, and what differs."""
    with services().read() as session:
        project = the_project(session, p)
    return version_comparing.compare(services(), project, a, b)


@routes.post(
    "/projects/{p}/versions/{number}/promote",
    role="engineer",
    gives=shapes.Version,
    refuses=(409,),
)
def promote(p: str, number: int) -> dict[str, Any]:
    """Make any version the champion, older ones too."""
    with services().write() as session:
        project = the_project(session, p)
        return versions.promote(session, project, number, user_id=account().id)


@routes.post(
    "/projects/{p}/rollback",
    role="engineer",
    body=shapes.Rollback,
    gives=shapes.Version,
    refuses=(409,),
)
def rollback(p: str, body: shapes.Rollback) -> dict[str, Any]:
    """Bring the champion before this one back, or any version by its number."""
    with services().write() as session:
        project = the_project(session, p)
        return versions.rollback(session, project, user_id=account().id, to=body.to)


@routes.patch(
    "/projects/{p}/versions/{number}",
    role="engineer",
    body=shapes.Annotation,
    gives=shapes.Version,
)
def annotate(p: str, number: int, body: shapes.Annotation) -> dict[str, Any]:
    """Pin a version, so that its model file is kept, or note something down."""
    with services().write() as session:
        return versions.annotate(
            session,
            the_project(session, p),
            number,
            user_id=account().id,
            pinned=body.pinned,
            notes=body.notes,
        )


@routes.post(
    "/projects/{p}/predict",
    role="engineer",
    body=schemas.Samples,
    gives=schemas.Predictions,
    refuses=(409,),
)
def predict(p: str, body: schemas.Samples) -> dict[str, Any]:
    """Label samples with the champion, in the classes of today.

    Where the champion still knows a class that was split or retired, `gone` says what became of it.
    """
    with services().read() as session:
        project = the_project(session, p)
    predicted = serving.predict(services(), project, body.samples)
    return {
        "version": predicted.version,
        "predictions": predicted.predictions,
        "gone": predicted.gone,
    }
