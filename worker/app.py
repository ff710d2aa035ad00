"""The Celery app and its settings; research behind each is in docs/explanation."""

from __future__ import annotations

from typing import Any

from celery import Celery

from activeloop.settings import Settings

from .schedule import SCHEDULE
from .tasks import register

QUEUE = "activeloop"
LONGEST_JOB = 6 * 3600
GRACE = 3.0
"""Seconds that running jobs get to end when the worker is told to."""


def build(settings: Settings) -> Celery:
    """Build the app; connects to nothing yet."""
    app = Celery("activeloop", set_as_current=False)
    app.conf.update(**_common(settings), **(_redis() if settings.redis_url else _memory()))
    register(app, settings)
    return app


def _common(settings: Settings) -> dict[str, Any]:
    return {
        "broker_url": settings.redis_url or "memory://embedded",
        "result_backend": None,
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_default_queue": QUEUE,
        # early: the ledger owns retries; a late-acknowledging worker dies when Redis goes away
        "task_acks_late": False,
        "task_time_limit": LONGEST_JOB,
        "worker_concurrency": settings.worker_processes,
        "worker_prefetch_multiplier": 1,
        "worker_max_tasks_per_child": 200,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,
        "worker_soft_shutdown_timeout": GRACE,
        "worker_enable_soft_shutdown_on_idle": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_channel_error_retry": True,
        "broker_pool_acquire_timeout": 2.0,
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0, "interval_step": 0.1},
        "beat_schedule": SCHEDULE,
    }


def _memory() -> dict[str, Any]:
    return {"broker_transport_options": {"polling_interval": 0.02}}


def _redis() -> dict[str, Any]:
    return {
        "worker_disable_prefetch": True,
        "broker_transport_options": {
            # covers only what a worker has fetched and not started, for it acknowledges early
            "visibility_timeout": 3900,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "global_keyprefix": "activeloop:",
            "socket_keepalive": True,
            "socket_connect_timeout": 2,
            "socket_timeout": 30,
            "health_check_interval": 25,
        },
    }
