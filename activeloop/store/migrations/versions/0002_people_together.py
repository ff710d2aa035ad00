"""People working together: gold, reviews, label sets, guidelines, suggestions, near-duplicates."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go to this schema."""
    _people()
    _changes()
    _documents()
    _columns()
    _indexes()
    # what is complete wants no more than it has; imported labels never wanted any
    op.execute("UPDATE consensus SET wants = answers WHERE complete = true")
    op.execute(
        "UPDATE consensus SET wants = 0 WHERE sample_id IN "
        "(SELECT sample_id FROM label WHERE kind = 'imported')"
    )


def _key() -> sa.Column[int]:
    return sa.Column("id", BIG, autoincrement=True, nullable=False)


def _to(name: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [f"{target}.id"], ondelete="CASCADE")


def _people() -> None:
    op.create_table(
        "assignment",
        sa.Column("project_id", BIG, nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        _to("project_id", "project"),
        _to("user_id", "user_account"),
        sa.PrimaryKeyConstraint("project_id", "user_id"),
    )
    op.create_table(
        "gold",
        sa.Column("sample_id", BIG, nullable=False),
        sa.Column("project_id", BIG, nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("user_id", BIG, nullable=True),
        sa.Column("created_at", WHEN, nullable=False),
        _to("project_id", "project"),
        _to("sample_id", "sample"),
        _to("user_id", "user_account"),
        sa.PrimaryKeyConstraint("sample_id"),
    )
    op.create_index("gold_of_project", "gold", ["project_id", "sample_id"], unique=False)
    op.create_table(
        "review",
        _key(),
        sa.Column("project_id", BIG, nullable=False),
        sa.Column("sample_id", BIG, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", DOCUMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("user_id", BIG, nullable=True),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("closed_by", BIG, nullable=True),
        sa.Column("closed_at", WHEN, nullable=True),
        sa.Column("label_id", BIG, nullable=True),
        _to("project_id", "project"),
        _to("sample_id", "sample"),
        _to("user_id", "user_account"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("review_of_sample", "review", ["sample_id"], unique=False)
    _partial("review_once", "review", ["sample_id", "reason"], "state = 'open'", unique=True)
    _partial("review_queue", "review", ["project_id", "id"], "state = 'open'")


def _changes() -> None:
    op.create_table(
        "class_change",
        _key(),
        sa.Column("project_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("mapping", DOCUMENT, nullable=False),
        sa.Column("before", DOCUMENT, nullable=False),
        sa.Column("after", DOCUMENT, nullable=False),
        sa.Column("touched", sa.Integer(), nullable=False),
        sa.Column("requeued", sa.Integer(), nullable=False),
        sa.Column("user_id", BIG, nullable=True),
        sa.Column("created_at", WHEN, nullable=False),
        _to("project_id", "project"),
        _to("user_id", "user_account"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "number"),
    )


def _documents() -> None:
    op.create_table(
        "guideline",
        _key(),
        sa.Column("project_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("user_id", BIG, nullable=True),
        sa.Column("created_at", WHEN, nullable=False),
        _to("project_id", "project"),
        _to("user_id", "user_account"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "number"),
    )
    op.create_table(
        "guideline_seen",
        sa.Column("project_id", BIG, nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        _to("project_id", "project"),
        _to("user_id", "user_account"),
        sa.PrimaryKeyConstraint("project_id", "user_id"),
    )
    op.create_table(
        "report",
        _key(),
        sa.Column("project_id", BIG, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("body", DOCUMENT, nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        _to("project_id", "project"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "kind"),
    )


def _columns() -> None:
    no = sa.false()
    added: dict[str, list[sa.Column[Any]]] = {
        "candidate": [
            sa.Column("suggestion", sa.String(), nullable=True),
            sa.Column("confidence", sa.Float(), nullable=True),
            sa.Column("twin_of", BIG, nullable=True),
        ],
        "consensus": [
            sa.Column("disputed", sa.Boolean(), nullable=False, server_default=no),
            sa.Column("wants", sa.Integer(), nullable=False, server_default="1"),
            sa.Column("confidence", sa.Float(), nullable=True),
        ],
        "label": [sa.Column("note", sa.String(), nullable=False, server_default="")],
        "offer": [
            sa.Column("suggestion", sa.String(), nullable=True),
            sa.Column("confidence", sa.Float(), nullable=True),
            sa.Column("suggestion_shown", sa.Boolean(), nullable=False, server_default=no),
            sa.Column("of_offer", BIG, nullable=True),
        ],
        "version": [
            sa.Column("label_set", sa.Integer(), nullable=False, server_default="0"),
            sa.Column("moved", DOCUMENT, nullable=False, server_default="{}"),
        ],
    }
    for table, columns in added.items():
        for column in columns:
            op.add_column(table, column)


def _indexes() -> None:
    _partial("candidate_twins", "candidate", ["ranking_id", "twin_of"], "twin_of IS NOT NULL")
    _partial("consensus_disputed", "consensus", ["project_id", "seq"], "disputed = true")
    _partial("offer_propagated", "offer", ["of_offer"], "of_offer IS NOT NULL")
    op.create_index("offer_of_sample", "offer", ["sample_id"], unique=False)
    op.create_index("label_by_person", "label", ["project_id", "user_id", "number"], unique=False)


def _partial(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
