"""The report on a project as a whole: throughput and cost."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from activeloop.flows.team_work import TeamWork

MOST_DAYS = 60
HOURS = 24


def throughput(work: TeamWork, now: datetime) -> dict[str, Any]:
    """Count answers by day, of the newest days that have any, and by hour of the last day."""
    days: dict[str, int] = Counter(answer.at.date().isoformat() for answer in work.answers)
    people = {(answer.at.date().isoformat(), answer.person) for answer in work.answers}
    busy = Counter(day for day, _ in people)
    since = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    hours: dict[datetime, int] = Counter(
        answer.at.replace(minute=0, second=0, microsecond=0)
        for answer in work.answers
        if answer.at >= since
    )
    return {
        "days": [
            {"day": day, "answers": days[day], "people": busy[day]}
            for day in sorted(days, reverse=True)[:MOST_DAYS]
        ],
        "hours": [
            {"hour": hour.isoformat(), "answers": hours.get(hour, 0)}
            for hour in (since + timedelta(hours=n) for n in range(HOURS))
        ],
    }


def cost(work: TeamWork) -> dict[str, Any]:
    """Tell what the answers cost, and each label that they settled.

    Answers to gold samples are paid for; skips and what was propagated to near-duplicates are not.
    """
    price, answers = work.spec.cost_per_label, len(work.answers)
    settled = len(set(work.said.samples) & work.labels.keys())
    spent = None if price is None else round(price * answers, 2)
    return {
        "answers": answers,
        "settled": settled,
        "answers_per_label": round(answers / settled, 2) if settled else None,
        "per_answer": price,
        "currency": work.spec.currency,
        "spent": spent,
        "per_label": round(spent / settled, 4) if spent is not None and settled else None,
    }
