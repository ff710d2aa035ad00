"""Projects: make, list, show, and what each is doing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from activeloop.flows import assigning, pictures, policies, projects
from activeloop.flows import status as reporting
from activeloop.spec import ProjectSpec
from web import schemas
from web.context import account, services, the_project
from web.routing import Routes

routes = Routes(Blueprint("projects", __name__))


@routes.post(
    "/projects",
    role="engineer",
    status=201,
    body=ProjectSpec,
    gives=schemas.Project,
    refuses=(409,),
)
def create(body: ProjectSpec) -> dict[str, Any]:
    """Make a project.

    The least is a name, a kind and the classes; everything else has a default.
    """
    projects.check(body)  # before the transaction: the first check loads the learning code
    with services().write() as session:
        return projects.as_json(projects.create(session, body, user_id=account().id))


@routes.get("/projects", role="annotator", gives=schemas.Projects)
def listed() -> dict[str, Any]:
    """List the projects that one may see, oldest first."""
    with services().read() as session:
        return {
            "projects": [projects.as_json(each) for each in assigning.visible(session, account())]
        }


@routes.get("/projects/{p}", role="annotator", gives=schemas.Project)
def show(p: str) -> dict[str, Any]:
    """Show a project."""
    with services().read() as session:
        return projects.as_json(the_project(session, p))


@routes.patch("/projects/{p}", role="engineer", body=schemas.Changes, gives=schemas.Project)
def change(p: str, body: schemas.Changes) -> dict[str, Any]:
    """Change fields of the spec that hold from the next sample or run on."""
    with services().write() as session:
        project = the_project(session, p)
        wanted = body.model_dump(exclude_unset=True)
        policies.change(session, project, wanted, user_id=account().id)
        return projects.as_json(project)


@routes.get("/projects/{p}/status", role="annotator", gives=schemas.Status)
def status(p: str) -> dict[str, Any]:
    """Say what a project does, what it waits for, and why."""
    with services().read() as session:
        return reporting.report(session, the_project(session, p))


@routes.get(
    "/projects/{p}/samples/{sample_id}/image",
    role="annotator",
    sends=("image/png", "image/jpeg", "image/gif", "image/webp"),
)
def image(p: str, sample_id: int) -> Response:
    """Send a sample's image; it never changes, so it may be kept."""
    with services().read() as session:
        picture = pictures.find(session, the_project(session, p), sample_id)
    data, media_type = pictures.read(services(), picture)
    answer = Response(data, content_type=media_type)
    # a picture that a browser takes for a document may still do nothing
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer
