"""Annotators as they are: they leave in the middle, send twice, go slow and change their mind."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import urllib3

IN_HAND = 2
"""Samples held at a time."""
IDLE_SECONDS = 0.2
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Habits:
    """How often an annotator does what, as a share of the answers.

    Attributes:
        vanish: goes away with samples in hand until the lease is lost, then answers after all.
        cut: the connection ends before the answer is read, and it is sent again.
        double: two connections send the same at the same moment.
        clash: uses a key again for something else, which must be refused.
        skip: skips.
        undo: takes the answer back, later than another was given, and answers anew.
        revise: changes the answer.
        release: gives a sample back.
        err: answers otherwise than the truth.
        slow: thinks for `slow_seconds`.
    """

    vanish: float = 0.005
    cut: float = 0.02
    double: float = 0.03
    clash: float = 0.01
    skip: float = 0.03
    undo: float = 0.02
    revise: float = 0.02
    release: float = 0.01
    err: float = 0.05
    slow: float = 0.02
    slow_seconds: float = 0.5


class Acknowledged(NamedTuple):
    """What an annotator was told about an event."""

    user: str
    id: int
    number: int
    sample_id: int
    key: str


@dataclass
class Seen:
    """What all annotators together have seen; appending to a list needs no lock."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    next_seconds: list[float] = field(default_factory=list)
    answer_seconds: list[float] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)
    errors: list[BaseException] = field(default_factory=list)


class Refused(Exception):
    """The service answered otherwise than was expected."""


@dataclass
class Annotator:
    """One person with a token and a browser that keeps its connection.

    Attributes:
        name: the user's.
        token: theirs.
        address: host and port.
        project: name of the project.
        truth: gives the right class of a sample, as the API shows it.
        classes: all classes.
        lease_seconds: after how long a sample is lost.
        seen: where to put what is seen.
        stop: set when everything is labelled.
    """

    name: str
    token: str
    address: tuple[str, int]
    project: str
    truth: Callable[[dict[str, Any]], str]
    classes: Sequence[str]
    lease_seconds: float
    seen: Seen
    stop: threading.Event
    habits: Habits = Habits()

    def __post_init__(self) -> None:
        self._chance = random.Random(self.name)  # noqa: S311 - chance, no secret
        host, port = self.address
        self._pool = urllib3.HTTPConnectionPool(
            host, port, maxsize=2, retries=False, timeout=urllib3.Timeout(60)
        )
        self._last: Acknowledged | None = None

    def live(self) -> None:
        """Label until everything is labelled."""
        try:
            while not self.stop.is_set():
                held = self._next()
                if held:
                    self._work(held)
                else:
                    time.sleep(IDLE_SECONDS)
        except BaseException as error:  # noqa: BLE001 - told by whoever waits for the thread
            self.seen.errors.append(error)
            self.stop.set()

    def _happens(self, what: str) -> bool:
        happens: bool = self._chance.random() < getattr(self.habits, what)
        if happens:
            self.seen.did[what] += 1
        return happens

    def _next(self) -> list[dict[str, Any]]:
        began = time.perf_counter()
        held: list[dict[str, Any]] = self._post("offers", {"count": IN_HAND})[1]["offers"]
        self.seen.next_seconds.append(time.perf_counter() - began)
        return held

    def _work(self, held: list[dict[str, Any]]) -> None:
        if self._happens("vanish"):
            self.stop.wait(self.lease_seconds + 2)
            for offer in held:
                self._answer(offer, self._body(offer), late=True)
            return
        offer = held[0]
        if self._happens("release"):
            self._post("offers/release", {"offer_ids": [offer["id"]]})
            return
        if self._happens("slow"):
            time.sleep(self.habits.slow_seconds)
        before = self._last
        told = self._answer(offer, self._body(offer))
        if told is None:
            return
        if before is not None and self._happens("undo"):
            self._undo(before)
        elif self._happens("revise"):
            answer = {"label": self._chance.choice(self.classes)}
            body = {"answer": answer, "key": self._key()}
            self._tell(f"labels/{told.id}/revise", body, offer, late=True)

    def _body(self, offer: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = {"label": self.truth(offer["sample"])}
        if self._happens("err"):
            answer = {"label": self._chance.choice(self.classes)}
        if self._happens("skip"):
            answer = {"skip": True}
        return {"offer_id": offer["id"], "answer": answer, "lead_ms": 900, "key": self._key()}

    def _key(self) -> str:
        return f"{self._chance.getrandbits(128):032x}"

    def _answer(
        self, offer: dict[str, Any], body: dict[str, Any], *, late: bool = False
    ) -> Acknowledged | None:
        """Send an answer as the page does: with its key, again until it is acknowledged."""
        if self._happens("cut"):
            self._hang_up(body)
        doubled: list[Acknowledged | None] = []
        twin = None
        if self._happens("double"):
            twin = threading.Thread(
                target=lambda: doubled.append(self._tell("labels", body, offer, late=late))
            )
            twin.start()
        began = time.perf_counter()
        told = self._tell("labels", body, offer, late=late)
        self.seen.answer_seconds.append(time.perf_counter() - began)
        if twin is not None:
            twin.join()
            if doubled != [told]:
                raise Refused(f"{told} was {doubled} when it was sent twice")
        if told is not None and self._happens("clash"):
            other = {**body, "note": "something else"}
            if self._post("labels", other, refused=True)[0] != http.client.CONFLICT:
                raise Refused(f"key {body['key']} was taken for two answers")
        if told is not None and "skip" not in body["answer"]:
            self._last = told
        return told

    def _tell(
        self, path: str, body: dict[str, Any], offer: dict[str, Any], *, late: bool = False
    ) -> Acknowledged | None:
        status, said = self._post(path, body, refused=late)
        if status == http.client.CONFLICT:
            return None  # it was answered under a newer lease meanwhile
        told = Acknowledged(
            self.name, said["id"], said["number"], offer["sample"]["id"], body["key"]
        )
        self.seen.acknowledged.append(told)
        return told

    def _hang_up(self, body: dict[str, Any]) -> None:
        """Send an answer and be gone before the service can say anything."""
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        with contextlib.suppress(OSError):
            connection.request("POST", self._path("labels"), json.dumps(body), self._headers)
        connection.close()

    def _undo(self, before: Acknowledged) -> None:
        """Take back an answer that came before the latest, and answer it anew."""
        status, undone = self._post(f"labels/{before.id}/undo", {}, refused=True)
        if status == http.client.OK and undone["offer"] is not None:
            self._answer(undone["offer"], self._body(undone["offer"]))

    def _path(self, what: str) -> str:
        return f"/api/v1/projects/{self.project}/{what}"

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}

    def _post(
        self, what: str, body: dict[str, Any], *, refused: bool = False
    ) -> tuple[int, dict[str, Any]]:
        """Send a request, again while the service is busy; `refused`: a conflict is an answer."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self._pool.request(
                "POST", self._path(what), body=json.dumps(body), headers=self._headers
            )
            if answer.status < http.client.MULTIPLE_CHOICES:
                return answer.status, answer.json()
            if answer.status == http.client.CONFLICT and refused:
                return answer.status, {}
            self.seen.did[f"status {answer.status}"] += 1
            if answer.status != http.client.SERVICE_UNAVAILABLE or time.monotonic() > end:
                raise Refused(f"{what}: {answer.status} {answer.data[:500]!r}")
            time.sleep(IDLE_SECONDS)
