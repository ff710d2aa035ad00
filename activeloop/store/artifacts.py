"""Files named by their content: models, feature blocks, image bytes."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import Protocol

from activeloop.errors import Corrupt, NotFound


class Artifacts(Protocol):
    """Where immutable files are kept, each under the sha256 of its bytes."""

    def put(self, data: bytes, *, durable: bool = True) -> str:
        """Keep the bytes and give their key. Keeping the same bytes twice keeps them once."""
        ...

    def get(self, key: str) -> bytes:
        """Give the bytes back, checked against their key."""
        ...

    def path(self, key: str) -> Path:
        """Give a local file with the bytes, for mapping into memory."""
        ...

    def settle(self) -> None:
        """Wait until everything kept with `durable=False` is on disk."""
        ...

    def drop(self, key: str) -> None:
        """Delete a file that no row will name any more; one that is gone already is no fault."""
        ...


class DirectoryArtifacts:
    """Artifacts in a directory, two levels deep."""

    def __init__(self, root: Path) -> None:
        """Use `root`, which is made when missing."""
        self._root = root

    def put(self, data: bytes, *, durable: bool = True) -> str:
        """Keep the bytes and give their key.

        The file appears under its name only when it is whole: a crash leaves a stray, never a part.
        """
        key = hashlib.sha256(data).hexdigest()
        target = self._place(key)
        if target.exists():
            return key
        target.parent.mkdir(parents=True, exist_ok=True)
        stray = target.with_name(f"{key}.{secrets.token_hex(4)}.tmp")
        with stray.open("wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        stray.replace(target)
        if durable:
            _sync_directory(target.parent)
        return key

    def get(self, key: str) -> bytes:
        """Give the bytes back.

        Raises:
            NotFound: when no such file is kept.
            Corrupt: when the file's content is not what its name says.
        """
        data = self.path(key).read_bytes()
        if hashlib.sha256(data).hexdigest() != key:
            raise Corrupt(f"The stored file {key[:12]} is damaged; restore it from a backup.")
        return data

    def path(self, key: str) -> Path:
        """Give the file's path.

        Raises:
            NotFound: when no such file is kept.
        """
        place = self._place(key)
        if not place.is_file():
            raise NotFound(f"The stored file {key[:12]} is missing; restore it from a backup.")
        return place

    def settle(self) -> None:
        """Flush the operating system's buffers: one wait for many small files."""
        os.sync()

    def drop(self, key: str) -> None:
        """Delete a file; one that is gone already is no fault."""
        self._place(key).unlink(missing_ok=True)

    def _place(self, key: str) -> Path:
        return self._root / key[:2] / key[2:4] / key


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
