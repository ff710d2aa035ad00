"""On real crowds our figures are crowd-kit's, the krippendorff package's and scikit-learn's."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import pandas as pd
import pytest
from crowdkit.aggregation.classification import DawidSkene
from sklearn.metrics import cohen_kappa_score

from activeloop.learn.crowd.agreeing import alpha, cohen, fleiss
from activeloop.learn.crowd.dawid_skene import dawid_skene
from activeloop.learn.crowd.sheet import NOBODY, Sheet, majority

# crowd-kit 1.4 was written for an older pandas
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:crowdkit.*",
                                        "ignore::FutureWarning:crowdkit.*")  # fmt: skip


@dataclass(frozen=True)
class Crowd:
    """What people said of samples whose truth is known."""

    sheet: Sheet
    truth: Any

    def peer(self, steps: int, tolerance: float, known: Any = None) -> Any:
        """Let crowd-kit do it; give its probabilities in our order."""
        table = pd.DataFrame(
            {"task": self.sheet.samples, "worker": self.sheet.people, "label": self.sheet.said}
        )
        told = None if known is None else pd.Series(known).loc[lambda given: given != NOBODY]
        fitted: Any = DawidSkene(steps, tol=tolerance).fit(table, told)
        rows, columns = range(self.sheet.n_samples), range(self.sheet.n_classes)
        return fitted.probas_.reindex(index=rows, columns=columns).to_numpy()


Read = Callable[[str], Crowd]


@pytest.fixture
def crowd(shared_data: Path) -> Read:
    """Give a reader of the real crowds, which stand beside the checkout."""

    def read(name: str) -> Crowd:
        with (shared_data / name).open(newline="") as file:
            rows = list(csv.DictReader(file))
        columns = {}
        for field in ("item", "annotator", "label"):
            values = sorted({row[field] for row in rows})
            place = {value: at for at, value in enumerate(values)}
            columns[field] = np.array([place[row[field]] for row in rows])
            columns[f"{field}s"] = np.array([place.get(row["gold"], NOBODY) for row in rows])
        truth = np.zeros(columns["item"].max() + 1, np.int64)
        truth[columns["item"]] = columns["labels"]
        sizes = (int(columns[f].max()) + 1 for f in ("item", "annotator", "label"))
        return Crowd(Sheet(columns["item"], columns["annotator"], columns["label"], *sizes), truth)

    return read


BOTH = pytest.mark.parametrize("name", ["act_sp.csv", "act_cf.csv"])


@BOTH
def test_dawid_skene_is_crowd_kits_where_it_stops_and_at_a_given_step(
    name: str, crowd: Read
) -> None:
    real = crowd(name)
    ours = dawid_skene(real.sheet)
    assert 3 < ours.iterations < 50
    assert np.abs(ours.proba - real.peer(100, 1e-5)).max() < 1e-6
    after = dawid_skene(real.sheet, iterations=20, tolerance=-np.inf)
    assert after.iterations == 20
    assert np.abs(after.proba - real.peer(20, -np.inf)).max() < 1e-6
    assert np.abs(after.proba - ours.proba).max() > 0.01


@BOTH
def test_dawid_skene_with_known_truth_is_crowd_kits(name: str, crowd: Read) -> None:
    real = crowd(name)
    known = np.where(np.arange(len(real.truth)) % 3 == 0, real.truth, NOBODY)
    ours = dawid_skene(real.sheet, known=known).proba
    assert np.abs(ours - real.peer(100, 1e-5, known)).max() < 1e-6


def test_on_sentence_polarity_dawid_skene_is_right_more_often_than_the_majority(
    crowd: Read,
) -> None:
    real = crowd("act_sp.csv")
    counts = real.sheet.counts()
    believed = (dawid_skene(real.sheet).proba.argmax(axis=1) == real.truth).mean()
    assert round(float(believed), 3) == 0.915
    assert round(float((counts.argmax(axis=1) == real.truth).mean()), 3) == 0.890
    assert (majority(counts) == NOBODY).sum() == 181


def test_on_weather_with_four_answers_a_person_the_majority_is_right_more_often(
    crowd: Read,
) -> None:
    """Why the default is majority: four answers do not tell which of 20 errors somebody makes."""
    real = crowd("act_cf.csv")
    believed = (dawid_skene(real.sheet).proba.argmax(axis=1) == real.truth).mean()
    by_majority = majority(real.sheet.counts()) == real.truth
    assert round(float(believed), 3) == 0.830
    assert round(float(by_majority.mean()), 3) == 0.847


@BOTH
def test_alpha_is_the_krippendorff_packages(name: str, crowd: Read) -> None:
    counts = crowd(name).sheet.counts()
    found = alpha(counts, rng=np.random.default_rng(0))
    theirs = [krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")]
    for at in range(counts.shape[1]):
        against = np.column_stack([counts[:, at], counts.sum(axis=1) - counts[:, at]])
        theirs.append(krippendorff.alpha(value_counts=against, level_of_measurement="nominal"))
    ours = [found.overall, *found.classes]
    assert np.allclose([each.value for each in ours if each], theirs, rtol=0, atol=1e-9)


def test_kappa_of_every_pair_that_met_is_scikit_learns(crowd: Read) -> None:
    sheet = crowd("act_sp.csv").sheet
    said = np.full((sheet.n_samples, sheet.n_people), NOBODY)
    said[sheet.samples, sheet.people] = sheet.said
    busiest = np.argsort(-np.bincount(sheet.people))[:8]
    compared = 0
    for at, first in enumerate(busiest):
        for second in busiest[at + 1 :]:
            both = (said[:, first] != NOBODY) & (said[:, second] != NOBODY)
            pair = said[both, first], said[both, second]
            ours = cohen(*pair, 2, rng=np.random.default_rng(0))
            if ours is None:
                continue
            assert ours.value == pytest.approx(cohen_kappa_score(*pair), abs=1e-9)
            compared += 1
    assert compared > 20


def test_fleiss_wants_as_many_answers_of_each_sample_and_is_then_nearly_alpha(crowd: Read) -> None:
    counts = crowd("act_sp.csv").sheet.counts()
    five = counts[counts.sum(axis=1) == 5]
    ours = fleiss(five, rng=np.random.default_rng(0))
    theirs = alpha(five, rng=np.random.default_rng(0)).overall
    assert ours is not None
    assert theirs is not None
    assert ours == fleiss(counts, rng=np.random.default_rng(0))
    # they differ by a small-sample term of order 1 / answers
    assert ours.value == pytest.approx(theirs.value, abs=1e-3)
