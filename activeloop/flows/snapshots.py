"""Which labels a run learns from: the settled ones through an event, fixed for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from activeloop.events import Event
from activeloop.learn import agreement
from activeloop.spec import ProjectSpec
from activeloop.store import labels
from activeloop.store.db import Session


@dataclass(frozen=True)
class Labelled:
    """Settled labels of one stratum, by seq; `names` are answers as text."""

    seqs: Sequence[int]
    names: Sequence[str]

    @property
    def digest(self) -> str:
        """The sha256 of the (seq, label) pairs: the same set gives the same digest."""
        lines = "\n".join(f"{seq}\t{name}" for seq, name in zip(self.seqs, self.names, strict=True))
        return hashlib.sha256(lines.encode()).hexdigest()


def snapshot(
    session: Session,
    project_id: int,
    spec: ProjectSpec,
    number: int,
    *,
    label_set: int | None = None,
) -> tuple[Labelled, Labelled]:
    """Give the settled labels of the train and the audit stratum through event `number`.

    They are in the words of the last class change up to it, or of `label_set`, a later one.
    """
    through = number if label_set is None else label_set
    rule = agreement.Rule.of(spec, labels.changes(session, project_id, through))
    settled = settle(spec, rule, labels.through(session, project_id, number))
    places = labels.snapshot_seqs(session, sorted(settled))
    split: dict[str, list[tuple[int, str]]] = {"train": [], "audit": []}
    for sample_id, (seq, stratum) in places.items():
        split[stratum].append((seq, settled[sample_id]))
    return _labelled(split["train"]), _labelled(split["audit"])


def settle(spec: ProjectSpec, rule: agreement.Rule, events: Iterable[Event]) -> dict[int, str]:
    """Give the labels of the samples that have all their answers, by the project's consensus.

    By majority a sample that people dispute has none; by Dawid and Skene it has the likeliest.
    """
    told = list(events)
    agreed = agreement.replay(told, rule)
    done = {sample: each.label for sample, each in agreed.items() if each.complete}
    if spec.consensus == "dawid-skene":
        from activeloop.learn.crowd import believing

        said = believing.gathered(told, rule)
        believed = believing.believe(said, spec.classes, several=spec.answer == "several")
        done = {sample: believed[sample].label for sample in done if sample in believed}
    return {sample: label for sample, label in done.items() if label}


def _labelled(pairs: list[tuple[int, str]]) -> Labelled:
    pairs.sort()
    return Labelled([seq for seq, _ in pairs], [name for _, name in pairs])
