"""What is made of the random arm: the comparison, the advice, and the switch to random."""

from __future__ import annotations

from sqlmodel import select

from activeloop.flows import advising, arming, projects, simulating
from activeloop.store.tables import AuditEntry, Project, Sample
from activeloop.wiring import Services
from tests.flows.digits import Annotator, digits_project, truth
from tests.flows.test_offering import rank


def one_sided(services: Services, project: Project) -> None:
    """Let the queue ask for three of ten digits only, whatever a strategy said."""
    right = truth()
    few = [number for number in range(700) if right[number] in {"0", "1", "2"}]
    with services.read() as session:
        of_train = select(Sample.external_id, Sample.seq).where(Sample.stratum == "train")
        seqs = dict(session.exec(of_train).all())
    rank(services, project, [seqs[str(number)] for number in few if str(number) in seqs])


def test_what_asks_worse_than_chance_is_told_behind_and_switched_off(embedded: Services) -> None:
    project = digits_project(
        embedded,
        700,
        audit_share=0.5,
        random_share=0.5,
        retrain={"every": 40},
        stopping={"to_random": True},
    )
    annotator = Annotator(embedded, project)
    told = []
    for _ in range(2):
        one_sided(embedded, project)
        annotator.answer(180)
        simulating.drain(embedded, project.id)
        with embedded.read() as session:
            project = projects.find(session, project.id)
            told.append((arming.newest(session, project), projects.spec_of(project).strategy.name))
    (first, before), (second, after) = told
    assert first["verdict"] == second["verdict"] == "behind", (first, second)
    assert second["points"][-1]["difference"]["high"] < 0
    assert (before == "random", after) == (False, "random"), "once is not enough, twice is"
    with embedded.read() as session:
        trail = {each.action: each for each in session.exec(select(AuditEntry)).all()}
        doctor = advising.findings(session, project)
    assert trail["strategy.to-random"].detail["because"] == second["says"]
    assert any("behind random choice" in each for each in doctor)


def test_choosing_is_compared_and_the_advice_has_its_evidence(embedded: Services) -> None:
    project = digits_project(
        embedded, 700, audit_share=0.4, random_share=0.5, retrain={"every": 30}
    )
    Annotator(embedded, project).answer_and_learn(150)
    with embedded.read() as session:
        arms = arming.newest(session, project)
        advice = advising.newest(session, project)
    assert arms["points"], arms["says"]
    assert [each["labels"] for each in arms["points"]] == sorted(
        each["labels"] for each in arms["points"]
    )
    for each in arms["points"]:
        apart = each["queried"]["value"] - each["random"]["value"]
        assert abs(each["difference"]["value"] - apart) < 1e-9
    assert advice["verdict"] in {"go on", "cannot tell"}
    assert {"gain", "stability", "precision"} <= {each["name"] for each in advice["evidence"]}
    assert advice["curve"][-1]["labels"] > advice["curve"][0]["labels"]
