"""The web door: pages, the HTTP API, and nothing that flows should do."""

from web.app import create_app
from web.serving import serve

__all__ = ["create_app", "serve"]
