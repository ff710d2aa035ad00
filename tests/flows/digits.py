"""Projects on scikit-learn's digits, labelled by an oracle through the real flows."""

from __future__ import annotations

import json
import random
from pathlib import Path

from sklearn.datasets import load_digits

from activeloop.flows import accounts, importing, labelling, projects, simulating
from activeloop.spec import parse_spec
from activeloop.store.tables import Project
from activeloop.wiring import Services

CLASSES = [str(digit) for digit in range(10)]


def digits_project(services: Services, how_many: int = 400, **changes: object) -> Project:
    """Import digits as vectors, featurise and rank them."""
    spec = parse_spec({"name": "digits", "kind": "vectors", "classes": CLASSES, **changes})
    services.uploads.mkdir(parents=True, exist_ok=True)
    path = services.uploads / "digits.jsonl"
    write_vectors(path, how_many)
    with services.write() as session:
        project = projects.create(session, spec, audit_key="5eed" * 8)
        importing.begin(
            services,
            session,
            project,
            name="digits.jsonl",
            media_type="application/x-ndjson",
            stream_path=path,
            mapping={},
            user_id=None,
        )
    simulating.drain(services, project.id)
    with services.read() as session:
        return projects.find(session, project.id)


def write_vectors(path: Path, how_many: int) -> None:
    """Write digits as JSONL, without their labels."""
    with path.open("w") as file:
        for number, pixels in enumerate(load_digits().data[:how_many]):
            file.write(json.dumps({"id": str(number), "vector": pixels.tolist()}) + "\n")


def truth() -> list[str]:
    """Give the right label of each digit."""
    return [str(label) for label in load_digits().target]


class Annotator:
    """Somebody who knows the digits and answers what is served."""

    def __init__(self, services: Services, project: Project, name: str = "ann") -> None:
        """Add the user."""
        self.services, self.project = services, project
        with services.write() as session:
            self.id = accounts.add_user(session, name, "annotator", None).id
        self._truth = truth()
        self._chance = random.Random(1)  # noqa: S311 - which offers are audited, no secret

    def answer(self, how_many: int, *, label: str | None = None) -> list[labelling.OfferedSample]:
        """Answer so many samples, rightly or all alike, and carry out the work that causes."""
        seen = []
        for _ in range(how_many):
            with self.services.write() as session:
                offered = labelling.offer(
                    session, self.project, self.id, count=1, chance=self._chance.random
                ).offers
                if not offered:
                    break
                held = offered[0]
                labelling.record(
                    session,
                    self.project,
                    self.id,
                    labelling.Given(
                        label or self._truth[int(held.sample.external_id or 0)], lead_ms=900
                    ),
                    offer_id=held.offer.id,
                    key=f"{held.offer.id}",
                )
            seen.append(held)
        return seen

    def answer_and_learn(self, how_many: int) -> list[labelling.OfferedSample]:
        """Answer one by one, letting the workers do what is due after each."""
        seen = []
        for _ in range(how_many):
            seen += self.answer(1)
            simulating.drain(self.services, self.project.id)
        return seen
