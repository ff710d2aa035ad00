"""Delete what a crash left behind: uploaded files that no import waits for."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from activeloop.store import imports

if TYPE_CHECKING:
    from activeloop.wiring import Services

ABANDONED = timedelta(days=1)
"""A younger file may still be arriving."""

logger = logging.getLogger("activeloop.clock")


def delete(services: Services, now: datetime) -> int:
    """Delete old uploaded files that no import waits for; costs no query when there is none.

    Returns:
        How many were deleted.
    """
    if not services.uploads.is_dir():
        return 0
    before = (now - ABANDONED).timestamp()
    old = [path for path in services.uploads.iterdir() if _is_older(path, before)]
    if not old:
        return 0
    with services.read() as session:
        waiting = imports.waiting_files(session)
    strays = [path for path in old if path.name not in waiting]
    for path in strays:
        path.unlink(missing_ok=True)
        logger.info("deleted an upload that no import waits for", extra={"file": path.name})
    return len(strays)


def _is_older(path: Path, moment: float) -> bool:
    try:
        return path.is_file() and path.stat().st_mtime < moment
    except FileNotFoundError:  # its import ended meanwhile
        return False
