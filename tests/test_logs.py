"""Log lines: for people or for machines, each with the ids of what it is about."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from activeloop import logs
from activeloop.logs import Format

Configure = Callable[[Format], io.StringIO]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """Configure with standard error caught, and give the logging there was back afterwards."""
    root = logging.getLogger()
    before, level, traced = root.handlers[:], root.level, logs.trace.level

    def configured(form: Format) -> io.StringIO:
        held = io.StringIO()
        monkeypatch.setattr("sys.stderr", held)
        logs.configure(form)
        logs.begin()  # whatever a test before this one did in this thread
        return held

    yield configured
    root.handlers[:] = before
    root.setLevel(level)
    logs.trace.setLevel(traced)


def test_a_line_in_json_holds_its_moment_and_its_ids(configure: Configure) -> None:
    written = configure("json")
    with logs.about(job=7, project=1):
        logging.getLogger("activeloop.jobs").info("started %s", "it", extra={"attempt": 2})
    told = json.loads(written.getvalue())
    assert told["at"].endswith("+00:00")
    assert {name: told[name] for name in ("level", "logger", "message")} == {
        "level": "INFO",
        "logger": "activeloop.jobs",
        "message": "started it",
    }
    assert (told["job"], told["project"], told["attempt"]) == (7, 1, 2)


def test_a_line_for_people_ends_with_its_ids(configure: Configure) -> None:
    written = configure("text")
    with logs.about(job=7):
        logging.getLogger("activeloop.jobs").info("started", extra={"attempt": 2})
    assert written.getvalue().endswith("INFO activeloop.jobs started attempt=2 job=7\n")


@pytest.mark.parametrize(("form", "lines"), [("text", 0), ("json", 1)])
def test_every_label_is_told_of_only_where_a_machine_reads(
    configure: Configure, form: Format, lines: int
) -> None:
    written = configure(form)
    logs.trace.info("label recorded", extra={"label": 3})
    assert len(written.getvalue().splitlines()) == lines


def test_ids_hold_within_and_in_this_thread_only(configure: Configure) -> None:
    written = configure("json")
    log = logging.getLogger("activeloop.jobs")
    with logs.about(job=1):
        with logs.about(run=2):
            log.info("inner")
        log.info("outer")
        other = threading.Thread(target=log.info, args=("other",))
        other.start()
        other.join()
    log.info("after")
    told = {line["message"]: line for line in map(json.loads, written.getvalue().splitlines())}
    assert (told["inner"]["job"], told["inner"]["run"]) == (1, 2)
    assert (told["outer"].get("job"), told["outer"].get("run")) == (1, None)
    assert "job" not in told["other"]
    assert "job" not in told["after"]


def test_a_traceback_stays_within_its_line(configure: Configure) -> None:
    written = configure("json")
    try:
        int("not\nthis")
    except ValueError:
        logging.getLogger("activeloop.jobs").exception("failed")
    (line,) = written.getvalue().splitlines()
    assert "ValueError: invalid literal" in json.loads(line)["exc_info"]
