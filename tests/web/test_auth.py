from __future__ import annotations

import stat
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from activeloop.errors import Misconfigured
from activeloop.flows import accounts
from activeloop.settings import read_settings
from activeloop.store import db
from activeloop.wiring import Services, build
from tests.web.conftest import PASSWORD, Caller
from web import create_app, keys

SPEC = {"name": "pets", "kind": "text", "classes": ["cat", "dog"]}


def sign_in(client: FlaskClient, name: str = "engineer", password: str = PASSWORD) -> TestResponse:
    return client.post("/api/v1/session", json={"name": name, "password": password})


def session_cookie(answer: TestResponse, name: str = "activeloop") -> str:
    return next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith(f"{name}="))


def rows(services: Services, statement: str) -> list[tuple[object, ...]]:
    with services.read() as session:
        return [tuple(row) for row in session.execute(text(statement))]


def age_sessions(services: Services, column: str, by: timedelta) -> None:
    with services.write() as session:
        moment = db.now(session) - by
        session.execute(
            text(f"UPDATE web_session SET {column} = :at"),  # noqa: S608
            {"at": moment.replace(tzinfo=None).isoformat(sep=" ")},
        )


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(
    client: FlaskClient,
) -> None:
    cookie = session_cookie(sign_in(client))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert client.get("/api/v1/me").json["name"] == "engineer"  # type: ignore[index]


def test_over_https_every_cookie_is_bound_to_this_host(services: Services) -> None:
    secure = read_settings(data=services.settings.data, secure_cookies=True)
    client = create_app(build(secure)).test_client()
    answer = client.post(
        "/api/v1/session",
        json={"name": "admin", "password": PASSWORD},
        base_url="https://localhost",
    )
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie
        assert "Domain" not in cookie
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_signing_in_again_makes_the_old_secret_worthless(app: Flask, client: FlaskClient) -> None:
    first = session_cookie(sign_in(client)).split(";")[0].split("=")[1]
    second = session_cookie(sign_in(client)).split(";")[0].split("=")[1]
    assert first != second
    stranger = app.test_client()
    stranger.set_cookie("activeloop", first)
    assert stranger.get("/api/v1/me").status_code == 401
    stranger.set_cookie("activeloop", second)
    assert stranger.get("/api/v1/me").status_code == 200


def test_signing_out_kills_the_session_and_not_only_the_cookie(
    app: Flask, client: FlaskClient
) -> None:
    answer = sign_in(client)
    secret = session_cookie(answer).split(";")[0].split("=")[1]
    csrf = answer.json["csrf_token"]  # type: ignore[index]
    out = client.delete("/api/v1/session", headers={"X-CSRF-Token": csrf})
    assert out.status_code == 204
    thief = app.test_client()
    thief.set_cookie("activeloop", secret)
    assert thief.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("column", "by", "status"),
    [
        ("seen_at", timedelta(hours=11, minutes=59), 200),
        ("seen_at", timedelta(hours=12, minutes=1), 401),
        ("expires_at", timedelta(seconds=1), 401),
    ],
)
def test_a_session_ends_after_twelve_idle_hours_and_after_seven_days(
    services: Services, client: FlaskClient, column: str, by: timedelta, status: int
) -> None:
    sign_in(client)
    age_sessions(services, column, by)
    assert client.get("/api/v1/me").status_code == status


def test_a_session_in_use_stays_awake(services: Services, client: FlaskClient) -> None:
    sign_in(client)
    for _ in range(2):
        age_sessions(services, "seen_at", timedelta(hours=11))
        assert client.get("/api/v1/me").status_code == 200


def test_a_session_lives_seven_days_at_most(services: Services, client: FlaskClient) -> None:
    assert "Max-Age=604800" in session_cookie(sign_in(client))
    with services.read() as session:
        now = db.now(session)
        kept = session.execute(text("SELECT expires_at FROM web_session")).scalar_one()
    assert abs((now + timedelta(days=7)).replace(tzinfo=None).timestamp() - _epoch(kept)) < 60


