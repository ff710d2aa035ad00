"""Who may call what: every route declares its role, and one that does not is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, Response, current_app, request, session
from flask_wtf.csrf import CSRFProtect, validate_csrf
from wtforms import ValidationError

from activeloop.errors import Forbidden, Invalid, Problem
from activeloop.flows import accounts
from activeloop.flows.accounts import ROLES, Account
from activeloop.settings import Settings
from web.attempts import Attempts
from web.context import account, by_token, cookie_name, services, shown_secret

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"
ATTEMPTS = "activeloop-attempts"
_DECLARED = "activeloop_role"


def public(view: View) -> View:
    """Let everybody call this view."""
    setattr(view, _DECLARED, PUBLIC)
    return view


def role(name: str) -> Callable[[View], View]:
    """Let accounts of at least this role call the view: annotator, reviewer, engineer or admin."""
    if name not in ROLES:
        raise ValueError(f"{name!r} is not a role")

    def declare(view: View) -> View:
        setattr(view, _DECLARED, name)
        return view

    return declare


def declared(view: Callable[..., Any]) -> str | None:
    """Give the role that a view declares, `public`, or None when it declares nothing."""
    return getattr(view, _DECLARED, None)


def install(app: Flask, settings: Settings) -> None:
    """Guard every route, and every change a browser asks for against forgery."""
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,  # the guard below decides when, and knows the tokens
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: people label for hours
        SESSION_COOKIE_NAME=("__Host-" if settings.secure_cookies else "") + "activeloop-form",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    CSRFProtect(app)
    app.extensions[ATTEMPTS] = Attempts(settings)
    app.view_functions["static"] = public(app.view_functions["static"])
    app.before_request(_guard)


def _guard() -> None:
    if request.endpoint is None:
        return  # no such page, or not by this method: said by the router
    wanted = declared(current_app.view_functions[request.endpoint])
    if wanted is None:
        raise Forbidden("This route declares no role, so nobody may call it.")
    if wanted != PUBLIC and not account().may(wanted):
        raise Forbidden(f"This needs the role {wanted}; yours is {account().role}.")
    if request.method not in SAFE_METHODS:
        _refuse_forgery(wanted)


def _refuse_forgery(wanted: str) -> None:
    """Make sure that a change was asked for by our own page, or by a program with a token.

    Raises:
        Forbidden: when another site asked.
        Invalid: when the CSRF token is missing or wrong.
    """
    if by_token():
        return
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        raise Forbidden("The request comes from another site.")
    if not request.path.startswith("/api/"):
        current_app.extensions["csrf"].protect()
    elif wanted != PUBLIC:
        # by header only: looking for a form field would read a whole upload first
        try:
            validate_csrf(request.headers.get(CSRF_HEADER))
        except ValidationError as error:
            raise Invalid(
                str(error),
                problems=[Problem(CSRF_HEADER, str(error), "Reload the page and try again.")],
            ) from error


def sign_in(answer: Response, name: str, password: str) -> Account:
    """Sign somebody in, and have the answer set a fresh cookie.

    Raises:
        TooMany: after ten attempts a minute on one name from one address.
        Unauthenticated: when name and password do not fit.
    """
    cast("Attempts", current_app.extensions[ATTEMPTS]).count(request.remote_addr or "", name)
    signed = accounts.sign_in(services(), name, password, instead_of=shown_secret())
    session.clear()  # a new CSRF secret with the new session
    answer.set_cookie(
        cookie_name(),
        signed.secret,
        max_age=accounts.LIFE,
        path="/",
        secure=services().settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return signed.account


def sign_out(answer: Response) -> None:
    """End the browser's session, and have the answer remove its cookie."""
    secret = shown_secret()
    if secret:
        with services().write() as opened:
            accounts.sign_out(opened, secret)
    session.clear()
    secure = services().settings.secure_cookies
    answer.delete_cookie(cookie_name(), path="/", secure=secure, httponly=True, samesite="Lax")
