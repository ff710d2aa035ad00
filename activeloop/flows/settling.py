"""What an event changes: the sample's label, the answers it wants, the counts, the reviews."""

from __future__ import annotations

from datetime import datetime

from activeloop.errors import Crossed
from activeloop.events import Agreed
from activeloop.flows import due
from activeloop.learn import agreement
from activeloop.spec import ProjectSpec
from activeloop.store import label_sets, labels, offers, projects, reviews
from activeloop.store.db import Session
from activeloop.store.tables import Project, Sample


def rule_of(session: Session, project: Project, spec: ProjectSpec) -> agreement.Rule:
    """Read when answers settle a label, with the class changes so far."""
    return agreement.Rule.of(spec, labels.changes(session, project.id))


def hold_to(session: Session, project_id: int, rule: agreement.Rule) -> None:
    """Make sure that an event that has its number was written in the words of its time.

    Raises:
        Crossed: when the label set was changed between the rule and the event.
    """
    known = rule.changes[-1].number if rule.changes else 0
    if label_sets.moved_on(session, project_id, known):
        raise Crossed("The classes were changed at this moment; the same request again will do.")


def settle(
    session: Session, sample: Sample, rule: agreement.Rule, *, number: int, now: datetime
) -> Agreed:
    """Count a sample's answers anew after event `number`, which must have been written."""
    before = labels.stood(session, sample.id, wanted=rule.wanted)
    agreed = agreement.agree(labels.of_sample(session, sample.id), rule)
    labels.settle(session, sample, agreed, number=number)
    offers.widen(session, sample.id, agreed.wants - before.wants)
    step = int(agreed.complete and agreed.label is not None) - int(before.labelled)
    projects.count(session, sample.project_id, **{f"labelled_{sample.stratum}": step})
    if agreed.disputed:
        detail = {"answers": agreed.answers, "agreement": agreed.agreement}
        reviews.open_(
            session, sample.project_id, sample.id, "disagreement", detail, user_id=None, now=now
        )
    elif before.disputed:
        reviews.settle(session, sample.id, now=now, reasons=["disagreement"])
    return agreed


def learn_if_due(session: Session, project: Project, spec: ProjectSpec, now: datetime) -> None:
    """Ask for a run when enough labels have come; called with each label."""
    due.ask_if_due(session, project, spec, now)
