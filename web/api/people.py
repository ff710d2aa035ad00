"""People: signing in, users and API tokens."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from flask_wtf.csrf import generate_csrf
from pydantic_core import to_json

from activeloop.flows import accounts
from web import auth, schemas
from web.context import account, by_token, services
from web.routing import Routes

routes = Routes(Blueprint("people", __name__))


@routes.post(
    "/session",
    role="public",
    body=schemas.Credentials,
    gives=schemas.Me,
    refuses=(401, 403, 429, 503),
)
def sign_in(body: schemas.Credentials) -> Response:
    """Sign in with a name and a password; the answer sets the session cookie."""
    answer = Response(content_type="application/json")
    who = auth.sign_in(answer, body.name, body.password)
    answer.set_data(to_json(_me(who, generate_csrf())))
    return answer


@routes.add("DELETE", "/session", role="annotator", status=204)
def sign_out() -> Response:
    """Sign out; the cookie is worthless from now on."""
    answer = Response(status=204)
    auth.sign_out(answer)
    return answer


@routes.get("/me", role="annotator", gives=schemas.Me)
def me() -> dict[str, Any]:
    """Say who is calling; with a cookie, also the CSRF token that changes need."""
    return _me(account(), None if by_token() else generate_csrf())


@routes.get("/users", role="admin", gives=schemas.Users)
def users() -> dict[str, Any]:
    """List the users."""
    with services().read() as session:
        return {"users": accounts.users(session)}


@routes.post(
    "/users", role="admin", status=201, body=schemas.NewUser, gives=schemas.User, refuses=(409,)
)
def add(body: schemas.NewUser) -> dict[str, Any]:
    """Add a user."""
    password = accounts.hashed(body.password) if body.password is not None else None
    with services().write() as session:
        return accounts.user_json(accounts.add_user(session, body.name, body.role, password))


@routes.post("/users/{name}/disable", role="admin", gives=schemas.User, refuses=(409,))
def disable(name: str) -> dict[str, Any]:
    """Lock a user out; what they labelled stays."""
    with services().write() as session:
        return accounts.user_json(accounts.disable(session, name, by=account().id))


@routes.get("/users/{name}/tokens", role="admin", gives=schemas.Tokens)
def tokens(name: str) -> dict[str, Any]:
    """List a user's API tokens, without the tokens themselves."""
    with services().read() as session:
        return {"tokens": accounts.tokens(session, name)}


@routes.post(
    "/users/{name}/tokens", role="admin", status=201, gives=schemas.NewToken, refuses=(409,)
)
def new_token(name: str) -> dict[str, Any]:
    """Make an API token for a user; this answer is the only time that it is seen."""
    with services().write() as session:
        return {"token": accounts.new_token(session, name)}


@routes.add("DELETE", "/tokens/{token_id}", role="admin", status=204)
def revoke(token_id: int) -> None:
    """Make a token worthless."""
    with services().write() as session:
        accounts.revoke_token(session, token_id, by=account().id)


def _me(who: accounts.Account, csrf_token: str | None) -> dict[str, Any]:
    return {"id": who.id, "name": who.name, "role": who.role, "csrf_token": csrf_token}
