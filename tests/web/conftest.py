"""The app on a real database, with one account of each role."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from activeloop.flows import accounts
from activeloop.settings import Settings, read_settings
from activeloop.store import schema
from activeloop.wiring import Services, build
from web import create_app

PASSWORD = "correct horse battery staple"
ROLES = ("annotator", "reviewer", "engineer", "admin")


@dataclass
class Caller:
    """A program with a token of a role."""

    client: FlaskClient
    token: str

    def __call__(self, method: str, path: str, **how: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **how.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, **how)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Make a database with a user and a token of each role, once: hashing is slow."""
    made = build(read_settings(data=tmp_path_factory.mktemp("template") / "data"))
    schema.upgrade(made.database)
    kept = accounts.hashed(PASSWORD)
    with made.write() as session:
        for role in ROLES:
            accounts.add_user(session, role, role, kept)
        shown = {role: accounts.new_token(session, role) for role in ROLES}
    made.database.close()
    return made.settings.data, shown


@pytest.fixture
def tokens(template: tuple[Path, dict[str, str]]) -> dict[str, str]:
    """Give a token of each role; the users are called by their role."""
    return template[1]


@pytest.fixture
def settings(tmp_path: Path, template: tuple[Path, dict[str, str]]) -> Settings:
    shutil.copytree(template[0], tmp_path / "data")
    return read_settings(data=tmp_path / "data")


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    made = build(settings)
    yield made
    made.database.close()


@pytest.fixture
def app(services: Services) -> Flask:
    return create_app(services)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def as_(app: Flask, tokens: dict[str, str]) -> Callable[[str], Caller]:
    """Give a caller of a role."""
    return lambda role: Caller(app.test_client(), tokens[role])


@pytest.fixture
def engineer(as_: Callable[[str], Caller]) -> Caller:
    return as_("engineer")


@pytest.fixture
def admin(as_: Callable[[str], Caller]) -> Caller:
    return as_("admin")


@pytest.fixture
def project(engineer: Caller) -> dict[str, Any]:
    """Give a text project called pets."""
    spec = {"name": "pets", "kind": "text", "classes": ["cat", "dog"]}
    answer = engineer("POST", "/api/v1/projects", json=spec)
    assert answer.status_code == 201, answer.text
    made: Any = answer.json
    return dict(made)
