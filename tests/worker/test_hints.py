from __future__ import annotations

import time
from pathlib import Path

import redis

from activeloop.settings import Settings
from activeloop.wiring import leave_to_the_clock
from tests.processes import free_port
from tests.servers import Redis
from worker import hints


def test_a_broker_that_is_away_delays_and_fails_nobody(tmp_path: Path) -> None:
    away = Settings(data=tmp_path, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    hint = hints(away)
    began = time.monotonic()
    for job_id in range(2000):
        hint([job_id])
    assert time.monotonic() - began < 0.2


def test_a_hint_reaches_the_broker(tmp_path: Path, redis_server: Redis) -> None:
    hint = hints(Settings(data=tmp_path, redis_url=redis_server.url))
    hint([7, 8])
    with redis.Redis.from_url(redis_server.url) as client:
        end = time.monotonic() + 10
        while client.llen("activeloop:activeloop") != 2 and time.monotonic() < end:
            time.sleep(0.01)
        assert client.llen("activeloop:activeloop") == 2


def test_embedded_the_web_process_needs_no_hints(tmp_path: Path) -> None:
    assert hints(Settings(data=tmp_path)) is leave_to_the_clock
