"""The pool: samples arrive in chunks, each once, numbered without a hole."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from json.encoder import encode_basestring
from typing import Any, NamedTuple, Protocol

from sqlalchemy import column, insert, select, table, update
from sqlmodel import Session, col

from activeloop.store import labels
from activeloop.store.db import UtcDateTime
from activeloop.store.tables import Consensus, Project, Sample, Tally

DRAWS = 1 << 63
"""A draw is a whole number below this one."""

_ARRIVING = (
    *("digest", "external_id", "payload", "meta", "stratum", "draw"),
    *("seq", "project_id", "slots", "import_id", "created_at"),
)
_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class Arrival(Protocol):
    """What is kept of a row that came out of a file."""

    @property
    def number(self) -> int:
        """Its place in the file."""
        ...

    @property
    def external_id(self) -> str | None:
        """The file's own name for it."""
        ...

    @property
    def payload(self) -> Mapping[str, Any]:
        """The sample."""
        ...

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What else the file says about it."""
        ...

    @property
    def label(self) -> str | None:
        """The label it came with."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 of its content, in hex."""
        ...


class Candidate(NamedTuple):
    """A sample ready to be written: what costs time was done before the transaction began.

    `payload` and `meta` are JSON text already.
    """

    digest: str
    external_id: str | None
    payload: str
    meta: str
    stratum: str
    draw: int
    number: int
    label: str | None


@dataclass(frozen=True, slots=True)
class Clash:
    """A label that came with a sample we have already, and that was not taken."""

    number: int
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a chunk."""

    added: int
    duplicates: int
    labelled: int
    clashes: tuple[Clash, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    seq: int
    stratum: str
    label: str | None
    free: bool


def draw_of(digest: str, key: str) -> int:
    """Give a sample's place in the random order: uniform, and the same at every import.

    Args:
        digest: of the sample, in hex.
        key: the project's audit key, in hex; without it nobody can choose content that lands in
            the audit stratum.

    Returns:
        A whole number, 0 to 2**63 - 1.
    """
    hashed = blake2b(bytes.fromhex(digest), digest_size=8, key=bytes.fromhex(key)).digest()
    return int.from_bytes(hashed) >> 1


def stratum_of(draw: int, audit_share: float) -> str:
    """Tell whether a draw falls into the audit stratum."""
    return "audit" if draw < audit_share * DRAWS else "train"


def prepare(arrivals: Sequence[Arrival], *, key: str, audit_share: float) -> list[Candidate]:
    """Do the work on a chunk that needs no database."""
    prepared = []
    for row in arrivals:
        draw = draw_of(row.digest, key)
        prepared.append(
            Candidate(
                row.digest,
                row.external_id,
                _json(row.payload),
                _json(row.metadata),
                stratum_of(draw, audit_share),
                draw,
                row.number,
                row.label,
            )
        )
    return prepared


def _json(values: Mapping[str, Any]) -> str:
    """Write a flat mapping as JSON; several times faster than json.dumps for one of texts."""
    parts = [
        f"{encode_basestring(name)}:"
        f"{encode_basestring(value) if value.__class__ is str else _dumps(value)}"
        for name, value in values.items()
    ]
    return f"{{{','.join(parts)}}}"


def add_chunk(
    session: Session,
    project: Project,
    chunk: Sequence[Candidate],
    *,
    slots: int,
    now: datetime,
    import_id: int | None = None,
) -> Added:
    """Add the samples that are new, number them, and take the labels that came along.

    Args:
        session: an open write session; nothing else of the project may be locked in it.
        project: whose pool it is.
        chunk: at most a few thousand, in the order of the file.
        slots: how many answers each sample wants.
        now: the database's clock.
        import_id: the import they come from.
    """
    unique, clashes = _unique(chunk)
    # before the tally: labelling locks a sample first and the tally second
    free = _lock_free(session, project.id, unique, slots)
    first = _lock_tally(session, project.id)
    known = _known(session, project.id, list(unique), free)
    new = [each for digest, each in unique.items() if digest not in known]
    if new:
        _insert(session, project.id, new, first=first, slots=slots, now=now, import_id=import_id)
        _count(session, project.id, new)
    adopted, refused = _adopted(unique, known)
    labelled = _labels_of_new(session, project.id, new, first) + adopted
    labels.append_imported(session, project.id, labelled, now)
    return Added(len(new), len(chunk) - len(new), len(labelled), (*clashes, *refused))


def _unique(chunk: Sequence[Candidate]) -> tuple[dict[str, Candidate], list[Clash]]:
    """Keep the first of each digest, with the first label that any of them has."""
    unique: dict[str, Candidate] = {}
    clashes = []
    for each in chunk:
        before = unique.setdefault(each.digest, each)
        if before is each or each.label is None or each.label == before.label:
            continue
        if before.label is None:
            unique[each.digest] = before._replace(label=each.label)
        else:
            clashes.append(_clash(each.number, each.label, before.label))
    return unique, clashes


def _clash(number: int, label: str, kept: str) -> Clash:
    return Clash(
        number,
        f"The sample is in the pool with the label {kept!r}; the label {label!r} was not taken.",
        "Decide which one is right, and correct it by labelling.",
    )


def _lock_free(
    session: Session, project_id: int, unique: Mapping[str, Candidate], slots: int
) -> set[int]:
    """Lock the samples that may take a label now: nobody has answered or holds them."""
    digests = [digest for digest, each in unique.items() if each.label is not None]
    if not digests:
        return set()
    answered = select(col(Consensus.sample_id)).where(col(Consensus.sample_id) == col(Sample.id))
    found = session.execute(
        select(col(Sample.id))
        .where(
            col(Sample.project_id) == project_id,
            col(Sample.digest).in_(digests),
            col(Sample.slots) == slots,
            col(Sample.removed_at).is_(None),
            ~answered.exists(),
        )
        .order_by(col(Sample.id))
        .with_for_update(skip_locked=True, key_share=True)
    )
    return set(found.scalars())


def _lock_tally(session: Session, project_id: int) -> int:
    """Lock the project's counts and give the next free `seq`."""
    counted = session.execute(
        select(col(Tally.samples)).where(col(Tally.project_id) == project_id).with_for_update()
    )
    return int(counted.scalar_one())


