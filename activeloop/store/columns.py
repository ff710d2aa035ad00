"""Kinds of columns that the tables share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from activeloop.store.db import UtcDateTime

BIG = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column of type INTEGER."""

DOCUMENT = JSON().with_variant(JSONB(), "postgresql")


def key() -> Any:
    """Make a primary key that the database numbers."""
    return Field(default=None, sa_column=Column(BIG, primary_key=True, autoincrement=True))


def to(target: str, *, nullable: bool = False, index: bool = False) -> Any:
    """Make a foreign key; rows go when what they point to goes."""
    return Field(
        default=None,
        sa_column=Column(
            BIG, ForeignKey(target, ondelete="CASCADE"), nullable=nullable, index=index
        ),
    )


def part_of(target: str) -> Any:
    """Make a foreign key that is part of the row's own key."""
    return Field(
        sa_column=Column(BIG, ForeignKey(target, ondelete="CASCADE"), primary_key=True),
    )


def big() -> Any:
    """Make a column for a count that may pass 2**31."""
    return Field(default=0, sa_column=Column(BIG, nullable=False))


def when(*, nullable: bool = False) -> Any:
    """Make a column for a moment in UTC."""
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=nullable))


def document() -> Any:
    """Make a column for JSON."""
    return Field(default_factory=dict, sa_column=Column(DOCUMENT, nullable=False))


def only(where: str) -> dict[str, Any]:
    """Restrict an index to some rows, on both databases."""
    return {"sqlite_where": sql(where), "postgresql_where": sql(where)}
