"""Browsing the pool: indexes for what people look for in it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this schema."""
    op.create_index("sample_of_import", "sample", ["import_id", "seq"], unique=False)
    _partial("sample_removed", "sample", ["project_id", "seq"], "removed_at IS NOT NULL")
    _partial("consensus_label", "consensus", ["project_id", "label", "seq"], "complete = true")
    _partial("consensus_split", "consensus", ["project_id", "seq"], "agreement < 1")
    _partial("label_flags", "label", ["project_id", "sample_id"], "kind = 'flag'")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=False,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
