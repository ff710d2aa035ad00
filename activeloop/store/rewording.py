"""What names a class by its text: labels, gold, suggestions; found, counted and put otherwise."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy
from sqlalchemy import ColumnElement, delete, func, or_, update
from sqlmodel import Session, col, select

from activeloop.spec import Answer
from activeloop.store.tables import Candidate, Consensus, Gold, Label, Offer, Project, Sample

SAYING = ("answer", "propagated", "imported", "decision")
"""Kinds of events that have a value."""


def naming(column: Any, names: Sequence[str], answer: Answer) -> ColumnElement[bool]:
    """Make the condition that an answer's text names one of some classes.

    Of several labels it may be met by a text in which a name differs in case only.
    """
    if answer == "one":
        found: ColumnElement[bool] = column.in_(list(names))
        return found
    quoted = [json.dumps(name, ensure_ascii=False) for name in names]
    return or_(False, *(column.contains(each, autoescape=True) for each in quoted))  # noqa: FBT003


def count_answers(session: Session, project_id: int, names: Sequence[str], answer: Answer) -> int:
    """Count the answers that name one of some classes, those taken back included."""
    return session.exec(
        select(func.count()).where(
            Label.project_id == project_id,
            col(Label.kind).in_(SAYING),
            naming(col(Label.label), names, answer),
        )
    ).one()


def texts(
    session: Session, project_id: int, names: Sequence[str], answer: Answer, *, all_: bool
) -> dict[str, int]:
    """Count the current labels that name one of some classes, by their text.

    Args:
        session: an open session.
        project_id: whose labels.
        names: the classes.
        answer: whether an answer names one class or several.
        all_: also those on which people disagree, not only those whose answers are all alike.
    """
    query = (
        sqlalchemy.select(col(Consensus.label), func.count())
        .where(
            col(Consensus.project_id) == project_id,
            naming(col(Consensus.label), names, answer),
        )
        .group_by(col(Consensus.label))
    )
    if not all_:
        query = query.where(col(Consensus.agreement) == 1)
    return {text: int(number) for text, number in session.execute(query)}


def reword(session: Session, project_id: int, mapping: Mapping[str, str], *, all_: bool) -> None:
    """Put current labels into other words, text by text; all of them or the unanimous."""
    for old, new in mapping.items():
        statement = update(Consensus).where(
            col(Consensus.project_id) == project_id, col(Consensus.label) == old
        )
        if not all_:
            statement = statement.where(col(Consensus.agreement) == 1)
        session.execute(statement.values(label=new).execution_options(synchronize_session=False))


def reword_gold(session: Session, project_id: int, mapping: Mapping[str, str | None]) -> None:
    """Put the labels of gold samples into other words; those that map to None are gold no more."""
    gone = [text for text, new in mapping.items() if new is None]
    for text in gone:
        session.execute(
            delete(Gold).where(col(Gold.project_id) == project_id, col(Gold.label) == text)
        )
    for old, new in mapping.items():
        if new is not None:
            session.execute(
                update(Gold)
                .where(col(Gold.project_id) == project_id, col(Gold.label) == old)
                .values(label=new)
                .execution_options(synchronize_session=False)
            )


def gold_texts(
    session: Session, project_id: int, names: Sequence[str], answer: Answer
) -> dict[str, int]:
    """Count the gold samples whose label names one of some classes, by its text."""
    rows = session.execute(
        sqlalchemy.select(col(Gold.label), func.count())
        .where(col(Gold.project_id) == project_id, naming(col(Gold.label), names, answer))
        .group_by(col(Gold.label))
    )
    return {text: int(number) for text, number in rows}


def forget_suggestions(
    session: Session, project_id: int, names: Sequence[str], answer: Answer
) -> int:
    """Clear what the queue and open offers suggest where it names a class that changes."""
    ranking = sqlalchemy.select(col(Project.ranking_id)).where(col(Project.id) == project_id)
    cleared = session.execute(
        update(Candidate)
        .where(
            col(Candidate.ranking_id).in_(ranking),
            naming(col(Candidate.suggestion), names, answer),
        )
        .values(suggestion=None, confidence=None)
        .returning(col(Candidate.position))
        .execution_options(synchronize_session=False)
    ).all()
    session.execute(
        update(Offer)
        .where(
            col(Offer.project_id) == project_id,
            col(Offer.state) == "open",
            naming(col(Offer.suggestion), names, answer),
        )
        .values(suggestion=None, confidence=None, suggestion_shown=False)
        .execution_options(synchronize_session=False)
    )
    return len(cleared)


def suggested(session: Session, project_id: int, names: Sequence[str], answer: Answer) -> int:
    """Count the candidates of the queue for which a model suggests one of some classes."""
    ranking = sqlalchemy.select(col(Project.ranking_id)).where(col(Project.id) == project_id)
    return session.exec(
        select(func.count()).where(
            col(Candidate.ranking_id).in_(ranking),
            naming(col(Candidate.suggestion), names, answer),
        )
    ).one()


def examples(
    session: Session, project_id: int, names: Sequence[str], answer: Answer, count: int
) -> list[tuple[Sample, str]]:
    """Read some samples whose current label names one of some classes, with that label."""
    rows = session.execute(
        select(Sample, col(Consensus.label))
        .join(Consensus, col(Consensus.sample_id) == col(Sample.id))
        .where(
            col(Consensus.project_id) == project_id,
            naming(col(Consensus.label), names, answer),
        )
        .limit(count)
    )
    return [(sample, label) for sample, label in rows]
