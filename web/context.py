"""What a view may ask for: the services, and who is calling."""

from __future__ import annotations

from typing import cast

from flask import current_app, g, request

from activeloop.errors import Unauthenticated
from activeloop.flows import accounts, assigning, projects
from activeloop.flows.accounts import Account
from activeloop.store.db import Session
from activeloop.store.tables import Project
from activeloop.wiring import Services

EXTENSION = "activeloop"


def services() -> Services:
    """Give the services that this app was made with."""
    return cast("Services", current_app.extensions[EXTENSION])


def cookie_name() -> str:
    """Name the session cookie; browsers hold `__Host-` names to HTTPS, this host and path /."""
    return "__Host-activeloop" if services().settings.secure_cookies else "activeloop"


def shown_secret() -> str | None:
    """Give the session secret that the browser showed, if any."""
    return request.cookies.get(cookie_name()) or None


def visitor() -> Account | None:
    """Tell who is calling, by token or by cookie; None for a stranger. Looked up once a request.

    Raises:
        Unauthenticated: when a token was shown that is not good.
    """
    if "visitor" not in g:
        g.by_token = "Authorization" in request.headers
        g.visitor = _by_token() if g.by_token else _by_cookie()
    return cast("Account | None", g.visitor)


def account() -> Account:
    """Tell who is calling, where the route lets no stranger in.

    Raises:
        Unauthenticated: for a stranger.
    """
    found = visitor()
    if found is None:
        raise Unauthenticated
    return found


def the_project(session: Session, ref: str | int) -> Project:
    """Find a project that the caller may see.

    Raises:
        NotFound: when there is none.
        Forbidden: when it is given to other annotators.
    """
    found = projects.find(session, ref)
    assigning.check(session, found, account())
    return found


def by_token() -> bool:
    """Tell whether the caller showed an Authorization header, which no browser adds by itself."""
    visitor()
    return bool(g.by_token)


def _by_token() -> Account:
    scheme, _, plain = request.headers["Authorization"].partition(" ")
    found = None
    if scheme.lower() == "bearer" and plain.strip():
        found = accounts.who_token(services(), plain.strip())
    if found is None:
        raise Unauthenticated("The API token is not known, or has been revoked.")
    return found


def _by_cookie() -> Account | None:
    secret = shown_secret()
    return accounts.who_session(services(), secret) if secret else None
