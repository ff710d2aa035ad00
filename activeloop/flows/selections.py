"""Selections of samples that do not grow: fixed when they are shown, until they are acted on."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from activeloop.errors import NotFound
from activeloop.wiring import Services

LIFE = timedelta(days=1)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}")


@dataclass(frozen=True)
class Selection:
    """Samples that somebody looked at before acting on them."""

    project_id: int
    user_id: int
    action: str
    ids: Sequence[int]


def keep(services: Services, selection: Selection, *, now: datetime) -> str:
    """Keep a selection and give the token it is found by; old ones are forgotten."""
    folder = _folder(services)
    folder.mkdir(parents=True, exist_ok=True)
    before = (now - LIFE).timestamp()
    for stray in folder.glob("*.json"):
        if stray.stat().st_mtime < before:
            stray.unlink(missing_ok=True)
    token = secrets.token_urlsafe(24)
    (folder / f"{token}.json").write_text(json.dumps(asdict(selection)))
    return token


def read(services: Services, token: str) -> Selection:
    """Find a selection.

    Raises:
        NotFound: when it is too old, or there never was one.
    """
    path = _folder(services) / f"{token}.json"
    if not _TOKEN.fullmatch(token) or not path.is_file():
        raise NotFound("This selection is not there any more. Look at it again, then confirm.")
    return Selection(**json.loads(path.read_text()))


def _folder(services: Services) -> Path:
    return services.settings.data / "selections"
