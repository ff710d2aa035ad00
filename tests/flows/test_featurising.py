from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.sparse import csr_matrix, issparse
from sqlmodel import col, select, update

from activeloop.errors import CannotLearn, Corrupt, Invalid, NotReady
from activeloop.flows import blockfiles, carrying, featurising
from activeloop.learn import features
from activeloop.learn.types import Buffer
from activeloop.spec import FeatureSpec
from activeloop.store import backlog, blocks, samples
from activeloop.store.tables import FeatureBlock, Featurizer, Project
from activeloop.wiring import Services
from tests.flows.pools import imported, jsonl, project


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(featurising, "BLOCK_ROWS", 10)
    monkeypatch.setattr(featurising, "PAGE", dict.fromkeys(featurising.PAGE, 4))


def quiet(_stage: str, _progress: float) -> None:
    """Hear nothing."""


def texts(low: int, high: int) -> list[dict[str, Any]]:
    return [{"text": f"number {n} and {n * n}"} for n in range(low, high)]


def stored(services: Services, featurizer_id: int) -> list[tuple[int, int]]:
    with services.read() as session:
        return [(each.start, each.rows) for each in blocks.listed(session, featurizer_id)]


def dense(X: Any) -> Any:
    return X.toarray() if issparse(X) else np.asarray(X)


@pytest.mark.usefixtures("small_blocks")
def test_blocks_cover_the_pool_in_order_and_grow_with_it(services: Services) -> None:
    pool = project(services)
    imported(services, pool, jsonl(texts(0, 25)))
    told: list[float] = []

    first = featurising.ensure(services, pool.id, lambda _stage, done: told.append(done))
    assert stored(services, first.id) == [(0, 10), (10, 10), (20, 5)]
    assert told == sorted(told)
    assert told[-1] == 1.0

    imported(services, pool, jsonl(texts(20, 33)))
    second = featurising.ensure(services, pool.id, quiet)
    assert second.id == first.id
    assert stored(services, first.id) == [(0, 10), (10, 10), (20, 10), (30, 3)]
    payloads = [{"text": row["text"]} for row in texts(0, 33)]
    wanted = features.make(FeatureSpec(), "text").fit([]).transform(payloads)
    with services.read() as session:
        opened_blocks = featurising.open_blocks(services, session, first.id)
    loaded = [each.load() for each in opened_blocks]
    assert [block.start for block in loaded] == [0, 10, 20, 30]
    whole = np.concatenate([dense(block.X) for block in loaded])
    np.testing.assert_array_equal(whole, dense(wanted))


@pytest.mark.usefixtures("small_blocks")
def test_what_is_covered_is_not_computed_again(embedded: Services) -> None:
    pool = project(embedded)
    imported(embedded, pool, jsonl(texts(0, 25)))
    found = featurising.ensure(embedded, pool.id, quiet)
    with embedded.read() as session:
        before = [each.artifact for each in blocks.listed(session, found.id)]
    told: list[float] = []

    featurising.ensure(embedded, pool.id, lambda _stage, done: told.append(done))

    with embedded.read() as session:
        assert [each.artifact for each in blocks.listed(session, found.id)] == before
    assert told == []


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("kind", ["text", "vectors"])
def test_rows_come_in_the_order_asked_for(embedded: Services, kind: str) -> None:
    pool = project(embedded, kind=kind)
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(37, 5)).astype(np.float32)
    rows = texts(0, 37) if kind == "text" else [{"vector": v.tolist()} for v in vectors]
    imported(embedded, pool, jsonl(rows))
    found = featurising.ensure(embedded, pool.id, quiet)
    every = dense(featurising.rows(embedded, found.id, range(37)))
    seqs = [36, 0, 9, 10, 36, 21, 3]

    some = featurising.rows(embedded, found.id, seqs)

    assert issparse(some) == (kind == "text")
    assert some.dtype == np.float32
    np.testing.assert_array_equal(dense(some), every[seqs])
    assert len({row.tobytes() for row in every}) == 37
    if kind == "vectors":
        np.testing.assert_array_equal(every, vectors)
    assert featurising.rows(embedded, found.id, []).shape == (0, found.width)
    with pytest.raises(NotReady, match="37"):
        featurising.rows(embedded, found.id, [1, 37])


