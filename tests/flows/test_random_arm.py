"""The random arm: a share of what is asked is drawn at random, and looks like all else."""

from __future__ import annotations

from sqlmodel import select

from activeloop.flows import labelling, projects
from activeloop.store.tables import Offer, Project
from activeloop.wiring import Services
from tests.flows.handmade import people, pool
from tests.flows.test_offering import rank


def offered(services: Services, project: Project, chances: list[float]) -> list[Offer]:
    """Offer two samples by given chances, all of which must be used."""
    (user,) = people(services, 1)
    left = iter(chances)
    with services.write() as session:
        now = projects.find(session, project.id)
        labelling.offer(session, now, user, count=2, chance=lambda: next(left))
    assert next(left, None) is None, "as many chances as were told"
    with services.read() as session:
        return list(session.exec(select(Offer)).all())


def test_a_share_of_what_is_ranked_is_drawn_at_random_and_looks_alike(services: Services) -> None:
    project = pool(services, 8, audit=2, random_share=0.5)
    rank(services, project, [3, 4, 5])
    # two lots for the audit stratum, two for the random arm, one for its place
    found = {each.kind: each for each in offered(services, project, [0.9, 0.9, 0.1, 0.9, 0.0])}
    assert set(found) == {"random", "informative"}
    lot = found["random"]
    assert lot.probability == 1 / 6, "one over the training samples that remained"
    assert lot.strategy == "random"
    assert lot.ranking_id == found["informative"].ranking_id
    assert lot.version == found["informative"].version
    assert lot.sample_id != found["informative"].sample_id


def test_no_lot_is_cast_without_a_share_or_before_the_first_ranking(services: Services) -> None:
    project = pool(services, 8, audit=2, random_share=0)
    rank(services, project, [3, 4, 5])
    assert [each.kind for each in offered(services, project, [0.9, 0.9])] == ["informative"] * 2


def test_before_the_first_ranking_no_lot_is_cast(services: Services) -> None:
    project = pool(services, 8, audit=2, random_share=0.5)
    assert [each.kind for each in offered(services, project, [0.9, 0.9])] == ["random"] * 2
