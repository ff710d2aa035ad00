"""Zips and folders of images."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from activeloop.errors import Invalid, TooLarge
from activeloop.formats import BadRow, Limits, Row, read
from activeloop.formats.images import media_type

CLASSES = ("cat", "dog")


def picture(kind: str = "PNG", *, size: tuple[int, int] = (6, 4), mode: str = "RGB") -> bytes:
    held = io.BytesIO()
    Image.effect_noise(size, 50).convert(mode).save(held, kind)
    return held.getvalue()


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def items(path: Path, **more: object) -> list[Row | BadRow]:
    found = "image-folder" if path.is_dir() else "zip"
    options = {"kind": "image", "mapping": {}, "classes": CLASSES, **more}
    return list(read(path, format=found, **options))  # type: ignore[arg-type]


def only_problem(found: list[Row | BadRow]) -> BadRow:
    (problem,) = [item for item in found if isinstance(item, BadRow)]
    return problem


def test_a_member_gives_its_bytes_class_name_and_size(tmp_path: Path) -> None:
    content = picture("JPEG")
    path = zipped(tmp_path / "a.zip", {"cat/1.jpg": content, "dog/2.png": picture()})
    row, other = items(path)
    digest = hashlib.sha256(content).hexdigest()
    payload = {"image": digest, "width": 6, "height": 4, "name": "1.jpg"}
    assert row == Row(1, "cat/1.jpg", payload, "cat", {}, content, digest)
    assert isinstance(other, Row)
    assert other.label == "dog"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_what_browsers_show_is_kept_byte_by_byte(tmp_path: Path, kind: str) -> None:
    content = picture(kind)
    (row,) = items(zipped(tmp_path / "a.zip", {"any.name": content}))
    assert isinstance(row, Row)
    assert row.blob == content
    assert media_type(content) == f"image/{kind.lower()}"


@pytest.mark.parametrize(("kind", "mode"), [("BMP", "RGB"), ("TIFF", "RGB"), ("TIFF", "CMYK")])
def test_what_browsers_do_not_show_is_rewritten_as_png(
    tmp_path: Path, kind: str, mode: str
) -> None:
    content = picture(kind, mode=mode)
    (row,) = items(zipped(tmp_path / "a.zip", {"a.bmp": content}))
    assert isinstance(row, Row)
    assert row.blob is not None
    assert Image.open(io.BytesIO(row.blob)).format == "PNG"
    assert row.payload["image"] == hashlib.sha256(row.blob).hexdigest()
    assert row.digest == hashlib.sha256(content).hexdigest()


def huge_png(rows: int = 0) -> bytes:
    """60,000 x 60,000 pixels in black and white: what it says, and as many rows as asked for."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    side = 60_000
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    row, packer = b"\0" * (1 + side // 8), zlib.compressobj(1)
    body = b"".join([packer.compress(row * 1000) for _ in range(rows // 1000)]) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (picture("PNG", size=(80, 80))[:-2000], "cut off or broken"),
        (picture("JPEG", size=(80, 80))[:-900], "cut off or broken"),
        (picture("WEBP", size=(80, 80))[:-900], "cut off or broken"),
        (huge_png(), "pixels"),
        (picture("PNG", size=(200, 200)), "200 x 200 pixels"),
        (b"<?xml version='1.0'?><svg onload='alert(1)'/>", "SVG is refused"),
        (b"PK\x03\x04" + b"0" * 50, "archive within the archive"),
        (b"hello", "not an image"),
        (b"", "empty"),
        (b"\0" * 30_000_000, "zip bomb"),
    ],
    ids=["png", "jpeg", "webp", "claim", "large", "svg", "nested", "text", "empty", "bomb"],
)
def test_a_bad_member_is_reported_by_name_and_costs_only_itself(
    tmp_path: Path, content: bytes, said: str
) -> None:
    members = {"cat/1.png": picture(), "cat/bad.png": content, "dog/2.png": picture()}
    found = items(zipped(tmp_path / "a.zip", members), limits=Limits(max_image_pixels=10_000))
    problem = only_problem(found)
    assert (problem.number, problem.where, len(found)) == (2, "cat/bad.png", 3)
    assert said in problem.problem
    assert problem.remedy


@pytest.mark.parametrize(
    "name",
    ["../up.png", "cat/../../up.png", "/etc/up.png", "cat\\up.png", "C:/up.png", "c\x01.png"],
)
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    found = items(zipped(tmp_path / "a.zip", {"cat/1.png": picture(), name: picture()}))
    assert only_problem(found).number == 2
    assert len(found) == 2


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("cat/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert "link" in only_problem(items(path)).problem


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"cat/1.png": picture()})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "encrypted" in only_problem(items(path)).problem


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"cat/1.png": picture(), "cat/2.png": picture()})
    content = bytearray(path.read_bytes())
    content[60:64] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    found = items(path)
    assert (only_problem(found).number, len(found)) == (1, 2)


