"""What somebody does who has installed the example plug-in; writes what was seen as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

from activeloop.flows import projects, status
from activeloop.learn import persist, recipes, select, strategies
from activeloop.learn.types import Block
from activeloop.store import versions
from activeloop.testing import check_recipe, check_strategy
from tests.flows.digits import Annotator, digits_project
from tests.flows.pools import opened

NAMES = ("example-ratio", "example-farthest")
LEARNED = 300


def main(data: Path) -> None:
    """List, check, rank, label and train."""
    seen: dict[str, Any] = {"strategies": strategies.names(), "recipes": recipes.names()}
    for name in NAMES:
        check_strategy(name)
    check_recipe("example-bayes")
    seen["picks"] = {name: ranked(name) for name in (*NAMES, "margin")}
    seen["second to first"] = ratios().tolist()
    seen["project"] = looped(data)
    sys.stdout.write(json.dumps(seen))


def pool() -> tuple[Any, Any]:
    """Give digits and their labels."""
    X, y = load_digits(return_X_y=True)
    return X.astype(np.float32), y.astype(np.int64)


def learned() -> Any:
    """Train the plug-in's recipe on the first digits."""
    X, y = pool()
    return recipes.get("example-bayes", {"smoothing": 0.1}).fit(
        X[:LEARNED], y[:LEARNED], 10, seed=0
    )


def ratios() -> Any:
    """Compute what `example-ratio` should score, another way."""
    proba = np.sort(learned().predict_proba(pool()[0][LEARNED:]))
    return proba[:, -2] / proba[:, -1]


def ranked(strategy: str) -> list[int]:
    """Rank the remaining digits."""
    X = pool()[0][LEARNED:]
    picks = select.rank(
        [Block(0, X)],
        learned(),
        strategy=strategy,
        params={},
        eligible=np.ones(len(X), np.bool_),
        labelled=None,
        batch_size=10,
        length=30,
        rng=np.random.default_rng(0),
    )
    return [int(seq) for seq in picks.seqs]


def looped(data: Path) -> dict[str, Any]:
    """Label and train through the flows, with the plug-in's strategy and recipe."""
    services = opened(data)
    spec: dict[str, Any] = {
        "strategy": {"name": "example-farthest"},
        "model": {"recipe": "example-bayes", "params": {"smoothing": 0.1}},
    }
    project = digits_project(services, **spec)
    Annotator(services, project).answer_and_learn(60)
    with services.read() as session:
        report = status.report(session, projects.find(session, project.id))
        version = versions.newest(session, project.id)
        assert version is not None
        model = persist.load(services.artifacts.get(version.artifact))
    services.database.close()
    X, y = pool()
    right = float((model.predict_proba(X).argmax(axis=1) == y).mean())
    served = {"queue": report["queue"], "champion": report["champion"], "runs": report["runs"]}
    return {**served, "recipe": model.recipe, "accuracy": right}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
