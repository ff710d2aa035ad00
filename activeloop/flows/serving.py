"""Answer predictions with the champion."""

from __future__ import annotations

import base64
import binascii
import io
import logging
import random
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from activeloop.errors import Invalid, NotReady, Problem, Transient
from activeloop.flows import label_sets
from activeloop.flows.projects import spec_of
from activeloop.flows.versions import words
from activeloop.spec import Kind
from activeloop.store import db, featurizers, incoming, versions
from activeloop.store.db import Session
from activeloop.store.tables import Project, Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.learn.features import Featurizer
    from activeloop.learn.types import Float32s, Model

logger = logging.getLogger("activeloop.serving")

MAX_SAMPLES = 10_000
KEPT = 8
"""How many models a process keeps in memory."""


@dataclass(frozen=True)
class Predicted:
    """Predictions and the version that made them.

    `gone` tells of classes that the version knows and the project has no more: by name, what became
    of them.
    """

    version: int
    predictions: tuple[dict[str, Any], ...]
    gone: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Ready:
    id: int
    number: int
    model: Model
    featurizer: Featurizer


_ready: OrderedDict[str, _Ready] = OrderedDict()
_lock = threading.Lock()


def predict(services: Services, project: Project, samples: Sequence[Any]) -> Predicted:
    """Label samples with the champion.

    Args:
        services: of this process.
        project: whose champion.
        samples: by kind: a text or {"text"}; a row {column: value}; a list of numbers or
            {"vector"}; {"image": base64}.

    Raises:
        NotReady: when the project has no champion yet.
        Invalid: naming each sample that cannot be read.
    """
    if not 1 <= len(samples) <= MAX_SAMPLES:
        raise Invalid.field("samples", f"wants 1 to {MAX_SAMPLES:,} samples, got {len(samples)}.")
    champion, today = _champion(services, project)
    kind = spec_of(project).kind
    payloads, blobs = _payloads(kind, samples, services.settings.max_image_pixels)
    X = champion.featurizer.transform(payloads, blobs=blobs)
    told = _told(champion.model, champion.model.predict_proba(X), today.names)
    predictions = tuple(told)
    _remember(services, project, champion.id, payloads, predictions)
    return Predicted(champion.number, predictions, today.gone)


def _remember(
    services: Services,
    project: Project,
    version_id: int,
    payloads: Sequence[dict[str, Any]],
    predictions: Sequence[dict[str, Any]],
) -> None:
    """Keep a share of what was asked, to be watched for drift; pictures are not kept.

    An answer never fails for this: what cannot be kept is let go.
    """
    policy, kind = spec_of(project).monitoring, spec_of(project).kind
    if not policy.drift or kind == "image":
        return
    chance = random.SystemRandom()
    pairs = zip(payloads, predictions, strict=True)
    rows = [pair for pair in pairs if chance.random() < policy.keep_predicted]
    try:
        with services.write() as session:
            incoming.add(session, project.id, version_id, rows, now=db.now(session))
    except Transient as fault:
        logger.warning("predicted samples were not kept: %s", fault.message)


