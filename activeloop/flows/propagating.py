"""Near-duplicates of a sample: answered with it, and marked as propagated, not as seen."""

from __future__ import annotations

from datetime import datetime

from activeloop.flows import settling
from activeloop.learn import agreement
from activeloop.store import choosing, labels, offers
from activeloop.store.db import Session
from activeloop.store.tables import Label, Offer, Sample

MOST = 50
"""How many near-duplicates one answer covers at most."""


def spread(
    session: Session, held: Offer, answer: Label, rule: agreement.Rule, *, now: datetime
) -> int:
    """Give an answer to the near-duplicates of its sample as well; tell to how many."""
    found = choosing.twins(session, held, most=MOST)
    if not found:
        return 0
    given = [_given(held, sample, now) for sample in found]
    offers.add(session, given)
    for sample, its in zip(found, given, strict=True):
        event = labels.append(
            session,
            Label(
                project_id=answer.project_id,
                sample_id=sample.id,
                offer_id=its.id,
                user_id=answer.user_id,
                kind="propagated",
                label=answer.label,
                created_at=now,
            ),
        )
        settling.settle(session, sample, rule, number=event.number, now=now)
    return len(found)


def _given(held: Offer, sample: Sample, now: datetime) -> Offer:
    return Offer(
        project_id=held.project_id,
        sample_id=sample.id,
        user_id=held.user_id,
        kind="propagated",
        strategy=held.strategy,
        because=f"a near-duplicate of sample {held.sample_id}, answered with it",
        ranking_id=held.ranking_id,
        version=held.version,
        ranked_at=held.ranked_at,
        of_offer=held.id,
        state="answered",
        leased_until=now,
        created_at=now,
    )


def take_back(session: Session, held: Offer, rule: agreement.Rule, *, now: datetime) -> None:
    """Take back what was given to near-duplicates with the answer to an offer."""
    spread_to = offers.propagated(session, held.id)
    for event in labels.of_offers(session, [each.id for each in spread_to]):
        if event.kind != "propagated":
            continue
        undo = labels.append(
            session,
            Label(
                project_id=event.project_id,
                sample_id=event.sample_id,
                offer_id=event.offer_id,
                user_id=event.user_id,
                kind="undo",
                undoes=event.id,
                created_at=now,
            ),
        )
        sample = offers.locked(session, event.sample_id)
        settling.settle(session, sample, rule, number=undo.number, now=now)
    for each in spread_to:
        offers.close(session, each, "expired")
    offers.give_back(session, [each.sample_id for each in spread_to])
