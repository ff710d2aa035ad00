"""`activeloop simulate`: a table, a picture, the points; one sentence when it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from activeloop.cli import main

WORDS = {"fruit": "apple pear plum fig", "tool": "saw hammer drill file"}


@pytest.fixture
def sentences(tmp_path: Path) -> Path:
    """Give a labelled file of made-up sentences that a model can tell apart."""
    path = tmp_path / "said.csv"
    rows = [
        f"the {word} of number {number},{label}"
        for label, words in WORDS.items()
        for word in words.split()
        for number in range(15)
    ]
    path.write_text("text,is\n" + "\n".join(rows) + "\n")
    return path


def simulate(data: Path, *words: str) -> Result:
    """Run the command, writing beside the data."""
    output = str(data.parent / "out")
    return CliRunner().invoke(
        main, ["simulate", "--data", str(data), "--output", output, "--jobs", "1", *words]
    )


def test_simulate_leaves_a_table_a_picture_and_the_points(sentences: Path) -> None:
    """A new user sees what each strategy would have cost."""
    words = ("--label", "is", "--seeds", "1", "--budget", "30", "--every", "10")
    done = simulate(sentences, *words, "--strategy", "entropy")
    assert done.exit_code == 0, done.output
    assert "Read as text: 96 samples to label, 24 to measure on, 2 classes." in done.output
    for word in ("entropy", "random", "over random", "champion", "labels to 90% of best"):
        assert word in done.output
    out = sentences.parent / "out"
    with Image.open(out / "curves.png") as picture:
        assert picture.width > 1000
    assert (out / "points.csv").read_text().startswith("strategy,seed,answers,")
    summary = json.loads((out / "summary.json").read_text())
    assert {row["strategy"] for row in summary["strategies"]} == {"entropy", "random"}
    assert [point["train_labels"] for point in summary["curves"][0]["points"]] == [10, 20, 30]


@pytest.mark.parametrize(
    ("words", "sentence", "code"),
    [
        (("--label", "kind"), "no column 'kind'", 1),
        (("--label", "text"), "wants two classes of 2 different samples", 1),
        (("--strategy", "cleverest"), "no strategy 'cleverest'", 1),
        (("--label", "is", "--kind", "vectors"), "No column holds the vector", 1),
        ((), "Name the column with --label", 1),
        (("--noise", "1.5"), "not in the range", 2),
        (("--seeds", "0"), "not in the range", 2),
    ],
)
def test_simulate_says_in_a_sentence_what_is_wrong(
    words: tuple[str, ...], sentence: str, code: int, sentences: Path
) -> None:
    """Nothing is written then."""
    if "--strategy" in words:
        words = (*words, "--label", "is")
    done = simulate(sentences, *words)
    assert (done.exit_code, sentence in done.output) == (code, True), done.output
    assert not (sentences.parent / "out").exists()


def test_one_class_is_too_few_to_simulate(tmp_path: Path) -> None:
    """The sentence says what the file has."""
    path = tmp_path / "one.csv"
    path.write_text("text,label\n" + "".join(f"text {n},only\n" for n in range(9)))
    done = simulate(path)
    assert done.exit_code == 1
    assert "one.csv has 'only' (9)." in done.output