def _told(model: Model, proba: Float32s, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Give the label and the probabilities of each row; of several labels all that are named.

    `names` are what each column is called today; merged classes stand under one name.
    """
    from activeloop.learn.evaluate_marks import named
    from activeloop.learn.translation import translated
    from activeloop.learn.types import several

    classes = tuple(dict.fromkeys(names))
    if len(classes) < len(names):
        proba = translated(proba, names, classes, several=several(model))
    best = proba.argmax(axis=1)
    for top, row in zip(best, proba, strict=True):
        probabilities = {name: float(p) for name, p in zip(classes, row, strict=True)}
        if several(model):
            chosen = zip(classes, named(row), strict=True)
            labels = [name for name, is_named in chosen if is_named]
            yield {"label": None, "labels": labels, "probabilities": probabilities}
        else:
            yield {"label": classes[int(top)], "probabilities": probabilities}


@dataclass(frozen=True)
class _Today:
    """What a version's classes are called today, and what became of those that are gone."""

    names: Sequence[str]
    gone: Mapping[str, str]


def _today(session: Session, version: Version) -> _Today:
    """Put a version's classes into the words of today; one that is gone keeps its name."""
    found = words(session, version)
    if None not in found:
        return _Today([name or "" for name in found], {})
    names, gone = [], {}
    for was, name in zip(version.classes, found, strict=True):
        called = name if name is not None else was
        if name is None:
            # a part of a class that was split may have kept its name, or another class taken it
            called = f"{was} (as it was)" if was in found else was
            gone[called] = label_sets.fate(session, version, was)
        names.append(called)
    return _Today(names, gone)


def _champion(services: Services, project: Project) -> tuple[_Ready, _Today]:
    """Read the champion, from memory when its files have been read before."""
    from activeloop.learn import persist

    with services.read() as session:
        version = versions.champion(session, project)
        if version is None:
            raise NotReady(f"Project {project.name!r} has no trained version yet; label some more.")
        featurizer = featurizers.kept(session, version.featurizer_id)
        today = _today(session, version)
    key = f"{version.artifact}:{featurizer.artifact}:{version.id}"
    with _lock:
        if key in _ready:
            _ready.move_to_end(key)
            return _ready[key], today
    found = _Ready(
        version.id,
        version.number,
        persist.load(services.artifacts.get(version.artifact)),
        persist.load_featurizer(services.artifacts.get(featurizer.artifact)),
    )
    with _lock:
        _ready[key] = found
        while len(_ready) > KEPT:
            _ready.popitem(last=False)
    return found, today


def _payloads(
    kind: Kind, samples: Sequence[Any], max_pixels: int
) -> tuple[list[dict[str, Any]], list[bytes] | None]:
    problems: list[Problem] = []
    payloads: list[dict[str, Any]] = []
    blobs: list[bytes] = []
    for index, sample in enumerate(samples):
        payload = _payload(kind, sample)
        if payload is None:
            problems.append(Problem(f"samples.{index}", f"is no {kind} sample", _SHAPES[kind]))
            continue
        payloads.append(payload)
        if kind == "image":
            blob = _image(payload["image"], max_pixels)
            if blob is None:
                problems.append(
                    Problem(f"samples.{index}.image", "is no readable image", _SHAPES[kind])
                )
            else:
                blobs.append(blob)
    if problems:
        raise Invalid(f"{problems[0].where} {problems[0].problem}.", problems=problems)
    return payloads, blobs if kind == "image" else None


_SHAPES = {
    "text": 'Send a string or {"text": "..."}.',
    "table": 'Send {"column": value, ...}.',
    "vectors": 'Send a list of numbers or {"vector": [...]}.',
    "image": 'Send {"image": "<base64 of a PNG or JPEG>"}.',
}


def _payload(kind: Kind, sample: Any) -> dict[str, Any] | None:
    field = {"text": "text", "vectors": "vector", "image": "image"}.get(kind)
    if field is None:
        return sample if isinstance(sample, dict) and sample else None
    value = sample.get(field) if isinstance(sample, dict) else sample
    if kind == "vectors":
        ok = isinstance(value, list) and bool(value) and all(_is_number(v) for v in value)
    else:
        ok = isinstance(value, str) and bool(value)
    return {field: value} if ok else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _image(encoded: str, max_pixels: int) -> bytes | None:
    """Decode base64 and make sure that it is an image of bearable size."""
    from PIL import Image, UnidentifiedImageError

    try:
        data = base64.b64decode(encoded.partition(",")[2] or encoded, validate=True)
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > max_pixels:
                return None
            picture.load()
    except (binascii.Error, ValueError, OSError, UnidentifiedImageError, SyntaxError):
        return None
    except Image.DecompressionBombError:
        return None
    return data
