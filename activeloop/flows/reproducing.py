"""Train a version again from its record, and compare the two: bytes, predictions, libraries."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from activeloop.errors import Conflict, NotFound
from activeloop.flows import featurising, gating, training
from activeloop.flows.keeping import Known, libraries
from activeloop.flows.projects import find
from activeloop.flows.snapshots import Labelled, snapshot
from activeloop.flows.versions import words
from activeloop.spec import ProjectSpec
from activeloop.store import blocks, db, featurizers, trail, versions
from activeloop.store.db import Session
from activeloop.store.tables import Featurizer, Run, Version
from activeloop.wiring import Services

if TYPE_CHECKING:
    from activeloop.learn.types import Float32s, Model

CLOSE = 1e-5
"""How far probabilities may lie apart under other libraries, whose sums round otherwise."""
POOL = 1_000
"""So many samples of the pool are predicted by both models, beside the audit samples."""


@dataclass(frozen=True)
class Compared:
    """What two models say of the same samples: the largest |dp|, and how many answers differ."""

    samples: int
    largest: float
    changed: int


@dataclass(frozen=True)
class Report:
    """What came of training a version again.

    Attributes:
        number: the version.
        first: the versions before it whose files had to be made again, oldest first.
        artifact: the digest of the new file.
        same_bytes: it is the digest of the record.
        audit: the two models on the audit samples; None where there is no file to compare with.
        pool: the two models on samples of the whole pool; None likewise.
        libraries: name: (then, now) of the libraries that differ.
        restored: the file had been let go and is kept again.
    """

    number: int
    first: tuple[int, ...]
    artifact: str
    same_bytes: bool
    audit: Compared | None
    pool: Compared | None
    libraries: Mapping[str, tuple[str | None, str | None]]
    restored: bool

    @property
    def same(self) -> bool:
        """Tell whether all predictions are the same: equal bytes predict equally.

        Under the libraries of the record every probability must be equal; under others all
        answers must, and the probabilities to `CLOSE`.
        """
        sides = [side for side in (self.audit, self.pool) if side is not None]
        most = CLOSE if self.libraries else 0.0
        alike = [side.changed == 0 and side.largest <= most for side in sides]
        return self.same_bytes or (bool(alike) and all(alike))

    def as_json(self) -> dict[str, Any]:
        """Give the report as JSON."""
        return {**asdict(self), "same": self.same, "words": self.words()}

    def words(self) -> list[str]:
        """Say the report in sentences."""
        said = [f"Version {number} was made again first." for number in self.first]
        if self.same_bytes:
            said.append(f"Version {self.number} came out the same, byte for byte.")
        else:
            said.append(f"The new file of version {self.number} differs from the recorded one.")
        for where, side in (("audit", self.audit), ("pool", self.pool)):
            if side is not None:
                said.append(
                    f"{where.capitalize()}: {side.changed} of {side.samples:,} answers differ; "
                    f"probabilities by at most {side.largest:.3g}."
                )
        if self.same and not self.same_bytes:
            said.append("So the predictions are the same.")
        if self.audit is None and not self.same_bytes:
            said.append("Its file is gone, so the predictions cannot be compared.")
        said += [
            f"{name} was {then or 'not there'}, is {now or 'not there'}."
            for name, (then, now) in self.libraries.items()
        ]
        if self.restored:
            said.append("Its file had been let go and is back; pin the version to keep it.")
        return said


@dataclass(frozen=True)
class _Record:
    version: Version
    known: Known
    featurizer: Featurizer
    covered: int


def reproduce(services: Services, project: str | int, number: int) -> Report:
    """Train a version again as it was trained, and compare.

    Raises:
        NotFound: when there is no such version.
        Conflict: when the labels through its event are not those it learned, or a version that
            it goes on from cannot be made again.
    """
    with services.read() as session:
        project_id = find(session, project).id
        chain = _chain(services, session, project_id, number)
    first = []
    for version in chain[:-1]:
        found = _again(services, project_id, version.number, ())
        if not found.same_bytes:
            raise Conflict(
                f"Version {number} goes on from version {version.number}, whose file is gone and "
                "comes out otherwise today. " + " ".join(found.words())
            )
        first.append(version.number)
    return _again(services, project_id, number, tuple(first))


def _chain(services: Services, session: Session, project_id: int, number: int) -> list[Version]:
    """List what must be made in turn: the versions before it whose files are gone, then itself."""
    version = versions.by_number(session, project_id, number)
    if version is None:
        raise NotFound(f"The project has no version {number}.")
    chain = [version]
    while version.mode != "full" and version.parent_id is not None:
        version = session.get_one(Version, version.parent_id)
        if _has_file(services, version):
            break
        chain.append(version)
    return chain[::-1]


def _has_file(services: Services, version: Version) -> bool:
    try:
        services.artifacts.path(version.artifact)
    except NotFound:
        return False
    return True


def _again(services: Services, project_id: int, number: int, first: tuple[int, ...]) -> Report:
    from activeloop.learn import persist

    with services.read() as session:
        record = _read(session, project_id, number)
    version = record.version
    model = training.fit(services, record.known, record.featurizer).model
    data = persist.dump(model)
    digest = hashlib.sha256(data).hexdigest()
    had = _has_file(services, version)
    audit = pool = None
    if had:
        old = persist.load(services.artifacts.get(version.artifact))
        audit = _compared(services, record, old, model, record.known.audit.seqs)
        pool = _compared(services, record, old, model, _drawn(record))
    restored = digest == version.artifact and (not had or version.dropped_at is not None)
    if restored:
        # the file before the row that counts on it
        services.artifacts.put(data)
        _restore(services, project_id, number)
    return Report(
        number=number,
        first=first,
        artifact=digest,
        same_bytes=digest == version.artifact,
        audit=audit,
        pool=pool,
        libraries=_differing(version.libraries, libraries()),
        restored=restored,
    )


def _read(session: Session, project_id: int, number: int) -> _Record:
    version = versions.by_number(session, project_id, number)
    if version is None:
        raise NotFound(f"The project has no version {number}.")
    spec = ProjectSpec.model_validate(version.spec)
    train, audit = snapshot(
        session, project_id, spec, version.snapshot, label_set=version.label_set
    )
    _check(version, train)
    goes_on = version.mode != "full" and version.parent_id is not None
    parent = session.get_one(Version, version.parent_id) if goes_on else None
    # never added to the session: the run as it was carried out, in the mode it came to
    run = Run(project_id=project_id, mode=version.mode, because="", snapshot=version.snapshot)
    known = Known(
        spec=spec,
        run=run,
        train=train,
        audit=audit,
        parent=parent,
        champion=None,
        older=(),
        number=number,
        label_set=version.label_set,
        words={parent.id: words(session, parent, version.label_set)} if parent else {},
        samples=0,
        before=gating.Before(),
    )
    covered = blocks.covered(session, version.featurizer_id)
    return _Record(version, known, featurizers.kept(session, version.featurizer_id), covered)


def _check(version: Version, train: Labelled) -> None:
    """Refuse to compare what learned from other labels."""
    if train.digest != version.snapshot_digest:
        raise Conflict(
            f"The labels through event {version.snapshot} are not those that version "
            f"{version.number} learned: {len(train.seqs):,} training labels of digest "
            f"{train.digest[:12]} now, {version.train_labels:,} of digest "
            f"{version.snapshot_digest[:12]} then. The record of labels was changed."
        )


def _drawn(record: _Record) -> list[int]:
    import numpy as np

    chance = np.random.default_rng([record.version.seed, record.version.number])
    size = min(POOL, record.covered)
    return [int(seq) for seq in np.sort(chance.choice(record.covered, size, replace=False))]


def _compared(
    services: Services, record: _Record, old: Model, new: Model, seqs: Sequence[int]
) -> Compared:
    import numpy as np

    there = [seq for seq in seqs if seq < record.covered]
    if not there:
        return Compared(0, 0.0, 0)
    X = featurising.rows(services, record.featurizer.id, there)
    before, after = old.predict_proba(X), new.predict_proba(X)
    if before.shape != after.shape:
        return Compared(len(there), 1.0, len(there))
    several = record.known.spec.answer == "several"
    changed = np.count_nonzero((_said(before, several) != _said(after, several)).any(axis=1))
    return Compared(len(there), float(np.abs(before - after).max()), int(changed))


def _said(proba: Float32s, several: bool) -> Any:  # noqa: FBT001 - the kind of answer
    return proba >= 0.5 if several else proba.argmax(axis=1)[:, None]


def _differing(
    then: Mapping[str, str], now: Mapping[str, str]
) -> dict[str, tuple[str | None, str | None]]:
    return {
        name: (then.get(name), now.get(name))
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    }


def _restore(services: Services, project_id: int, number: int) -> None:
    with services.write() as session:
        version = versions.by_number(session, project_id, number)
        if version is None:
            return
        version.dropped_at = None
        session.add(version)
        trail.note(
            session,
            "version.restored",
            now=db.now(session),
            project_id=project_id,
            version=number,
        )
