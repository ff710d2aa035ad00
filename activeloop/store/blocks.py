"""Feature blocks: which file holds the features of which samples."""

from __future__ import annotations

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from activeloop.store.tables import FeatureBlock, Featurizer


def listed(session: Session, featurizer_id: int) -> list[FeatureBlock]:
    """List the blocks in the order of the samples. Served by the unique (featurizer, start)."""
    found = session.execute(
        select(FeatureBlock)
        .where(col(FeatureBlock.featurizer_id) == featurizer_id)
        .order_by(col(FeatureBlock.start))
    )
    return list(found.scalars())


def tail(session: Session, featurizer_id: int) -> FeatureBlock | None:
    """Read the last block."""
    return session.execute(
        select(FeatureBlock)
        .where(col(FeatureBlock.featurizer_id) == featurizer_id)
        .order_by(col(FeatureBlock.start).desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def covered(session: Session, featurizer_id: int) -> int:
    """Count the samples that have features: those with a `seq` below this number."""
    last = tail(session, featurizer_id)
    return last.start + last.rows if last else 0


def put(session: Session, featurizer_id: int, *, start: int, rows: int, artifact: str) -> bool:
    """Append a block, or replace the last one by one that goes further.

    Returns:
        False when another worker was faster and the block no longer fits; nothing is written.
    """
    session.execute(
        select(col(Featurizer.id)).where(col(Featurizer.id) == featurizer_id).with_for_update()
    )
    last = tail(session, featurizer_id)
    if start == (last.start + last.rows if last else 0):
        session.execute(
            insert(FeatureBlock).values(
                featurizer_id=featurizer_id, start=start, rows=rows, artifact=artifact
            )
        )
        return True
    if last is None or start != last.start or rows <= last.rows:
        return False
    session.execute(
        update(FeatureBlock)
        .where(col(FeatureBlock.id) == last.id)
        .values(rows=rows, artifact=artifact)
        .execution_options(synchronize_session=False)
    )
    return True
