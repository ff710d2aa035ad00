"""A made data set of several labels per sample, labelled by an oracle through the real flows."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from activeloop import answers
from activeloop.flows import accounts, importing, labelling, projects, serving, simulating
from activeloop.spec import parse_spec
from activeloop.store.tables import Project
from activeloop.testing import Oracle
from activeloop.wiring import Services

CLASSES = tuple(f"topic {letter}" for letter in "abcdefghijkl")
WIDTH = 20


@dataclass(frozen=True)
class Made:
    """Rows whose labels are known: (n, WIDTH) numbers, and of each the names."""

    X: np.ndarray
    said: list[tuple[str, ...]]

    def jsonl(self, *, labels: bool) -> bytes:
        """Write them as vectors, with their labels or without."""
        lines = []
        for number, (row, names) in enumerate(zip(self.X, self.said, strict=True)):
            line: dict[str, Any] = {"id": str(number), "vector": row.round(4).tolist()}
            lines.append(json.dumps(line | ({"labels": list(names)} if labels else {})))
        return "\n".join(lines).encode() + b"\n"


def made(count: int, seed: int) -> Made:
    """Add up a direction for each label, rare labels as well as common ones, and noise."""
    directions = np.random.default_rng(12).normal(size=(len(CLASSES), WIDTH))
    rng = np.random.default_rng(seed)
    chances = 1.5 / np.arange(1, len(CLASSES) + 1) ** 2
    marks = rng.random((count, len(CLASSES))) < np.minimum(0.5, chances)
    X = marks @ directions + rng.normal(0, 0.7, (count, WIDTH))
    said = [tuple(name for name, on in zip(CLASSES, row, strict=True) if on) for row in marks]
    return Made(X.astype(np.float32), said)


def several_project(services: Services, rows: Made, **changes: Any) -> Project:
    """Import the rows without labels, featurise and rank them."""
    values = {"name": "topics", "kind": "vectors", "classes": CLASSES, "answer": "several"}
    services.uploads.mkdir(parents=True, exist_ok=True)
    spec = parse_spec(values | changes)
    path = services.uploads / f"{spec.name}.jsonl"
    path.write_bytes(rows.jsonl(labels=False))
    with services.write() as session:
        project = projects.create(session, spec, audit_key="5eed" * 8)
        importing.begin(
            services,
            session,
            project,
            name=path.name,
            media_type="application/x-ndjson",
            stream_path=path,
            mapping={},
            user_id=None,
        )
    simulating.drain(services, project.id)
    with services.read() as session:
        return projects.find(session, project.id)


class SetAnnotator:
    """Somebody who knows the labels and answers what is served."""

    def __init__(self, services: Services, project: Project, rows: Made) -> None:
        """Add the user."""
        self.services, self.project_id = services, project.id
        spec = projects.spec_of(project)
        truth = {str(n): answers.write(spec, names) for n, names in enumerate(rows.said)}
        self._oracle = Oracle(truth, 0.0, np.random.default_rng(0), several=True)
        self._chance = random.Random(1)  # noqa: S311 - which offers are audited, no secret
        with services.write() as session:
            self.id = accounts.add_user(session, f"ann {project.id}", "annotator", None).id

    def answer_and_learn(self, how_many: int) -> list[str]:
        """Answer, letting the workers do what is due every tenth time; give the samples served."""
        served = []
        for number in range(1, how_many + 1):
            with self.services.write() as session:
                project = projects.find(session, self.project_id)
                held = labelling.offer(
                    session, project, self.id, count=1, chance=self._chance.random
                ).offers[0]
                served.append(held.sample.external_id or "")
                labelling.record(
                    session,
                    project,
                    self.id,
                    labelling.Given(self._oracle.answer(served[-1]), lead_ms=900),
                    offer_id=held.offer.id,
                    key=f"{held.offer.id}",
                )
            if number % 10 == 0 or number == how_many:
                simulating.drain(self.services, self.project_id)
        return served


def micro_f1(services: Services, project: Project, rows: Made) -> float:
    """Let the champion predict, and compare with the truth."""
    with services.read() as session:
        project = projects.find(session, project.id)
    told = serving.predict(services, project, rows.X.tolist()).predictions
    return f1([tuple(each["labels"]) for each in told], rows.said)


def f1(told: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> float:
    """Give micro F1 of sets of names."""
    hits = sum(len(set(a) & set(b)) for a, b in zip(told, said, strict=True))
    return 2 * hits / (sum(map(len, told)) + sum(map(len, said)))
