"""Simulated labelling goes through the real queue and is repeatable, honest and telling."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sklearn.datasets import load_digits

from activeloop.errors import Invalid
from activeloop.flows import replaying, simulating
from activeloop.flows.simulating import Plan, Simulated, simulate


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a labelled file of all digits."""
    path = tmp_path_factory.mktemp("digits") / "digits.jsonl"
    data = load_digits()
    with path.open("w") as file:
        for pixels, label in zip(data.data, data.target, strict=True):
            file.write(json.dumps({"vector": pixels.tolist(), "label": str(label)}) + "\n")
    return path


def drawn(plan: Plan, folder: Path, told: Callable[[str, int], None] | None = None) -> Simulated:
    """Simulate in one process."""
    folder.mkdir()
    return simulate(plan, folder, on_progress=told or (lambda _name, _given: None))


def mean_accuracy(simulated: Simulated, strategy: str) -> float:
    """Average over versions and seeds."""
    points = [p.accuracy for c in simulated.curves if c.strategy == strategy for p in c.points]
    return sum(points) / len(points)


@pytest.mark.slow
def test_the_default_strategy_learns_digits_with_fewer_labels_than_random(
    digits: Path, tmp_path: Path
) -> None:
    """Both seeds; were the queue served in random order the two curves would be alike."""
    found = drawn(Plan(digits, seeds=2, budget=150, jobs=2), tmp_path / "work")
    assert mean_accuracy(found, "margin-badge") > mean_accuracy(found, "random") + 0.03
    for seed in (0, 1):
        ours, theirs = (c for c in found.curves if c.seed == seed)
        assert ours.points[-1].accuracy > theirs.points[-1].accuracy
        assert ours.points[-1].accuracy > 0.85
    assert not list((tmp_path / "work").iterdir())


@pytest.mark.slow
def test_the_same_plan_gives_the_same_curves_and_another_seed_others(
    digits: Path, tmp_path: Path
) -> None:
    """Whatever the process."""
    one = drawn(Plan(digits, seeds=2, budget=25, jobs=1), tmp_path / "one")
    other = drawn(Plan(digits, seeds=2, budget=25, jobs=2), tmp_path / "other")
    assert one == other
    seeds = {c.seed: c.points for c in one.curves if c.strategy == "margin-badge"}
    assert seeds[0] != seeds[1]


def test_noise_makes_the_oracle_err_and_the_models_worse(digits: Path, tmp_path: Path) -> None:
    """At .9 of ten classes an answer says nothing."""
    given: list[int] = []
    plan = Plan(digits, strategies=["random"], seeds=1, budget=60, every=30, jobs=1)
    right = drawn(plan, tmp_path / "right", lambda _name, count: given.append(count))
    wrong = drawn(Plan(digits, strategies=["random"], seeds=1, budget=60, every=30, jobs=1,
                       noise=0.9), tmp_path / "wrong")  # fmt: skip
    assert given == list(range(1, 61))
    assert mean_accuracy(right, "random") > 0.5
    assert mean_accuracy(wrong, "random") < 0.3
    assert right.curves[0].points[0].train_labels == 30


def test_several_oracles_take_turns_and_complete_each_sample_together(
    digits: Path, tmp_path: Path
) -> None:
    """Three answers a sample cost three times as much; none errs, so nothing is disputed."""
    plan = Plan(digits, strategies=["random"], seeds=1, budget=45, every=10, jobs=1, annotators=3,
                spec={"answers_per_sample": 3, "audit_share": 0.0})  # fmt: skip
    (curve,) = drawn(plan, tmp_path / "work").curves
    assert (curve.points[0].answers, curve.points[0].train_labels) == (30, 10)


