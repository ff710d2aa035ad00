"""Make the web application from the services it stands in front of."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from activeloop.wiring import Services
from web import api, assets, auth, context, headers, keys, pages, problems

MAX_BODY = 16 << 20
"""Largest body in bytes, but for imports, which have their own limit."""


def create_app(services: Services) -> Flask:
    """Make the app: the API under /api, the pages beside it.

    Raises:
        Misconfigured: when the signing key is missing or too short.
    """
    settings = services.settings
    app = Flask("web")
    app.secret_key = keys.secret_key(settings)
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY, MAX_FORM_MEMORY_SIZE=1 << 20)
    app.extensions[context.EXTENSION] = services
    headers.install(app, settings)
    problems.install(app)
    auth.install(app, settings)
    assets.install(app)
    api.install(app)
    pages.install(app)
    if settings.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    return app
