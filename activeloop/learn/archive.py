"""Named arrays and JSON as bytes: a zip of `.npy` files. Nothing is ever unpickled.

Equal contents give equal bytes: names are sorted, times fixed, nothing is compressed.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from activeloop.errors import Corrupt

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
MOST_BYTES: Final = 4 * 2**30
"""An archive that says it unpacks to more than this is refused unopened."""
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    SyntaxError,
    RecursionError,
)


def pack(manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Write a manifest, whose `what` says what this is, and its arrays."""
    whole = {"format": FORMAT, **manifest, "arrays": sorted(arrays)}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        text = json.dumps(whole, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False)
        archive.writestr(zipfile.ZipInfo(MANIFEST, _EPOCH), text)
        for name in sorted(arrays):
            content = io.BytesIO()
            np.lib.format.write_array(
                content, np.ascontiguousarray(arrays[name]), version=(1, 0), allow_pickle=False
            )
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), content.getvalue())
    return written.getvalue()


def unpack(data: bytes, what: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read a manifest and its arrays.

    Raises:
        Corrupt: when the bytes are damaged, of a later format, or say they are something else.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_size(archive)
            manifest = _manifest(archive, what)
            arrays = {name: _array(archive.read(f"{name}.npy")) for name in manifest["arrays"]}
    except _UNREADABLE as error:
        raise Corrupt(f"The stored {what} cannot be read: {error}") from error
    return manifest, arrays


def _check_size(archive: zipfile.ZipFile) -> None:
    size = sum(member.file_size for member in archive.infolist())
    if size > MOST_BYTES:
        raise Corrupt(f"The archive would unpack to {size} bytes; at most {MOST_BYTES} are read.")


def _manifest(archive: zipfile.ZipFile, what: str) -> dict[str, Any]:
    manifest = json.loads(archive.read(MANIFEST))
    if not isinstance(manifest, dict) or manifest.get("what") != what:
        raise Corrupt(f"The archive does not hold a {what}.")
    if manifest.get("format") != FORMAT:
        found = manifest.get("format")
        raise Corrupt(
            f"The stored {what} is of format {found!r}; this version reads format {FORMAT}. "
            "Read it with the version of activeloop that wrote it, or train again."
        )
    return manifest


def _array(content: bytes) -> NDArray[Any]:
    stream = io.BytesIO(content)
    array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    if stream.read(1):
        raise ValueError("there are bytes after an array's end")
    return array
