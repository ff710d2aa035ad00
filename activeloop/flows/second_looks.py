"""What the newest versions make of one sample."""

from __future__ import annotations

from typing import Any

from activeloop.errors import ActiveloopError
from activeloop.flows import opinions
from activeloop.flows.histories import find
from activeloop.flows.projects import find as project_of
from activeloop.flows.projects import spec_of
from activeloop.flows.versions import words
from activeloop.spec import ProjectSpec
from activeloop.store import blocks, histories, versions
from activeloop.store.db import Session
from activeloop.store.tables import Sample, Version
from activeloop.wiring import Services

NEWEST = 10
"""How many versions are asked, for each has to be read from its file."""


def of_sample(services: Services, ref: str, sample_id: int) -> list[dict[str, Any]]:
    """Ask the newest versions, the newest first, in the classes of today.

    One that cannot be asked says what it wants.

    Raises:
        NotFound: when the project has no such sample.
    """
    with services.read() as session:
        project = project_of(session, ref)
        spec = spec_of(project)
        sample = find(session, project, sample_id)
        asked = [
            (version, _features(session, version, sample), words(session, version))
            for version in versions.all_(session, project.id, NEWEST)
        ]
    return [
        _version(version)
        | features
        | _opinion(services, spec, sample, opinions.Asked(version, known), features)
        for version, features, known in asked
    ]


def _version(version: Version) -> dict[str, Any]:
    return {
        "number": version.number,
        "status": version.status,
        "recipe": version.recipe,
        "train_labels": version.train_labels,
        "created_at": version.created_at.isoformat(),
    }


def _features(session: Session, version: Version, sample: Sample) -> dict[str, Any]:
    """Say what features a version needs, and whether this sample has them."""
    made = histories.featurizer(session, version.featurizer_id)
    covered = blocks.covered(session, version.featurizer_id) > sample.seq
    told = f"{made.width:,} numbers, {made.fingerprint[:12]}" if made else "gone"
    return {"features": told, "wants": "" if covered else f"features that are not made ({told})"}


def _opinion(
    services: Services,
    spec: ProjectSpec,
    sample: Sample,
    asked: opinions.Asked,
    features: dict[str, Any],
) -> dict[str, Any]:
    if features["wants"]:
        return {"opinion": None}
    try:
        return {"opinion": opinions.opinion(services, spec, sample, asked).as_json(spec)}
    except ActiveloopError as fault:
        return {"opinion": None, "wants": fault.message}
