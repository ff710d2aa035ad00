"""Carry out one background job: claim it, keep the claim alive, end it exactly once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING

from activeloop import logs
from activeloop.errors import ActiveloopError, Fenced, Transient
from activeloop.jobs import Job
from activeloop.store import db, ledger

if TYPE_CHECKING:
    from activeloop.store.db import Session
    from activeloop.wiring import Services

FINAL = ("failed", "dead")
TELL_EVERY = 0.5
BEATS_PER_LEASE = 3
LONGEST_PAUSE = 60

logger = logging.getLogger("activeloop.jobs")


class Work:
    """What a long flow is given to report on itself and to end its job."""

    def __init__(self, services: Services, held: ledger.Claim) -> None:
        """Start with nothing told."""
        self.claim = held
        self.ended = False
        self._services = services
        self._lease = timedelta(seconds=services.settings.job_lease_seconds)
        self._said = ("", 0.0)
        self._lost = threading.Event()

    def tell(self, stage: str, progress: float) -> None:
        """Say what is being done and how far it is, 0 to 1; cheap enough to call in a loop.

        Raises:
            Fenced: when another worker has taken the job over.
        """
        self.check()
        self._said = (stage, min(1.0, max(0.0, progress)))

    def check(self) -> None:
        """Stop here when the job is no longer ours.

        Raises:
            Fenced: when another worker has taken the job over.
        """
        if self._lost.is_set():
            raise Fenced(f"Job {self.claim.job_id} was taken over by another worker.")

    def done(self, session: Session) -> None:
        """Mark the job done, in the transaction that writes its effect.

        Raises:
            Fenced: when another worker has taken the job over; the effect is then rolled back.
        """
        ledger.finish(session, self.claim, now=db.now(session))
        self.ended = True

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Extend the lease from a thread of its own while the block runs."""
        stop = threading.Event()
        thread = threading.Thread(target=self._beat, args=[stop], name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _beat(self, stop: threading.Event) -> None:
        pause = min(TELL_EVERY, self._lease.total_seconds() / BEATS_PER_LEASE)
        extended, told = time.monotonic(), self._said
        while not stop.wait(pause):
            late = time.monotonic() - extended >= self._lease.total_seconds() / BEATS_PER_LEASE
            said = self._said
            if not late and said == told:
                continue
            try:
                held = self._extend(said)
            except Transient as fault:
                # the fence decides, not the lease: go on until somebody has taken the job over
                logger.warning("heartbeat failed: %s", fault.message, extra=_ids(self.claim))
                continue
            if not held:
                self._lost.set()
                return
            extended, told = time.monotonic(), said

    def _extend(self, said: tuple[str, float]) -> bool:
        with self._services.write() as session:
            return ledger.beat(
                session,
                self.claim,
                lease=self._lease,
                now=db.now(session),
                stage=said[0],
                progress=said[1],
            )


@dataclass(frozen=True)
class Flow:
    """What carries out one kind of job, and what is told when it fails for good."""

    run: Callable[[Services, Job, Work], None]
    failed: Callable[[Session, Job, str], None]


def _late(module: str) -> Flow:
    """Name a flow whose module, and the numerics it loads, is imported by the first job."""

    def run(services: Services, job: Job, work: Work) -> None:
        import_module(module).run(services, job, work)

    def failed(session: Session, job: Job, message: str) -> None:
        import_module(module).failed(session, job, message)

    return Flow(run, failed)


FLOWS: dict[str, Flow] = {
    "import": _late("activeloop.flows.importing"),
    "featurize": _late("activeloop.flows.featurising"),
    "train": _late("activeloop.flows.training"),
    "rank": _late("activeloop.flows.ranking"),
    "score-range": _late("activeloop.flows.sweeping"),
    "merge": _late("activeloop.flows.merging"),
    "quality": _late("activeloop.flows.quality"),
    "evaluate": _late("activeloop.flows.measuring"),
    "index": _late("activeloop.flows.indexing"),
    "label-errors": _late("activeloop.flows.label_errors"),
    "deliver": _late("activeloop.flows.delivering"),
    "advise": _late("activeloop.flows.advising"),
    "search": _late("activeloop.flows.searching"),
    "watch": _late("activeloop.flows.monitoring"),
}


WARMED = (
    "activeloop.flows.training",
    "activeloop.flows.ranking",
    "activeloop.flows.sweeping",
    "activeloop.learn.evaluate",
    "activeloop.learn.persist",
    "activeloop.learn.promote",
    "scipy.stats",
    "sklearn.linear_model",
)


def warm() -> None:
    """Import what the first job would otherwise wait for, for seconds."""
    for module in WARMED:
        import_module(module)


def carry_out(services: Services, job_id: int, owner: str) -> None:
    """Do the job unless it is done, held by another, or not due; safe to call at any time.

    Args:
        services: those of this process.
        job_id: the ledger row.
        owner: names this process, for people and for `ledger.release`.
    """
    held = _claimed(services, job_id, owner)
    if held is not None:
        with logs.about(**_ids(held)):
            _carry_out(services, held)


def _carry_out(services: Services, held: ledger.Claim) -> None:
    logger.info("started", extra={"attempt": held.attempts})
    started = time.monotonic()
    work = Work(services, held)
    try:
        with work.beating():
            FLOWS[held.job.kind].run(services, held.job, work)
        if not work.ended:
            with services.write() as session:
                work.done(session)
    except Exception as error:  # noqa: BLE001 - whatever happened, it ends in the ledger and the log
        _not_done(services, held, error)
        return
    except BaseException:  # the process is asked to end: somebody else may go on at once
        _let_go(services, held)
        raise
    logger.info("done", extra={"seconds": round(time.monotonic() - started, 2)})


def fail_for_good(session: Session, job: Job, message: str) -> None:
    """Tell the flow, in the transaction that ends the job, that it will not be done."""
    FLOWS[job.kind].failed(session, job, message)


def _claimed(services: Services, job_id: int, owner: str) -> ledger.Claim | None:
    lease = timedelta(seconds=services.settings.job_lease_seconds)
    try:
        with services.write() as session:
            return ledger.claim(session, job_id, owner=owner, lease=lease, now=db.now(session))
    except ActiveloopError as error:
        # the database is away, or the job is of a newer release: the row waits, and is sent again
        logger.warning("job=%d was not started: %s", job_id, error.message)
        return None


def _not_done(services: Services, held: ledger.Claim, error: Exception) -> None:
    if isinstance(error, Fenced):
        logger.warning("taken over by another worker; result dropped")
        return
    sentence, pause = _judged(held, error)
    if not isinstance(error, ActiveloopError):
        logger.error("failed", extra={"attempt": held.attempts}, exc_info=error)
    try:
        with services.write() as session:
            state = ledger.fail(
                session, held, error=sentence, now=db.now(session), retry_after=pause
            )
            if state in FINAL:
                fail_for_good(session, held.job, sentence)
    except Fenced:
        logger.warning("taken over by another worker; failure dropped")
    except Exception:
        # the claim runs out by itself, and the clock finds the row
        logger.exception("its failure could not be written")
    else:
        logger.warning("%s: %s", state, sentence)


def _judged(held: ledger.Claim, error: Exception) -> tuple[str, timedelta | None]:
    pause = timedelta(seconds=min(LONGEST_PAUSE, 2 ** (held.attempts - 1)))
    if isinstance(error, Transient):
        return error.message, pause
    if isinstance(error, ActiveloopError):
        return error.message, None
    said = str(error).strip().rstrip(".")
    detail = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return f"Something unexpected went wrong ({detail}). The worker's log has the details.", pause


def _let_go(services: Services, held: ledger.Claim) -> None:
    with services.write() as session:
        ledger.give_back(session, held, now=db.now(session))


def _ids(held: ledger.Claim) -> dict[str, object]:
    """Give the ids that every line about a job carries."""
    return {"job": held.job_id, "kind": held.job.kind, **_of(held.job)}


def _of(job: Job) -> dict[str, object]:
    return {name.removesuffix("_id"): value for name, value in job.payload().items()}
