"""Annotators who know the truth and label over HTTP, several at once."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.service import Client, Refused, Site

IN_HAND = 4
PATIENCE = 60.0

Truth = Callable[[Mapping[str, Any]], str]
"""Tells the class of a sample as the API shows it."""


@dataclass(frozen=True)
class Told:
    """An answer that the service has acknowledged."""

    id: int
    number: int
    offer: Mapping[str, Any]
    label: str
    by: str

    @property
    def sample(self) -> int:
        """The sample's number in the service."""
        return int(self.offer["sample"]["id"])


@dataclass
class Budget:
    """How many labels may be given, by all together."""

    left: int
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> bool:
        """Take one, if one is left."""
        with self.lock:
            self.left -= 1
            return self.left >= 0

    @property
    def spent(self) -> bool:
        """Whether none is left."""
        return self.left <= 0


@dataclass
class Annotator:
    """One person with a token, who holds a few samples at a time.

    Every tenth answer is sent twice, as a browser does that saw no answer. `pause` is the time to
    read a sample. While the service is away the same answer is sent again, with the same key.
    """

    name: str
    client: Client
    project: str
    truth: Truth
    budget: Budget
    pause: float = 0.0
    told: list[Told] = field(default_factory=list)
    error: BaseException | None = None

    def __post_init__(self) -> None:
        self._chance = random.Random(self.name)  # noqa: S311 - no secret
        self.thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - shown by `label_all`
            self.error = error

    def _work(self) -> None:
        waited = time.monotonic()
        while not self.budget.spent:
            offers = self._insist(f"{self.project}/offers", {"count": IN_HAND})["offers"]
            if not offers:
                if time.monotonic() - waited > PATIENCE:
                    raise Refused(f"{self.name} got no sample for {PATIENCE} s")
                time.sleep(0.1)
                continue
            waited = time.monotonic()
            held = [offer["id"] for offer in offers]
            for offer in offers:
                if not self.budget.take():
                    self._insist(f"{self.project}/offers/release", {"offer_ids": held})
                    return
                time.sleep(self.pause)
                self.told.append(self._answer(offer))
                held.remove(offer["id"])

    def _answer(self, offer: Mapping[str, Any]) -> Told:
        label = self.truth(offer["sample"])
        body = {
            "offer_id": offer["id"],
            "answer": {"label": label},
            "lead_ms": int(self.pause * 1000),
            "key": str(uuid.UUID(int=self._chance.getrandbits(128))),
        }
        given = self._insist(f"{self.project}/labels", body)
        if self._chance.random() < 0.1:
            again = self._insist(f"{self.project}/labels", body)
            if (again["id"], again["replayed"]) != (given["id"], True):
                raise Refused(f"{given} became {again} when it was sent again")
        return Told(given["id"], given["number"], offer, label, self.name)

    def _insist(self, path: str, body: Mapping[str, Any]) -> Any:
        from urllib3.exceptions import HTTPError

        end = time.monotonic() + PATIENCE
        while True:
            try:
                return self.client.post(path, body)
            except HTTPError:  # the web process is being started again
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)


@dataclass
class Office:
    """Several annotators at work on one project."""

    people: list[Annotator]

    def start(self) -> None:
        """Let everybody begin."""
        for each in self.people:
            each.thread.start()

    def wait(self, *, seconds: float) -> list[Told]:
        """Wait until the budget is spent, and give the answers in the order they were recorded."""
        end = time.monotonic() + seconds
        for each in self.people:
            each.thread.join(max(0.0, end - time.monotonic()))
            if each.error:
                raise each.error
            if each.thread.is_alive():
                raise Refused(f"{each.name} is not done in {seconds} s")
        return sorted((told for each in self.people for told in each.told), key=lambda t: t.number)

    @property
    def told(self) -> list[Told]:
        """What has been acknowledged so far."""
        return [told for each in self.people for told in list(each.told)]


def office(site: Site, truth: Truth, *, labels: int, people: int = 3, pause: float = 0.0) -> Office:
    """Make annotators, each with a token of their own."""
    budget = Budget(labels)
    clients = {
        f"{site.name}-oracle-{n}": site.service.person(f"{site.name}-oracle-{n}", "annotator")
        for n in range(1, people + 1)
    }
    return Office(
        [Annotator(name, c, site.path, truth, budget, pause) for name, c in clients.items()]
    )
