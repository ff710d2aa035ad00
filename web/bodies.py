"""Read a JSON body strictly: what a database or another program would choke on stops here."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from activeloop.errors import Problem
from web.problems import Malformed

MAX_DEPTH = 64
BIGGEST = 2**63 - 1
_SUSPICIOUS = re.compile(rb"\\u0000|\\u[dD][89a-fA-F]|[eE]\+?0*[1-9]\d\d|\d{19}")


def read_json() -> dict[str, Any]:
    """Give the body, a JSON object.

    Raises:
        Malformed: when it is not one, doubles a name, is nested too deeply, or holds a NUL, half
            a surrogate pair or a number that 64 bits do not hold; the field is named.
        UnsupportedMediaType: when it is not sent as application/json.
    """
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send the body as application/json.")
    raw = request.get_data(cache=False)
    body = _parse(raw)
    if not isinstance(body, dict):
        raise _malformed("body", "is not a JSON object.", "Send one object: {...}.")
    _check(body, thoroughly=_SUSPICIOUS.search(raw) is not None)
    return body


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise _malformed("body", f"is not UTF-8 (byte {error.start}).", "Send UTF-8.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _malformed("body", f"is not JSON: {error.msg} at {place}.", "Send JSON.") from error
    except RecursionError as error:
        raise _too_deep("body") from error
    except ValueError as error:  # a whole number of thousands of digits
        raise _malformed("body", "holds a number that is too long.", "Use 64 bits.") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise _malformed(doubled, "stands twice in one object.", "Keep one of them.")
    return found


def _no_constant(name: str) -> Any:
    raise _malformed("body", f"holds {name}, which is not JSON.", "Use null or leave it out.")


def _check(body: dict[str, Any], *, thoroughly: bool) -> None:
    """Walk containers for their depth; look at every value only when the bytes gave a reason."""
    waiting: list[tuple[str, int, Any]] = [("", 1, body)]
    while waiting:
        where, depth, node = waiting.pop()
        if depth > MAX_DEPTH:
            raise _too_deep(where)
        named = node.items() if isinstance(node, dict) else enumerate(node)
        for name, value in named:
            if isinstance(value, (dict, list)):
                waiting.append((_inside(where, name), depth + 1, value))
            elif thoroughly:
                _check_value(_inside(where, name), value)
            if thoroughly and isinstance(name, str):
                _check_value(_inside(where, "(name)"), name)


def _inside(where: str, name: object) -> str:
    text = str(name)
    text = text if text.isprintable() else ascii(text)
    return f"{where}.{text[:100]}" if where else text[:100]


def _check_value(where: str, value: object) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise _malformed(where, "holds a NUL character.", "Remove it.")
        if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
            raise _malformed(where, "holds half a surrogate pair.", "Send whole characters.")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise _malformed(where, "is a number beyond 64-bit floats.", "Use a finite number.")
    elif isinstance(value, int) and not -BIGGEST <= value <= BIGGEST:
        raise _malformed(where, "is a number beyond 64-bit integers.", "Use a smaller one.")


def _too_deep(where: str) -> Malformed:
    return _malformed(where[:100], f"is nested deeper than {MAX_DEPTH}.", "Flatten it.")


def _malformed(where: str, problem: str, remedy: str) -> Malformed:
    return Malformed(f"{where} {problem} {remedy}", problems=[Problem(where, problem, remedy)])
