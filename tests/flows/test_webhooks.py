"""Webhooks: what happens is told, signed, tried again, logged; and never twice by our doing."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlmodel import select
from standardwebhooks.webhooks import Webhook as Standard
from standardwebhooks.webhooks import WebhookVerificationError

from activeloop.errors import Conflict, Invalid, NotFound
from activeloop.flows import carrying, delivering, policies, projects, webhooks
from activeloop.store import trail
from activeloop.store.tables import Delivery, JobRow, Project, Webhook
from activeloop.wiring import Services
from tests.flows.handmade import NOW, pool


@dataclass
class Receiver:
    """A program that is told, and what it heard."""

    url: str
    answers: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Listen on a port of its own; answers what the test says, else 204."""
    told = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.heard.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(told.answers.pop(0) if told.answers else 204)
            self.send_header("location", "http://169.254.169.254/")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def hooked(
    services: Services, url: str, *events: str, project: Project | None = None
) -> tuple[Project, dict[str, object]]:
    project = project or pool(services, 3)
    with services.write() as session:
        return project, webhooks.add(session, project, url, events or ("*",), user_id=None)


def carry_out(services: Services, *, now_due: bool = True) -> int:
    """Do the deliveries that wait, also those that wait for their time."""
    with services.write() as session:
        mine = select(JobRow).where(JobRow.kind == "deliver", JobRow.state == "queued")
        jobs = session.exec(mine).all()
        for job in jobs:
            job.run_after = NOW if now_due else job.run_after
        ids = [job.id for job in jobs]
    for job_id in ids:
        carrying.carry_out(services, job_id, "test")
    return len(ids)


def happen(services: Services, project: Project, event: str, **facts: Any) -> None:
    with services.write() as session:
        trail.note(session, event, now=NOW, project_id=project.id, **facts)


def log(services: Services, project: Project) -> list[dict[str, object]]:
    with services.read() as session:
        (hook,) = webhooks.listed(session, project)
        return webhooks.log(session, project, hook["id"])


def test_what_happens_arrives_signed_as_the_standard_says(
    services: Services, receiver: Receiver
) -> None:
    project, made = hooked(services, receiver.url, "version.*", "project.changed")
    happen(services, project, "version.promoted", version=3, because="it is better")
    happen(services, project, "run.asked", run=1)
    with services.write() as session:
        found = projects.find(session, project.name)
        policies.change(session, found, {"batch_size": 5}, user_id=None)
    assert carry_out(services) == 2
    assert [json.loads(body)["type"] for _, body in receiver.heard] == [
        "version.promoted",
        "project.changed",
    ]
    headers, body = receiver.heard[0]
    # the receiver's own library: the secret, the time and the whole body count
    told = Standard(str(made["secret"])).verify(body, headers)
    assert told["data"]["version"] == 3
    assert told["data"]["project_id"] == project.id
    with pytest.raises(WebhookVerificationError):
        Standard(str(made["secret"])).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Standard("whsec_" + "A" * 32).verify(body, headers)
    assert [each["state"] for each in log(services, project)] == ["delivered", "delivered"]
    assert carry_out(services) == 0


def test_what_does_not_arrive_is_tried_again_after_longer_and_longer(
    embedded: Services, receiver: Receiver
) -> None:
    receiver.answers += [500] * len(delivering.PAUSES)
    project, _ = hooked(embedded, receiver.url)
    happen(embedded, project, "drift.alarm")
    for tries, pause in enumerate(delivering.PAUSES, start=1):
        assert carry_out(embedded) == 1
        (kept,) = [each for each in log(embedded, project) if each["event"] == "drift.alarm"]
        assert (kept["state"], kept["attempts"], kept["status"]) == ("waiting", tries, 500)
        with embedded.read() as session:
            (job,) = session.exec(select(JobRow).where(JobRow.state == "queued")).all()
            assert timedelta(0) <= job.run_after - job.created_at - pause < timedelta(seconds=5)
    assert carry_out(embedded) == 1
    assert log(embedded, project)[0]["state"] == "delivered"
    ids = {headers["webhook-id"] for headers, _ in receiver.heard}
    assert len(ids) == 1, "the receiver knows a message that comes twice by its id"


