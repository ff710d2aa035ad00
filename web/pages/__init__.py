"""The pages people see. Each asks one or two flows and renders; changes go through /api/v1."""

from __future__ import annotations

from flask import Blueprint, Flask

from web.pages import (
    advising,
    assigning,
    drifting,
    guidelines,
    importing,
    label_sets,
    labelling,
    loop,
    projects,
    reviewing,
    samples,
    signing,
    team,
    training,
    versions,
    webhooks,
    words,
)

pages = Blueprint("pages", __name__)

for room in (
    signing,
    projects,
    importing,
    labelling,
    loop,
    reviewing,
    samples,
    team,
    label_sets,
    guidelines,
    assigning,
    versions,
    training,
    drifting,
    advising,
    webhooks,
):
    room.install(pages)
words.install(pages)


def install(app: Flask) -> None:
    """Put the pages beside the API."""
    app.register_blueprint(pages)