@pytest.mark.slow
def test_three_answers_a_sample_make_a_better_champion_than_one_where_people_often_err(
    digits: Path, tmp_path: Path
) -> None:
    """Five people, each wrong in 30 % of their answers; as many answers and trainings in all."""
    follow = {"promotion": {"rule": "unless_worse"}}
    champions = {}
    for wanted, every in ((1, 210), (3, 54)):
        plan = Plan(digits, strategies=["random"], seeds=2, budget=730, every=every, jobs=2,
                    annotators=5, noise=0.3,
                    spec={"answers_per_sample": wanted, **follow})  # fmt: skip
        curves = drawn(plan, tmp_path / str(wanted)).curves
        assert all(len(curve.points) == 3 for curve in curves)
        champions[wanted] = sum(curve.points[-1].champion_accuracy for curve in curves) / 2
    # seen: .854 with three answers, .794 with one
    assert champions[3] > champions[1] + 0.02


def test_as_many_annotators_are_wanted_as_answers_per_sample(digits: Path, tmp_path: Path) -> None:
    plan = Plan(digits, annotators=2, spec={"answers_per_sample": 2, "extra_answers": 1})
    with pytest.raises(Invalid, match="Up to 3 answers per sample want as many annotators; there"):
        drawn(plan, tmp_path / "work")


def test_no_content_stands_in_both_the_pool_and_the_test_set(tmp_path: Path) -> None:
    """A text that comes a hundred times would otherwise be known by heart."""
    path = tmp_path / "said.csv"
    rows = [f"word {n % 40},{'ab'[n % 2]}" for n in range(400)]
    path.write_text("text,label\n" + "\n".join(rows) + "\nonly one,c\n,a\n")
    data = replaying.read(path, label="", kind=None, mapping={})
    assert (data.kind, data.classes, len(data.rows)) == ("text", ("a", "b"), 40)
    assert data.left_out == 362
    parts = replaying.split(data, test_share=0.25, seed=3)
    pool, test = ({row.digest for row in part} for part in (parts.pool, parts.test))
    assert (len(pool), len(test)) == (30, 10)
    assert not pool & test
    assert sorted(set(parts.truth.values())) == ["a", "b"]


@pytest.mark.parametrize(
    ("header", "row", "kind"),
    [
        ("question,intent", "how are you {n},{c}", "text"),
        ("age,job,label", "{n},clerk,{c}", "table"),
        ("vector;label", "{n} 1.5;{c}", "table"),
    ],
)
def test_what_a_file_holds_is_told_from_its_columns(
    header: str, row: str, kind: str, tmp_path: Path
) -> None:
    """A vector written as text needs --kind; a list of numbers does not."""
    path = tmp_path / "some.csv"
    lines = [row.format(n=n, c="ab"[n % 2]) for n in range(8)]
    path.write_text("\n".join([header, *lines]) + "\n")
    assert replaying.read(path, label="", kind=None, mapping={}).kind == kind


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"strategies": ["margn"]}, "There is no strategy 'margn'"),
        ({"noise": 1.5}, "noise must lie in 0..1"),
        ({"noises": (0.1, -0.1)}, "noise must lie in 0..1"),
        ({"annotators": 0}, "at least 1"),
        ({"label": "tag"}, "no column 'tag'"),
        ({"kind": "text"}, "can be read as text"),
        ({"budget": 0}, "at least 1"),
        ({"spec": {"audit_share": 2}}, "audit_share"),
        ({"mapping": {"label": ""}}, "has a label. Name the column"),
    ],
)
def test_what_cannot_be_simulated_is_refused_before_any_work(
    changes: dict[str, object], sentence: str, digits: Path, tmp_path: Path
) -> None:
    """In a sentence that names what is wrong."""
    with pytest.raises(Invalid, match=sentence):
        drawn(Plan(digits, **changes), tmp_path / "work")  # type: ignore[arg-type]
    assert not list((tmp_path / "work").iterdir())


def test_random_is_always_drawn_once_and_last() -> None:
    """It is what the others are compared with."""
    assert simulating.names_of(Plan(Path())) == ["margin-badge", "random"]
    asked = Plan(Path(), strategies=["random", "entropy", "margin", "entropy"])
    assert simulating.names_of(asked) == ["entropy", "margin", "random"]
