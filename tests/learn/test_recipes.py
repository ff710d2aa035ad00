from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from activeloop.errors import CannotLearn, Corrupt, Invalid, Needs
from activeloop.learn import features, persist, recipes
from activeloop.learn.evaluate import measure
from activeloop.learn.recipes.design import prepare
from activeloop.learn.recipes.forest import FLOOR
from activeloop.learn.recipes.softmax import fit_softmax
from activeloop.learn.train import Choice, fit
from activeloop.spec import FeatureSpec

NAMES = ["forest", "linear", "online"]
SMALL: dict[str, dict[str, Any]] = {"forest": {"trees": 24}, "linear": {}, "online": {"epochs": 8}}
COLOURS = ("my red apple", "a red car", "red wine", "bright red shoe", "dark red door")
WEATHER = ("rain today", "snow and rain", "no rain again", "some rain fell", "cold rain")


def _digits() -> tuple[Any, Any]:
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    return X[order].astype(np.float32), y[order].astype(np.int64)


def _texts() -> tuple[csr_matrix, Any]:
    texts = [{"text": text} for text in (*COLOURS, *WEATHER)]
    rows = features.make(FeatureSpec(), "text").fit([]).transform(texts)
    return rows, np.repeat([0, 1], 5)


@pytest.mark.parametrize(("name", "least"), [("linear", 0.95), ("online", 0.94), ("forest", 0.95)])
def test_a_thousand_labels_teach_every_recipe_the_digits(name: str, least: float) -> None:
    X, y = _digits()
    model = recipes.get(name).fit(X[:1000], y[:1000], 10, seed=1)
    assert (model.predict_proba(X[1000:]).argmax(axis=1) == y[1000:]).mean() >= least


@pytest.mark.parametrize("name", NAMES)
def test_columns_of_very_different_units_do_not_disturb(name: str) -> None:
    found = load_breast_cancer()
    X, y = found.data.astype(np.float32), found.target.astype(np.int64)
    model = recipes.get(name, SMALL[name]).fit(X[::2], y[::2], 2, seed=0)
    assert (model.predict_proba(X[1::2]).argmax(axis=1) == y[1::2]).mean() > 0.93


@pytest.mark.parametrize("name", NAMES)
def test_ten_short_texts_are_told_apart(name: str) -> None:
    X, y = _texts()
    model = recipes.get(name, SMALL[name]).fit(X, y, 2, seed=0)
    new = features.make(FeatureSpec(), "text").fit([])
    proba = model.predict_proba(new.transform([{"text": "red hat"}, {"text": "rain"}]))
    assert proba.argmax(axis=1).tolist() == [0, 1]


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=12)
def test_probabilities_sum_to_one_for_any_labels_and_restore_bit_for_bit(
    name: str, data: st.DataObject
) -> None:
    classes = data.draw(st.integers(2, 6))
    n = data.draw(st.integers(2, 30))
    y = np.array(data.draw(st.lists(st.integers(0, classes - 1), min_size=n, max_size=n)))
    X = np.random.default_rng(n).normal(size=(n, 5)).astype(np.float32)
    before = X.copy()
    if len(set(y)) < 2:
        with pytest.raises(CannotLearn, match=f"of class {y[0]}"):
            recipes.get(name, SMALL[name]).fit(X, y, classes, seed=0)
        return
    model = recipes.get(name, SMALL[name]).fit(X, y, classes, seed=0, committee=3)
    proba, members = model.predict_proba(X), model.committee_proba(X)
    assert np.array_equal(X, before)
    assert proba.shape == (n, classes)
    assert members.shape[1:] == proba.shape
    assert proba.dtype == members.dtype == np.float32
    assert np.allclose(proba.sum(axis=-1), 1, atol=1e-5)
    assert np.allclose(members.sum(axis=-1), 1, atol=1e-5)
    written = persist.dump(model)
    again = persist.load(written)
    assert persist.dump(again) == written
    assert np.array_equal(again.predict_proba(X), proba)
    assert np.array_equal(again.committee_proba(X), members)


@pytest.mark.parametrize("name", ["linear", "forest"])
def test_a_class_without_labels_gets_next_to_nothing(name: str) -> None:
    X, y = _digits()
    some = y[:300] < 8
    model = recipes.get(name, SMALL[name]).fit(X[:300][some], y[:300][some], 10, seed=0)
    assert model.predict_proba(X[:300])[:, 8:].max() <= 1e-5


