"""Learning one can trust: reports on versions, drift, campaigns, webhooks, notes and pins."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go to this schema."""
    _reports()
    _drift()
    _webhooks()
    _columns()


def _key() -> sa.Column[int]:
    return sa.Column("id", BIG, autoincrement=True, nullable=False)


def _to(name: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [f"{target}.id"], ondelete="CASCADE")


def _number(name: str, kind: Any = sa.Integer) -> sa.Column[int]:
    return sa.Column(name, kind if kind is BIG else kind(), nullable=False)


def _reports() -> None:
    op.create_table(
        "version_report",
        _key(),
        _number("version_id", BIG),
        sa.Column("kind", sa.String(), nullable=False),
        _number("events"),
        sa.Column("body", DOCUMENT, nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        _to("version_id", "version"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("version_id", "kind"),
    )


def _drift() -> None:
    op.create_table(
        "incoming",
        _key(),
        _number("project_id", BIG),
        _number("version_id", BIG),
        sa.Column("payload", DOCUMENT, nullable=False),
        sa.Column("answer", DOCUMENT, nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        _to("project_id", "project"),
        _to("version_id", "version"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("incoming_latest", "incoming", ["project_id", "id"], unique=False)
    op.create_table(
        "drift_window",
        _key(),
        _number("project_id", BIG),
        _number("number"),
        _number("version_id", BIG),
        sa.Column("source", sa.String(), nullable=False),
        _number("first"),
        _number("last"),
        _number("samples"),
        sa.Column("drifted", sa.Boolean(), nullable=False),
        sa.Column("alarm", sa.Boolean(), nullable=False),
        sa.Column("body", DOCUMENT, nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        _to("project_id", "project"),
        _to("version_id", "version"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "number"),
    )
    op.create_table(
        "campaign",
        _key(),
        _number("project_id", BIG),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", DOCUMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        _number("wanted"),
        sa.Column("user_id", BIG, nullable=True),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("closed_at", WHEN, nullable=True),
        _to("project_id", "project"),
        _to("user_id", "user_account"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "campaign_one_open",
        "campaign",
        ["project_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "campaign_sample",
        _number("campaign_id", BIG),
        _number("sample_id", BIG),
        _number("place"),
        _to("campaign_id", "campaign"),
        _to("sample_id", "sample"),
        sa.PrimaryKeyConstraint("campaign_id", "sample_id"),
    )


def _webhooks() -> None:
    op.create_table(
        "webhook",
        _key(),
        _number("project_id", BIG),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("events", DOCUMENT, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("user_id", BIG, nullable=True),
        sa.Column("created_at", WHEN, nullable=False),
        _to("project_id", "project"),
        _to("user_id", "user_account"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_webhook_project_id"), "webhook", ["project_id"], unique=False)
    op.create_table(
        "delivery",
        _key(),
        _number("webhook_id", BIG),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("body", DOCUMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        _number("attempts"),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("next_at", WHEN, nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("finished_at", WHEN, nullable=True),
        _to("webhook_id", "webhook"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("delivery_of_webhook", "delivery", ["webhook_id", "id"], unique=False)


def _columns() -> None:
    with op.batch_alter_table("version") as version:
        version.add_column(sa.Column("evidence", DOCUMENT, server_default="{}", nullable=False))
        version.add_column(
            sa.Column("spent", sa.Float(), server_default=sa.text("0"), nullable=False)
        )
        version.add_column(
            sa.Column("pinned", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        version.add_column(sa.Column("notes", sa.String(), server_default="", nullable=False))
        version.add_column(sa.Column("crowned_at", WHEN, nullable=True))
        version.add_column(sa.Column("crowned_by", BIG, nullable=True))
        version.add_column(sa.Column("dropped_at", WHEN, nullable=True))