def test_members_that_share_bytes_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"cat/1.png": picture(), "cat/2.png": picture()})
    content = bytearray(path.read_bytes())
    second = content.rindex(b"PK\x01\x02")
    content[second + 42 : second + 46] = struct.pack("<I", 0)
    path.write_bytes(content)
    assert all(isinstance(item, BadRow) for item in items(path))


def test_litter_is_passed_over_and_counted(tmp_path: Path) -> None:
    litter = ["__MACOSX/cat/._1.png", "cat/.DS_Store", "cat/Thumbs.db", "cat/"]
    path = zipped(tmp_path / "a.zip", {"cat/1.png": picture(), **dict.fromkeys(litter, b"")})
    reader = read(path, kind="image", format="zip", mapping={}, classes=CLASSES)
    assert len(list(reader)) == 1
    assert reader.skipped == 4
    assert reader.position == reader.total == 5


def test_a_folder_that_is_no_class_is_named(tmp_path: Path) -> None:
    members = {"cat/1.png": picture(), "dgo/2.png": picture()}
    problem = only_problem(items(zipped(tmp_path / "a.zip", members)))
    assert "'dgo'" in problem.problem
    assert "Did you mean 'dog'?" in problem.problem


def test_the_folder_around_everything_is_no_class(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"pets/cat/1.png": picture(), "pets/dog/2.png": picture()})
    assert [getattr(item, "label", "") for item in items(path)] == ["cat", "dog"]


def test_images_without_folders_have_no_label(tmp_path: Path) -> None:
    (row,) = items(zipped(tmp_path / "a.zip", {"1.png": picture()}))
    assert isinstance(row, Row)
    assert row.label is None


def test_labels_mapped_to_nothing_leave_the_folders_alone(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"june/1.png": picture(), "july/2.png": picture()})
    assert [getattr(item, "label", "") for item in items(path, mapping={"label": ""})] == [None] * 2


def test_what_all_members_unpack_to_is_bounded(tmp_path: Path) -> None:
    members = {f"{n}.png": picture(size=(50, 50)) for n in range(4)}
    found = items(zipped(tmp_path / "a.zip", members), limits=Limits(max_total_bytes=9000))
    assert isinstance(found[0], Row)
    assert isinstance(found[-1], BadRow)


def test_too_many_members_are_refused_before_they_are_listed(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", dict.fromkeys(("1.png", "2.png", "3.png"), b"x"))
    with pytest.raises(TooLarge, match="at most 2"):
        items(path, limits=Limits(max_members=2))


def test_a_zip_cut_off_is_refused_as_a_whole(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"1.png": picture()})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(Invalid, match="cut off"):
        items(path)


def test_a_zip_is_refused_by_a_text_project(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="kind is text"):
        items(zipped(tmp_path / "a.zip", {"1.png": picture()}), kind="text")


def test_a_folder_gives_the_same_rows_as_its_zip(tmp_path: Path) -> None:
    members = {"cat/1.png": picture(), "dog/2.png": picture("JPEG")}
    folder = tmp_path / "pets"
    for name, content in members.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(content)
    assert items(folder) == items(zipped(tmp_path / "a.zip", members))


def test_a_whole_picture_of_60_000_by_60_000_is_refused_unopened(tmp_path: Path) -> None:
    """3.6 gigapixels in two megabytes, which would unpack to 450 MB at the least."""
    huge = huge_png(rows=60_000)
    assert len(huge) < 4_000_000
    folder = tmp_path / "pets"
    (folder / "cat").mkdir(parents=True)
    (folder / "cat" / "1.png").write_bytes(picture())
    (folder / "cat" / "huge.png").write_bytes(huge)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.write(folder / "cat" / "huge.png", "cat/huge.png")
    tracemalloc.start()
    try:
        problems = [only_problem(items(where)) for where in (folder, tmp_path / "a.zip")]
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    for each in problems:
        assert (each.where, each.problem) == (
            "cat/huge.png",
            "The image would unpack to more than 89478485 pixels.",
        )
        assert "ACTIVELOOP_MAX_IMAGE_PIXELS" in each.remedy
    assert most < 100_000_000, "a member is read into room for the largest that is allowed"


def test_links_and_pipes_in_a_folder_are_refused_and_never_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture())
    folder = tmp_path / "pets"
    (folder / "cat").mkdir(parents=True)
    (folder / "cat" / "1.png").write_bytes(picture())
    (folder / "cat" / "2.png").symlink_to(tmp_path / "secret.png")
    (folder / "cat" / "4").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "cat" / "3.png")
    found = items(folder)
    assert [type(item) for item in found] == [Row, BadRow, BadRow, BadRow]


def test_reading_on_after_a_member_gives_exactly_the_rest(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {f"cat/{n}.png": picture() for n in range(5)})
    assert items(path, after=2) == items(path)[2:]
