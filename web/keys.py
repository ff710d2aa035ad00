"""The key that signs cookies: given, or made once and kept beside the embedded database."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from activeloop.errors import Misconfigured
from activeloop.settings import Settings

MIN_LENGTH = 32
FILE = "secret.key"
MAKE_ONE = "Make one: python -c 'import secrets; print(secrets.token_urlsafe(48))'"


def secret_key(settings: Settings) -> str:
    """Give the signing key.

    Raises:
        Misconfigured: when it is shorter than 32 characters, or PostgreSQL is used without one.
    """
    given = settings.secret_key.get_secret_value()
    if given:
        return _long_enough(given, "ACTIVELOOP_SECRET_KEY")
    if not settings.embedded:
        raise Misconfigured(
            "ACTIVELOOP_SECRET_KEY is missing; with ACTIVELOOP_DATABASE_URL every web process "
            f"needs the same one. {MAKE_ONE}"
        )
    path = settings.data / FILE
    if not path.exists():
        _make(path)
    return _long_enough(path.read_text(encoding="ascii").strip(), str(path))


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stray = path.with_name(f"{FILE}.{secrets.token_hex(4)}")
    descriptor = os.open(stray, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(stray, path)  # whole or not at all; the first of two processes wins
    except FileExistsError:
        pass
    finally:
        stray.unlink()


def _long_enough(key: str, where: str) -> str:
    if len(key) < MIN_LENGTH:
        raise Misconfigured(
            f"{where} has {len(key)} characters; a signing key needs {MIN_LENGTH}. {MAKE_ONE}"
        )
    return key
