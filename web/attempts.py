"""Count attempts to sign in, and refuse when there are too many."""

from __future__ import annotations

import hashlib
import logging

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from activeloop.errors import TooMany
from activeloop.settings import Settings

PER_NAME = RateLimitItemPerMinute(10)
PER_ADDRESS = RateLimitItemPerMinute(60)
PATIENCE = 0.3
"""How many seconds a sign-in waits for Redis."""

_log = logging.getLogger(__name__)


class Attempts:
    """Attempts of the last minute, counted in Redis for all web processes, or in this one.

    When Redis does not answer, this process counts by itself: nobody is locked out by an outage,
    and nobody may guess without limit during one.
    """

    def __init__(self, settings: Settings) -> None:
        """Choose where to count; nothing is connected yet."""
        self._here = FixedWindowRateLimiter(MemoryStorage())
        self._shared = self._here
        if settings.redis_url:
            storage = storage_from_string(
                settings.redis_url,
                wrap_exceptions=True,
                socket_connect_timeout=PATIENCE,
                socket_timeout=PATIENCE,
                key_prefix="activeloop-attempts",
            )
            self._shared = FixedWindowRateLimiter(storage)

    def count(self, address: str, name: str) -> None:
        """Count one attempt.

        Raises:
            TooMany: after ten a minute on one name from one address, or sixty from one address.
        """
        short = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]
        try:
            allowed = _hit(self._shared, address, short)
        except StorageError as error:
            _log.warning("Redis did not count an attempt to sign in: %s", error)
            allowed = _hit(self._here, address, short)
        if not allowed:
            raise TooMany


def _hit(limiter: FixedWindowRateLimiter, address: str, short: str) -> bool:
    return limiter.hit(PER_ADDRESS, "address", address) and limiter.hit(
        PER_NAME, "name", address, short
    )