def _epoch(kept: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(kept).timestamp()


def test_an_unknown_name_and_a_wrong_password_cannot_be_told_apart(client: FlaskClient) -> None:
    started = time.perf_counter()
    wrong = sign_in(client, "engineer", "not the password")
    between = time.perf_counter()
    unknown = sign_in(client, "nobody", "not the password")
    ended = time.perf_counter()
    assert (wrong.status_code, wrong.json) == (unknown.status_code, unknown.json)
    assert wrong.status_code == 401
    # both hash: the quicker takes at least a third of the slower
    assert 1 / 3 < (between - started) / (ended - between) < 3


def test_the_eleventh_attempt_in_a_minute_on_one_name_is_refused(client: FlaskClient) -> None:
    answers = [sign_in(client, "engineer", "wrong").status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    refused = sign_in(client, "engineer", PASSWORD)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"]
    assert sign_in(client, "admin").status_code == 200, "another name is not locked"


def test_signing_in_goes_on_when_redis_does_not_answer(services: Services) -> None:
    settings = read_settings(data=services.settings.data, redis_url="redis://127.0.0.1:9/0")
    client = create_app(build(settings)).test_client()
    assert sign_in(client).status_code == 200
    answers = [sign_in(client, "admin", "wrong").status_code for _ in range(11)]
    assert set(answers) == {401, 429}, "the process still counts by itself"


def test_redis_counts_the_attempts_of_all_web_processes(services: Services, redis_url: str) -> None:
    settings = read_settings(data=services.settings.data, redis_url=redis_url)
    one, other = (create_app(build(settings)).test_client() for _ in range(2))
    answers = [sign_in(each, "admin", "wrong").status_code for each in (one, other) * 6]
    assert answers == [401] * 10 + [429] * 2


def test_a_change_by_cookie_needs_the_csrf_token(client: FlaskClient) -> None:
    csrf = sign_in(client).json["csrf_token"]  # type: ignore[index]
    without = client.post("/api/v1/projects", json=SPEC)
    assert without.status_code == 422
    assert without.json["problems"][0]["where"] == "X-CSRF-Token"  # type: ignore[index]
    wrong = client.post("/api/v1/projects", json=SPEC, headers={"X-CSRF-Token": csrf[:-2]})
    assert wrong.status_code == 422
    right = client.post("/api/v1/projects", json=SPEC, headers={"X-CSRF-Token": csrf})
    assert right.status_code == 201


def test_another_sites_request_is_refused_even_with_the_token(client: FlaskClient) -> None:
    csrf = sign_in(client).json["csrf_token"]  # type: ignore[index]
    headers = {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "cross-site"}
    assert client.post("/api/v1/projects", json=SPEC, headers=headers).status_code == 403


def test_a_bearer_token_needs_no_csrf_token(engineer: Caller) -> None:
    assert engineer("POST", "/api/v1/projects", json=SPEC).status_code == 201


def test_a_bad_token_is_refused_even_beside_a_good_cookie(client: FlaskClient) -> None:
    sign_in(client)
    for shown in ("Bearer al_00000000_nope", "Bearer", "Basic YTpi", "bearer \u00fc"):
        answer = client.get("/api/v1/me", headers={"Authorization": shown})
        assert answer.status_code == 401
        assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_the_database_holds_no_token_no_session_secret_and_no_password(
    services: Services, client: FlaskClient, tokens: dict[str, str]
) -> None:
    secret = session_cookie(sign_in(client)).split(";")[0].split("=")[1]
    kept = str(
        rows(services, "SELECT * FROM token")
        + rows(services, "SELECT * FROM web_session")
        + rows(services, "SELECT * FROM user_account")
    )
    assert "$argon2id$" in kept
    for hidden in (secret, PASSWORD, *tokens.values()):
        assert hidden not in kept
        assert hidden.split("_", 2)[-1] not in kept, "the part after the prefix"


def test_a_revoked_token_opens_nothing(as_: Callable[[str], Caller]) -> None:
    admin, engineer = as_("admin"), as_("engineer")
    token = admin("GET", "/api/v1/users/engineer/tokens").json["tokens"][0]  # type: ignore[index]
    assert engineer.token.startswith(token["prefix"])
    assert engineer("GET", "/api/v1/me").status_code == 200
    assert admin("DELETE", f"/api/v1/tokens/{token['id']}").status_code == 204
    assert engineer("GET", "/api/v1/me").status_code == 401


def test_that_a_token_is_used_is_written_once_a_minute(
    services: Services, engineer: Caller
) -> None:
    seen = []
    for _ in range(3):
        engineer("GET", "/api/v1/me")
        seen += rows(services, "SELECT last_used_at FROM token WHERE last_used_at IS NOT NULL")
    assert len(seen) == 3
    assert len(set(seen)) == 1
    with services.write() as session:
        session.execute(text("UPDATE token SET last_used_at = '2026-01-01 00:00:00.000000'"))
    engineer("GET", "/api/v1/me")
    used = "SELECT last_used_at FROM token JOIN user_account u ON u.id = user_id WHERE name = "
    assert rows(services, used + "'engineer'") != [("2026-01-01 00:00:00.000000",)]


def test_a_disabled_user_is_out_at_once(client: FlaskClient, as_: Callable[[str], Caller]) -> None:
    sign_in(client)
    assert as_("admin")("POST", "/api/v1/users/engineer/disable").status_code == 200
    assert client.get("/api/v1/me").status_code == 401
    assert as_("engineer")("GET", "/api/v1/me").status_code == 401
    assert sign_in(client).json["detail"] == accounts.REFUSED  # type: ignore[index]


def test_the_embedded_key_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    settings = read_settings(data=tmp_path / "new")
    key = keys.secret_key(settings)
    assert key == keys.secret_key(settings)
    assert len(key) >= 32
    file = tmp_path / "new" / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret.key"]
    assert key != keys.secret_key(read_settings(data=tmp_path / "other"))


def test_a_short_or_missing_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="ACTIVELOOP_SECRET_KEY has 5"):
        keys.secret_key(read_settings(data=tmp_path, secret_key="short"))
    with pytest.raises(Misconfigured, match="ACTIVELOOP_SECRET_KEY is missing"):
        keys.secret_key(read_settings(data=tmp_path, database_url="postgresql://x/y"))