@pytest.mark.usefixtures("small_blocks")
def test_two_workers_at_once_make_one_set_of_blocks(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = project(services)
    imported(services, pool, jsonl(texts(0, 12)))
    original = blocks.put

    def overtaken(*given: Any, **named: Any) -> bool:
        monkeypatch.setattr(blocks, "put", original)
        return original(*given, **named)

    def interrupted(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(samples, "payloads", payloads)
        page = payloads(*given, **named)
        # another worker does all of it, and then the pool grows, while this one holds a page
        featurising.ensure(services, pool.id, quiet)
        imported(services, pool, jsonl(texts(12, 27)))
        featurising.ensure(services, pool.id, quiet)
        return page

    payloads = samples.payloads
    monkeypatch.setattr(samples, "payloads", interrupted)
    monkeypatch.setattr(blocks, "put", overtaken)

    found = featurising.ensure(services, pool.id, quiet)

    assert stored(services, found.id) == [(0, 10), (10, 10), (20, 7)]
    with services.read() as session:
        assert len(session.exec(select(Featurizer)).all()) == 1
        assert len(session.exec(select(FeatureBlock)).all()) == 3


def test_a_changed_recipe_makes_new_features(embedded: Services) -> None:
    pool = project(embedded)
    imported(embedded, pool, jsonl(texts(0, 5)))
    before = featurising.ensure(embedded, pool.id, quiet)
    with embedded.write() as session:
        changed = pool.spec | {"features": {"recipe": "auto", "params": {"width": 512}}}
        session.execute(update(Project).where(col(Project.id) == pool.id).values(spec=changed))

    after = featurising.ensure(embedded, pool.id, quiet)

    assert after.id != before.id
    assert (before.width, after.width) == (262_144, 512)
    assert stored(embedded, after.id) == [(0, 5)]
    assert featurising.rows(embedded, after.id, [4]).shape == (1, 512)
    assert featurising.ensure(embedded, pool.id, quiet).id == after.id


def test_a_table_is_fitted_once_on_samples_of_the_training_stratum(embedded: Services) -> None:
    pool = project(embedded, kind="table", audit_share=0.5)
    rows = [{"age": n, "town": ["Ulm", "Bonn"][n % 2]} for n in range(60)]
    imported(embedded, pool, jsonl(rows))
    first = featurising.ensure(embedded, pool.id, quiet)
    with embedded.read() as session:
        train = len(samples.drawn(session, pool.id, 1000))

    imported(embedded, pool, jsonl([{"age": 1000, "town": "Köln"}]))
    second = featurising.ensure(embedded, pool.id, quiet)

    assert second.id == first.id
    assert first.fitted_rows == train
    assert 10 < train < 50
    assert dense(featurising.rows(embedded, first.id, [60])).shape == (1, first.width)


def test_images_become_features(embedded: Services) -> None:
    pool = project(embedded, kind="image")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for n in range(5):
            written = io.BytesIO()
            Image.new("L", (16, 16), n * 40).save(written, "PNG")
            archive.writestr(f"{n}.png", written.getvalue())
    imported(embedded, pool, packed.getvalue(), name="x.zip")

    found = featurising.ensure(embedded, pool.id, quiet)

    X = dense(featurising.rows(embedded, found.id, range(5)))
    assert X.shape == (5, found.width)
    assert len({row.tobytes() for row in X}) == 5


def test_an_empty_pool_needs_no_features_and_says_so_when_asked(embedded: Services) -> None:
    with pytest.raises(CannotLearn, match="pool is empty"):
        featurising.ensure(embedded, project(embedded, kind="table").id, quiet)


def test_once_the_pool_is_covered_a_ranking_is_asked_for(embedded: Services) -> None:
    pool = project(embedded)
    imported(embedded, pool, jsonl(texts(0, 5)))
    with embedded.read() as session:
        job, _ = backlog.live(session, pool.id)

    carrying.carry_out(embedded, job.id, "test")

    with embedded.read() as session:
        assert [each.kind for each in backlog.live(session, pool.id)] == ["index", "rank"]
        assert blocks.covered(session, session.get_one(Project, pool.id).featurizer_id or 0) == 5


def test_block_files_are_mapped_not_read_and_cannot_be_written_to(tmp_path: Path) -> None:
    X = np.arange(12, dtype=np.float32).reshape(4, 3)
    path = tmp_path / "block"
    path.write_bytes(blockfiles.dump(X))

    loaded = blockfiles.load(path)

    np.testing.assert_array_equal(loaded, X)
    np.testing.assert_array_equal(np.load(path, allow_pickle=False), X)
    with pytest.raises(ValueError, match="read-only"):
        loaded[0, 0] = 1


@pytest.mark.parametrize("form", ["dense", "half", "sparse"])
def test_a_block_on_disk_reads_and_takes_the_rows_that_were_written(
    tmp_path: Path, form: str
) -> None:
    X = np.random.default_rng(0).integers(0, 3, (50, 7)).astype(np.float32)
    path, buffer = tmp_path / "block", Buffer()
    path.write_bytes(blockfiles.dump(csr_matrix(X) if form == "sparse" else X, half=form == "half"))

    block = blockfiles.StoredBlock(100, 50, path)

    assert (block.width, block.sparse) == (7, form == "sparse")
    np.testing.assert_array_equal(dense(block.read(0, 50, buffer)), X)
    np.testing.assert_array_equal(dense(block.read(13, 20, buffer)), X[13:20])
    rows = np.array([49, 0, 7, 7])
    np.testing.assert_array_equal(dense(block.take(rows)), X[rows])
    assert block.take(rows).dtype == np.float32
    if form == "half":
        assert path.stat().st_size < X.nbytes


def test_a_number_too_large_for_float16_is_refused_with_the_setting_named() -> None:
    with pytest.raises(Invalid, match=r"features.precision.*65,504.*70,000"):
        blockfiles.dump(np.array([[70_000.0]], np.float32), half=True)


def test_a_block_file_that_was_cut_off_is_refused_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "block"
    path.write_bytes(blockfiles.dump(np.ones((4, 3), np.float32))[:-5])
    with pytest.raises(Corrupt, match="damaged"):
        blockfiles.StoredBlock(0, 4, path).read(0, 4, Buffer())


@pytest.mark.parametrize(
    "damage",
    [lambda b: b[:-5], lambda b: b"junk" + b, lambda _: b""],
    ids=["cut off", "foreign", "empty"],
)
def test_a_damaged_block_file_is_refused(tmp_path: Path, damage: Any) -> None:
    path = tmp_path / "block"
    rows = features.make(FeatureSpec(), "text").fit([]).transform([{"text": "some words"}])
    path.write_bytes(damage(blockfiles.dump(rows)))

    with pytest.raises(Corrupt):
        blockfiles.load(path)


def test_the_trash_photos_become_features_that_tell_them_apart(
    embedded: Services, shared_data: Path, tmp_path: Path
) -> None:
    small = tmp_path / "some.zip"
    with zipfile.ZipFile(shared_data / "trashnet_224.zip") as every:
        names = [name for name in every.namelist() if name.lower().endswith(".jpg")][::20]
        with zipfile.ZipFile(small, "w") as archive:
            for name in names:
                archive.writestr(name, every.read(name))
    classes = sorted({Path(name).parent.name for name in names})
    pool = project(embedded, kind="image", classes=classes)

    report = imported(embedded, pool, small.read_bytes(), name="photos.zip")
    found = featurising.ensure(embedded, pool.id, quiet)

    assert (report["added"], report["labelled"]) == (len(names), len(names))
    X = dense(featurising.rows(embedded, found.id, range(len(names))))
    assert np.isfinite(X).all()
    assert len({row.tobytes() for row in X}) == len(names)
