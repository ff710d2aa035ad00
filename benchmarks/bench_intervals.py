"""How often the 95 % intervals of an evaluation hold the truth: 300 labels of four classes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from activeloop.learn.evaluate import measure

LABELS: Final = 300
WORLD: Final = 60_000


def covered(tries: int, *, seed: int = 0) -> dict[str, float]:
    """Give, by figure, the share of tries whose interval held what the whole world measures.

    Calibration error is not among them: that of few labels is larger than that of the world.
    """
    rng = np.random.default_rng(seed)
    y, proba = _world(rng)
    truth = _truth(y, proba)
    hits = dict.fromkeys(truth, 0)
    for _ in range(tries):
        rows = rng.integers(0, WORLD, LABELS)
        found = measure(y[rows], proba[rows], rng=rng)
        for name, value in truth.items():
            hits[name] += found[name].low <= value <= found[name].high
    return {name: each / tries for name, each in hits.items()}


def _world(rng: np.random.Generator) -> tuple[Any, Any]:
    y = rng.integers(0, 4, WORLD)
    proba = np.exp(rng.normal(size=(WORLD, 4)) + 1.5 * np.eye(4)[y])
    return y, proba / proba.sum(axis=1, keepdims=True)


def _truth(y: Any, proba: Any) -> dict[str, float]:
    from sklearn import metrics

    said, marks = proba.argmax(axis=1), np.eye(4)[y]
    return {
        "accuracy": float((said == y).mean()),
        "balanced_accuracy": float(metrics.balanced_accuracy_score(y, said)),
        "macro_precision": float(metrics.precision_score(y, said, average="macro")),
        "macro_f1": float(metrics.f1_score(y, said, average="macro")),
        "log_loss": float(metrics.log_loss(y, proba)),
        "brier": float(((proba - marks) ** 2).sum(axis=1).mean()),
        "roc_auc": float(metrics.roc_auc_score(marks, proba, average="macro")),
        "pr_auc": float(metrics.average_precision_score(marks, proba, average="macro")),
    }


def main(_options: list[str] | None = None, *, tries: int = 1000) -> None:
    """Print how often each figure's interval held the truth."""
    for name, share in covered(tries).items():
        print(f"{name:20}{share:7.1%} of {tries}")


if __name__ == "__main__":
    main()
