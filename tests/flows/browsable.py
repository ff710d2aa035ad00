"""A pool in which there is something of everything, for the tests of browsing."""

from __future__ import annotations

from sqlmodel import col, select

from activeloop.flows import accounts, deciding, indexing, labelling
from activeloop.jobs import IndexPool
from activeloop.store import db, reviews
from activeloop.store.db import Session
from activeloop.store.tables import Gold, Project, Sample
from activeloop.wiring import Services
from tests.flows.pools import Idle, imported, jsonl, project

TEXTS = [
    *("床前明月光", "疑是地上霜", "明月", "月", "Straße und Brücke", "ΟΔΟΣ at the end", "οδος"),
    *("100 % sure", "under_score", 'say "hello"', "back\\slash", "a-b-c", "Mixed CASE text"),
    *("İstanbul", "plain words", "<script>alert(1)</script>", "it's", "two  blanks", "née"),
]
ROWS = 60
FLAGGED = (3, 4, 41)
ASKED = 9
GOLDEN = 11
REMOVED = (5, 44)


def browsable(services: Services) -> Project:
    """Give samples of two imports, with answers, flags, reviews, gold and removed ones."""
    made = project(services, classes=["good", "bad"], answers_per_sample=2, audit_share=0.3)
    rows = [
        {
            "text": f"{TEXTS[n % len(TEXTS)]}{n // len(TEXTS) or ''}",
            "id": f"X-{n}",
            "author": "李白" if n % 3 else "Du Fu",
            "year": n % 4,
        }
        for n in range(ROWS)
    ]
    imported(services, made, jsonl(rows[:40]))
    imported(services, made, jsonl([row | {"label": "bad"} for row in rows[40:]]))
    with services.write() as session:
        users = [accounts.add_user(session, name, "reviewer", None).id for name in ("ann", "bob")]
    for user, label in zip(users, ("good", "bad"), strict=True):
        _answer(services, made, user, label)
    _mark(services, made, users[0])
    return made


def _answer(services: Services, made: Project, user: int, label: str) -> None:
    with services.write() as session:
        held = labelling.offer(session, made, user, count=14, chance=lambda: 0.99).offers
        for at, each in enumerate(held):
            given = labelling.Given(label if at % 2 else "good")
            labelling.record(session, made, user, given, offer_id=each.offer.id, key=f"{user}-{at}")


def _mark(services: Services, made: Project, user: int) -> None:
    with services.write() as session:
        every, now = every_sample(session, made), db.now(session)
        for n in FLAGGED:
            deciding.flag(
                session, made, user, sample_id=every[n].id, note="?", key=f"f{n}", anywhere=True
            )
        reviews.open_(session, made.id, every[ASKED].id, "asked", {}, now=now)
        golden = every[GOLDEN].id
        session.add(Gold(sample_id=golden, project_id=made.id, label="good", created_at=now))
        for n in REMOVED:
            every[n].removed_at = now


def every_sample(session: Session, made: Project) -> list[Sample]:
    """Give all samples of a pool, in order."""
    found = select(Sample).where(Sample.project_id == made.id).order_by(col(Sample.seq))
    return list(session.exec(found))


def index(services: Services, made: Project) -> None:
    """Bring the search index up to date."""
    indexing.run(services, IndexPool(made.id), Idle())  # type: ignore[arg-type]
