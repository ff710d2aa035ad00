"""docker-compose.yml as Docker would read it: anchors merged, variables filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<kind>:[-?])(?P<rest>[^}]*))?\}")
SECRETS = {
    "POSTGRES_PASSWORD": "a-password-of-the-database-for-this-test",
    "REDIS_PASSWORD": "a-password-of-the-broker-for-this-test",
    "ACTIVELOOP_SECRET_KEY": "a-key-that-signs-cookies-for-this-test",
}


class Refused(ValueError):
    """A variable that must be set is not."""


def text() -> str:
    """Give the file as written."""
    return (ROOT / "docker-compose.yml").read_text()


def filled(given: Mapping[str, str]) -> dict[str, Any]:
    """Give the file's content with variables taken from `given`.

    Raises:
        Refused: when one that must be set is missing or empty.
    """
    content: dict[str, Any] = _fill(yaml.safe_load(text()), given)
    return content


def services() -> dict[str, dict[str, Any]]:
    """Give the services, with test secrets filled in."""
    found: dict[str, dict[str, Any]] = filled(SECRETS)["services"]
    return found


def _fill(node: Any, given: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _fill(value, given) for key, value in node.items()}
    if isinstance(node, list):
        return [_fill(value, given) for value in node]
    if not isinstance(node, str):
        return node
    return VARIABLE.sub(lambda found: _value(found, given), node)


def _value(found: re.Match[str], given: Mapping[str, str]) -> str:
    value = given.get(found["name"], "")
    if value:
        return value
    if found["kind"] == ":-":
        return found["rest"]
    raise Refused(f"{found['name']} {found['rest'] or 'is not set'}")