def test_folding_and_rotating_leave_the_optimum_of_logistic_regression() -> None:
    X, y = _texts()
    design = prepare(X, idf=True)
    assert design.lower is not None
    fitted = fit_softmax(design.Z, y, strength=3.0)
    weights, offsets = design.unfold(fitted.coef, fitted.offsets)
    ours = X[:, design.columns] @ weights + offsets
    plain = LogisticRegression(C=3.0, tol=1e-8, max_iter=1000).fit(design.weighted, y)
    theirs = plain.decision_function(design.weighted)
    assert np.allclose(ours[:, 1] - ours[:, 0], theirs, atol=0.02)


def test_the_temperature_lowers_the_log_loss_of_an_overconfident_model() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(2000, 40)).astype(np.float32)
    y = (X[:, 0] + 2 * rng.normal(size=2000) > 0).astype(np.int64)
    model = recipes.get("linear", {"C": 1000.0}).fit(X[:120], y[:120], 2, seed=0)
    facts = model.state()[0]["facts"]
    assert facts["temperature"] > 1.3
    proba = model.predict_proba(X[120:]).astype(np.float64)
    scores = np.log(proba) * facts["temperature"]
    raw = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    rows = np.arange(1880)
    assert -np.log(proba[rows, y[120:]]).mean() < -np.log(raw[rows, y[120:]]).mean() - 0.05


def test_too_few_labels_to_hold_out_are_said_in_the_record() -> None:
    X, y = _digits()
    facts = recipes.get("linear").fit(X[:4], y[:4], 10, seed=0).state()[0]["facts"]
    assert facts["temperature"] == 1.0
    assert "could be held out" in facts["calibration"]


@pytest.mark.parametrize("name", ["linear", "online"])
def test_committee_members_differ_from_each_other_and_average_near_the_model(name: str) -> None:
    X, y = _digits()
    model = recipes.get(name, SMALL[name]).fit(X[:200], y[:200], 10, seed=0, committee=4)
    members = model.committee_proba(X[200:500])
    assert np.abs(members[0] - members[1]).max() > 0.05
    agree = members.mean(axis=0).argmax(axis=1) == model.predict_proba(X[200:500]).argmax(axis=1)
    assert agree.mean() > 0.9
    with pytest.raises(Needs):
        recipes.get(name, SMALL[name]).fit(X[:50], y[:50], 10, seed=0).committee_proba(X[:5])


def test_the_forest_walks_its_arrays_to_the_same_probabilities_as_scikit_learn() -> None:
    X, y = _digits()
    model = recipes.ForestRecipe({"trees": 30}).fit(X[:600], y[:600], 10, seed=5)
    theirs = RandomForestClassifier(30, random_state=5).fit(X[:600], y[:600]).predict_proba(X)
    assert np.abs(replace(model, facts={}).predict_proba(X) - theirs).max() < 1e-6
    spread = np.maximum(theirs, FLOOR) ** (1 / model.facts["temperature"])
    spread /= spread.sum(axis=1, keepdims=True)
    assert np.abs(model.predict_proba(X) - spread).max() < 1e-6
    members = model.committee_proba(X)
    assert members.shape[0] == 8
    assert np.abs(members.std(axis=0)).max() > 0.05


def test_what_a_forest_says_with_eighty_percent_is_right_that_often() -> None:
    X, y = _digits()
    model = recipes.ForestRecipe({}).fit(X[:300], y[:300], 10, seed=0)
    assert "held-out scores of 300 labels" in model.facts["calibration"]
    shares, proba = (one.predict_proba(X[300:]) for one in (replace(model, facts={}), model))
    truth = y[300:]
    assert (shares.argmax(axis=1) == proba.argmax(axis=1)).all()
    before, after = (measure(truth, each, rng=np.random.default_rng(0)) for each in (shares, proba))
    assert before["ece"].value > 0.25
    assert after["ece"].value < 0.05
    assert after["log_loss"].value < 0.6 * before["log_loss"].value


def test_a_forest_of_one_tree_is_calibrated_by_the_rows_it_has_not_seen() -> None:
    X, y = _digits()
    model = recipes.ForestRecipe({"trees": 1}).fit(X[:300], y[:300], 10, seed=0)
    assert 90 < int(model.facts["calibration"].split()[-2]) < 130  # a third is in no bag
    assert model.facts["temperature"] > 1, "a tree is sure of all it says"


