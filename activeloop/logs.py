"""Logs: lines for people or for machines, each with the ids of what it is about.

The ids are those of the rows (request, project, user, offer, sample, label, job, run, version), so
that one label can be followed from its offer to the version that learned it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from pythonjsonlogger.json import JsonFormatter

Format = Literal["text", "json"]
CHATTY = ("celery", "kombu", "waitress", "alembic", "urllib3")
TRACE = "activeloop.trace"
"""Tells of every request, offer and label: too much for a terminal, so only in JSON."""
_about: ContextVar[dict[str, object]] = ContextVar("about", default={})  # noqa: B039 - never changed
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

trace = logging.getLogger(TRACE)


@contextmanager
def about(**ids: object) -> Iterator[None]:
    """Give every line written within, in this thread, these ids."""
    token = _about.set({**_about.get(), **ids})
    try:
        yield
    finally:
        _about.reset(token)


def begin(**ids: object) -> None:
    """Forget the ids there were, and give these to every line written from now on."""
    _about.set(ids)


def configure(form: Format) -> None:
    """Write to standard error in the given form; called once by each process."""
    handler = logging.StreamHandler()
    handler.addFilter(with_ids)
    handler.setFormatter(_json() if form == "json" else _Text())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    trace.setLevel(logging.INFO if form == "json" else logging.WARNING)


def with_ids(record: logging.LogRecord) -> bool:
    """Give a line the ids that hold here; a filter for handlers."""
    for name, value in _about.get().items():
        if not hasattr(record, name):
            setattr(record, name, value)
    return True


def _json() -> JsonFormatter:
    formatter = JsonFormatter(
        "{asctime}{levelname}{name}{message}",
        style="{",
        rename_fields={"asctime": "at", "levelname": "level", "name": "logger"},
        datefmt="%Y-%m-%dT%H:%M:%S+00:00",
    )
    formatter.converter = time.gmtime
    return formatter


class _Text(logging.Formatter):
    """A line for people; the ids stand at its end."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Add the ids, as `name=value`."""
        said = super().formatMessage(record)
        ids = {name: value for name, value in vars(record).items() if name not in _OWN}
        return " ".join([said, *(f"{name}={value}" for name, value in ids.items())])