def test_it_is_given_up_at_last_said_so_and_can_be_sent_again(
    embedded: Services, receiver: Receiver
) -> None:
    receiver.answers += [302] * (len(delivering.PAUSES) + 1)
    project, made = hooked(embedded, receiver.url)
    happen(embedded, project, "run.failed", error="no classes")
    while carry_out(embedded):
        pass
    kept = log(embedded, project)[0]
    assert (kept["state"], kept["error"]) == ("failed", "Answered 302.")
    assert len(receiver.heard) == len(delivering.PAUSES) + 1, "no redirect is followed"
    with embedded.read() as session:
        assert webhooks.listed(session, project)[0]["failing"] == 1
    with embedded.write() as session:
        webhooks.again(session, project, int(str(made["id"])), int(str(kept["id"])))
    carry_out(embedded)
    newest = log(embedded, project)[0]
    assert (newest["state"], newest["data"]) == ("delivered", kept["data"])


def test_who_is_gone_is_not_told_again(embedded: Services, receiver: Receiver) -> None:
    receiver.answers += [410]
    project, _ = hooked(embedded, receiver.url)
    happen(embedded, project, "import.done")
    carry_out(embedded)
    happen(embedded, project, "import.done")
    assert carry_out(embedded) == 0
    with embedded.read() as session:
        (kept,) = session.exec(select(Webhook)).all()
        assert kept.enabled is False
    assert "switched off" in str(log(embedded, project)[0]["error"])


def test_nobody_there_is_told_in_words(embedded: Services) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    project, _ = hooked(embedded, f"http://127.0.0.1:{port}/x")
    happen(embedded, project, "import.done")
    carry_out(embedded)
    kept = log(embedded, project)[0]
    assert (kept["state"], kept["status"]) == ("waiting", None)
    assert kept["error"] == "The connection was refused."


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.org/", "must begin with https"),
        ("https:///x", "name a host"),
        ("https://ada:secret@example.org/", "no password"),
        ("http://169.254.169.254/latest/meta-data", "only local"),
        ("http://[fe80::1]/", "only local"),
        ("http://[::ffff:169.254.169.254]/", "only local"),
        ("http://0.0.0.0:1/", "only local"),
        ("http://[broken/", "no address"),
        ("http://a:99999/", "no address"),
    ],
)
def test_addresses_that_must_not_be_told_are_refused(
    embedded: Services, url: str, why: str
) -> None:
    with pytest.raises(Invalid, match=why):
        hooked(embedded, url)


def test_events_and_secrets_are_checked_and_there_are_not_too_many(embedded: Services) -> None:
    project = pool(embedded, 1)
    url = "https://127.0.0.1/"
    with embedded.write() as session:
        for wrong in ([], ["version.crowned"]):
            with pytest.raises(Invalid, match=r"event|names"):
                webhooks.add(session, project, url, wrong, user_id=None)
        for secret in ("abc", "whsec_abc", "whsec_" + "A" * 8):
            with pytest.raises(Invalid, match="whsec_"):
                webhooks.add(session, project, url, ["*"], user_id=None, secret=secret)
        added = [
            webhooks.add(session, project, url, ["*"], user_id=None) for _ in range(webhooks.MOST)
        ]
        with pytest.raises(Conflict):
            webhooks.add(session, project, url, ["*"], user_id=None)
        with pytest.raises(NotFound):
            webhooks.remove(session, project, added[-1]["id"] + 1, user_id=None)
        webhooks.remove(session, project, added[0]["id"], user_id=None)
        assert "secret" not in webhooks.listed(session, project)[0]


def test_only_the_newest_deliveries_are_kept(
    embedded: Services, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from activeloop.store import webhooks as stored

    monkeypatch.setattr(stored, "KEPT", 3)
    project, _ = hooked(embedded, receiver.url, "import.done")
    for _ in range(6):
        happen(embedded, project, "import.done")
    carry_out(embedded)
    with embedded.read() as session:
        assert len(session.exec(select(Delivery)).all()) == 3