@pytest.mark.parametrize("sparse", [False, True])
def test_online_goes_on_from_a_restored_state_exactly_as_without_a_break(*, sparse: bool) -> None:
    X, y = _digits()
    X, y = (csr_matrix(X[:400]) if sparse else X[:400]), y[:400]
    recipe = recipes.get("online")
    first = recipe.fit(X[:300], y[:300], 10, seed=1, committee=2)
    restored = persist.load(persist.dump(first))
    new = slice(300, 400)
    straight = recipe.fit(X, y, 10, seed=2, committee=2, parent=first, new=new)
    resumed = recipe.fit(X, y, 10, seed=2, committee=2, parent=restored, new=new)
    assert np.abs(straight.state()[1]["coef"] - resumed.state()[1]["coef"]).max() == 0
    assert np.abs(straight.state()[1]["coef"] - first.state()[1]["coef"]).max() > 0


def test_online_learns_a_class_that_comes_late_without_forgetting_the_others() -> None:
    X, y = _digits()
    order = np.argsort(y == 9, kind="stable")
    X, y = X[order], y[order]
    old = int((y < 9).sum())
    recipe = recipes.get("online", {"epochs": 10})
    parent = recipe.fit(X[:old], y[:old], 10, seed=0)
    child = recipe.fit(
        X[: old + 60], y[: old + 60], 10, seed=0, parent=parent, new=slice(old, old + 60)
    )
    later = slice(old + 60, None)
    assert (parent.predict_proba(X[later]).argmax(axis=1) == 9).mean() < 0.2
    assert (child.predict_proba(X[later]).argmax(axis=1) == 9).mean() > 0.8
    assert (child.predict_proba(X[:old]).argmax(axis=1) == y[:old]).mean() > 0.93


def test_online_refuses_a_parent_it_cannot_go_on_from() -> None:
    X, y = _digits()
    linear = recipes.get("linear").fit(X[:50], y[:50], 10, seed=0)
    with pytest.raises(Invalid, match="'linear'"):
        recipes.get("online").fit(X[:60], y[:60], 10, seed=0, parent=linear, new=slice(50, 60))


def test_an_unknown_recipe_or_parameter_is_refused_with_what_is_known() -> None:
    with pytest.raises(Invalid, match="Known: forest, linear, online"):
        recipes.get("deep")
    with pytest.raises(Invalid, match="Known: C, class_weight, idf"):
        recipes.get("linear", {"c": 1})
    with pytest.raises(Invalid, match="positive"):
        recipes.get("linear", {"C": -1.0})


def test_rows_of_another_width_are_refused() -> None:
    X, y = _digits()
    for name in NAMES:
        model = recipes.get(name, SMALL[name]).fit(X[:60], y[:60], 10, seed=0)
        with pytest.raises(Invalid, match="64 columns"):
            model.predict_proba(X[:, :9])


@pytest.mark.parametrize("name", NAMES)
def test_damaged_bytes_are_refused_as_corrupt(name: str) -> None:
    X, y = _digits()
    written = persist.dump(recipes.get(name, SMALL[name]).fit(X[:40], y[:40], 10, seed=0))
    for damaged in (b"", b"PK", written[: len(written) // 2], written[:-30]):
        with pytest.raises(Corrupt):
            persist.load(damaged)
    flipped = bytearray(written)
    flipped[len(written) // 2] ^= 0xFF
    with pytest.raises(Corrupt):
        persist.load(bytes(flipped))
    with pytest.raises(Corrupt, match="format 99"):
        persist.load(_as_format_99(written))


def _as_format_99(written: bytes) -> bytes:
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b'"format": 1', b'"format": 99'))
    return changed.getvalue()


PROGRAM = """
import hashlib, numpy as np
from sklearn.datasets import load_digits
from activeloop.learn import recipes
from activeloop.learn.train import Choice, fit
X, y = load_digits(return_X_y=True)
X, y = X.astype(np.float32), y.astype(np.int64)
for name in ("forest", "linear", "online"):
    made = fit(recipes.get(name), X[:120], y[:120], 10, seed=7, snapshot=3,
               choice=Choice("full", ""), committee=2).model
    both = made.predict_proba(X[:200]).tobytes() + made.committee_proba(X[:200]).tobytes()
    print(hashlib.sha256(both).hexdigest())
"""


def test_the_same_seed_and_labels_give_the_same_bits_in_another_process() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 3


def test_another_snapshot_draws_another_forest() -> None:
    X, y = _digits()
    one, other = (
        fit(
            recipes.get("forest", SMALL["forest"]),
            X[:200],
            y[:200],
            10,
            seed=7,
            snapshot=snapshot,
            choice=Choice("full", ""),
        ).model.predict_proba(X)
        for snapshot in (1, 2)
    )
    assert not np.array_equal(one, other)
