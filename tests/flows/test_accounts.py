from __future__ import annotations

import re
import time

import pytest

from activeloop.errors import Conflict, Invalid, NotFound, Unauthenticated
from activeloop.flows import accounts
from activeloop.wiring import Services

PASSWORD = "correct horse battery staple"


def add(services: Services, name: str = "eva", role: str = "annotator") -> None:
    with services.write() as session:
        accounts.add_user(session, name, role, PASSWORD)


@pytest.mark.parametrize(
    ("name", "role", "password", "where"),
    [
        ("", "admin", PASSWORD, "name"),
        (" ", "admin", PASSWORD, "name"),
        ("x" * 101, "admin", PASSWORD, "name"),
        ("a/b", "admin", PASSWORD, "name"),
        ("a\x00b", "admin", PASSWORD, "name"),
        ("a\u202eb", "admin", PASSWORD, "name"),
        ("eva", "root", PASSWORD, "role"),
        ("eva", "admin", "123456789", "password"),
        ("eva", "admin", "", "password"),
        ("eva", "admin", "x" * 1001, "password"),
    ],
)
def test_a_user_that_will_not_do_is_refused_by_field(
    services: Services, name: str, role: str, password: str, where: str
) -> None:
    with pytest.raises(Invalid) as caught, services.write() as session:
        accounts.add_user(session, name, role, password)
    assert [problem.where for problem in caught.value.problems] == [where]
    with services.read() as session:
        assert accounts.users(session) == []


def test_a_name_is_taken_once_however_its_accents_are_written(services: Services) -> None:
    add(services, "Zo\u00eb")
    with pytest.raises(Conflict):
        add(services, "Zoe\u0308")
    assert accounts.sign_in(services, "Zoe\u0308", PASSWORD).account.name == "Zo\u00eb"


def test_only_the_right_name_and_password_open_a_session(services: Services) -> None:
    add(services)
    for name, password in [("eva", PASSWORD + "x"), ("eva", ""), ("eve", PASSWORD), ("", "")]:
        with pytest.raises(Unauthenticated, match=re.escape(accounts.REFUSED)):
            accounts.sign_in(services, name, password)
    signed = accounts.sign_in(services, "eva", PASSWORD)
    assert accounts.who_session(services, signed.secret) == signed.account
    assert accounts.who_session(services, signed.secret + "x") is None
    with services.write() as session:
        accounts.sign_out(session, signed.secret)
    assert accounts.who_session(services, signed.secret) is None


def test_a_new_password_ends_the_sessions_that_the_old_one_opened(services: Services) -> None:
    add(services)
    signed = accounts.sign_in(services, "eva", PASSWORD)
    with services.write() as session:
        accounts.set_password(session, "eva", "another good password")
    assert accounts.who_session(services, signed.secret) is None
    with pytest.raises(Unauthenticated):
        accounts.sign_in(services, "eva", PASSWORD)
    assert accounts.sign_in(services, "eva", "another good password").account.name == "eva"


def test_a_user_without_a_password_has_tokens_but_cannot_sign_in(services: Services) -> None:
    with services.write() as session:
        accounts.add_user(session, "robot", "engineer", None)
        token = accounts.new_token(session, "robot")
    found = accounts.who_token(services, token)
    assert found is not None
    assert (found.name, found.role) == ("robot", "engineer")
    for password in ("", "None", PASSWORD):
        with pytest.raises(Unauthenticated):
            accounts.sign_in(services, "robot", password)


def test_tokens_are_different_each_time_and_carry_256_bits(services: Services) -> None:
    add(services)
    with services.write() as session:
        tokens = [accounts.new_token(session, "eva") for _ in range(20)]
        with pytest.raises(NotFound):
            accounts.new_token(session, "nobody")
    assert len(set(tokens)) == 20
    for token in tokens:
        assert re.fullmatch(r"al_[0-9a-f]{8}_[\w-]{43}", token)


def test_each_role_may_do_what_those_before_it_may() -> None:
    may = {
        own: [role for role in accounts.ROLES if accounts.Account(1, "x", own).may(role)]
        for own in accounts.ROLES
    }
    assert may == {
        "annotator": ["annotator"],
        "reviewer": ["annotator", "reviewer"],
        "engineer": ["annotator", "reviewer", "engineer"],
        "admin": ["annotator", "reviewer", "engineer", "admin"],
    }


def test_looking_a_token_up_writes_nothing_after_the_first_time(services: Services) -> None:
    add(services)
    with services.write() as session:
        token = accounts.new_token(session, "eva")
    accounts.who_token(services, token)
    with services.write():  # a second writer would wait here for ever
        started = time.perf_counter()
        assert accounts.who_token(services, token) is not None
        assert time.perf_counter() - started < 5
