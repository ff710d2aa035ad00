"""Times to train at, written as cron writes them: minute, hour, day, month, weekday; in UTC.

Example:
    >>> from datetime import UTC, datetime
    >>> following("0 3 * * *", datetime(2026, 5, 1, 12, tzinfo=UTC)).isoformat()
    '2026-05-02T03:00:00+00:00'
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

FIELDS = 5


def check(written: str) -> str:
    """Check a schedule and give it with single spaces; an empty one means none.

    Raises:
        ValueError: saying what is wrong, and how a schedule is written.
    """
    fields = written.split()
    if not fields:
        return ""
    how = "write minute, hour, day, month and weekday (UTC), such as `0 3 * * *`"
    if len(fields) != FIELDS:
        raise ValueError(f"{written!r} has {len(fields)} fields, {FIELDS} are wanted: {how}")
    told = " ".join(fields)
    try:
        next(CronSim(told, datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        reason = str(error)
        raise ValueError(f"{told!r}: {reason[:1].lower()}{reason[1:]}; {how}") from error
    except StopIteration as error:
        raise ValueError(f"{told!r} never comes; {how}") from error
    return told


def following(schedule: str, after: datetime) -> datetime:
    """Give the first time of a checked schedule after a moment."""
    return next(CronSim(schedule, after.astimezone(UTC)))


def latest(schedule: str, through: datetime) -> datetime:
    """Give the last time of a checked schedule up to a moment, that moment included."""
    # backwards the library gives what lies before a minute, never the minute itself
    minute = through.astimezone(UTC).replace(second=0, microsecond=0)
    return next(CronSim(schedule, minute + timedelta(minutes=1), reverse=True))