def _known(
    session: Session, project_id: int, digests: list[str], free: set[int]
) -> dict[str, _Known]:
    """Find the samples that the pool has already. Served by the unique digest."""
    found = session.execute(
        select(
            col(Sample.digest),
            col(Sample.id),
            col(Sample.seq),
            col(Sample.stratum),
            col(Consensus.label),
        )
        .outerjoin(Consensus, col(Consensus.sample_id) == col(Sample.id))
        .where(col(Sample.project_id) == project_id, col(Sample.digest).in_(digests))
    )
    return {
        digest: _Known(sample_id, seq, stratum, label, sample_id in free)
        for digest, sample_id, seq, stratum, label in found
    }


def _insert(
    session: Session,
    project_id: int,
    new: Sequence[Candidate],
    *,
    first: int,
    slots: int,
    now: datetime,
    import_id: int | None,
) -> None:
    # compiled once and handed to the driver as it is: this is the hot path of an import
    connection = session.connection()
    compiled = insert(table("sample", *map(column, _ARRIVING))).compile(dialect=connection.dialect)
    process = UtcDateTime().dialect_impl(connection.dialect).bind_processor(connection.dialect)
    shared = (project_id, slots, import_id, process(now) if process else now)
    rows = [(*each[:6], seq, *shared) for seq, each in enumerate(new, start=first)]
    if compiled.positional:
        connection.exec_driver_sql(str(compiled), rows)
    else:
        connection.exec_driver_sql(
            str(compiled), [dict(zip(_ARRIVING, row, strict=True)) for row in rows]
        )


def _count(session: Session, project_id: int, new: Sequence[Candidate]) -> None:
    audit = sum(each.stratum == "audit" for each in new)
    session.execute(
        update(Tally)
        .where(col(Tally.project_id) == project_id)
        .values(samples=Tally.samples + len(new), audit_samples=Tally.audit_samples + audit)
        .execution_options(synchronize_session=False)
    )


def _labels_of_new(
    session: Session, project_id: int, new: Sequence[Candidate], first: int
) -> list[tuple[int, int, str, str]]:
    wanted = {seq: each for seq, each in enumerate(new, start=first) if each.label is not None}
    if not wanted:
        return []
    found = session.execute(
        select(col(Sample.seq), col(Sample.id))
        .where(
            col(Sample.project_id) == project_id,
            col(Sample.seq) >= first,
            col(Sample.seq) < first + len(new),
        )
        .order_by(col(Sample.seq))
    )
    return [
        (sample_id, seq, wanted[seq].stratum, wanted[seq].label or "")
        for seq, sample_id in found
        if seq in wanted
    ]


def _adopted(
    unique: Mapping[str, Candidate], known: Mapping[str, _Known]
) -> tuple[list[tuple[int, int, str, str]], list[Clash]]:
    adopted, refused = [], []
    for digest, sample in known.items():
        came = unique[digest]
        if came.label is None or came.label == sample.label:
            continue
        if sample.free:
            adopted.append((sample.id, sample.seq, sample.stratum, came.label))
        elif sample.label is not None:
            refused.append(_clash(came.number, came.label, sample.label))
        else:
            refused.append(
                Clash(
                    came.number,
                    f"The sample is in the pool and being answered; the label {came.label!r} "
                    "was not taken.",
                    "Import the file again when the sample is free, or label it.",
                )
            )
    return adopted, refused


def count(session: Session, project_id: int) -> int:
    """Count the samples ever added; `seq` runs from 0 to one less."""
    counted = session.execute(select(col(Tally.samples)).where(col(Tally.project_id) == project_id))
    return int(counted.scalar_one_or_none() or 0)


def payloads(session: Session, project_id: int, start: int, stop: int) -> list[dict[str, Any]]:
    """Read the payloads of the samples `start` to `stop` - 1, by `seq` (its unique index)."""
    found = session.execute(
        select(col(Sample.payload))
        .where(
            col(Sample.project_id) == project_id,
            col(Sample.seq) >= start,
            col(Sample.seq) < stop,
        )
        .order_by(col(Sample.seq))
    )
    return list(found.scalars())


def drawn(session: Session, project_id: int, how_many: int) -> list[dict[str, Any]]:
    """Read a random, reproducible sample of the pool's payloads, of the training stratum only.

    The first of the random order; the whole stratum is looked at once.
    """
    first = (
        select(col(Sample.id))
        .where(
            col(Sample.project_id) == project_id,
            col(Sample.stratum) == "train",
            col(Sample.removed_at).is_(None),
        )
        .order_by(col(Sample.draw))
        .limit(how_many)
        .subquery()
    )
    found = session.execute(
        select(col(Sample.payload))
        .join(first, first.c.id == col(Sample.id))
        .order_by(col(Sample.draw))
    )
    return list(found.scalars())


def vector_width(session: Session, project_id: int) -> int | None:
    """Give the length of the pool's vectors; None when it has none."""
    first = session.execute(
        select(col(Sample.payload)).where(col(Sample.project_id) == project_id).limit(1)
    ).scalar_one_or_none()
    vector = (first or {}).get("vector")
    return len(vector) if isinstance(vector, list) else None
