"""Serve the app to the network with waitress."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from flask import Flask

from activeloop.settings import Settings

MIB = 1 << 20
SLACK = 4 * MIB
"""Room for the multipart frame around an upload, so that the app, not the server, says no."""


def serve(app: Flask, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests in progress are finished first (five seconds)."""
    server = make_server(app, settings)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _end)
    try:
        server.run()
    finally:
        server.close()


def make_server(app: Flask, settings: Settings) -> Any:
    """Bind the address and give a server that is ready to `run`."""
    from waitress import create_server

    return create_server(
        app,
        host=settings.host,
        port=settings.port,
        threads=settings.web_threads,
        ident="activeloop",
        max_request_body_size=settings.max_upload_mb * MIB + SLACK,
        connection_limit=1000,
        channel_timeout=120,
        asyncore_use_poll=True,
        # behind a proxy the app itself reads X-Forwarded-*; otherwise nobody may claim anything
        clear_untrusted_proxy_headers=not settings.behind_proxy,
    )


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
