"""Every refusal as problem+json (RFC 9457), or as a page for people in a browser."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Flask, Response, redirect, render_template, request
from pydantic_core import to_json
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as AnyResponse

from activeloop import errors
from activeloop.errors import ActiveloopError, Problem

MEDIA_TYPE = "application/problem+json"
SIGN_IN = "/sign-in"
FOR_PROGRAMS = ("/api/", "/healthz", "/readyz", "/metrics")

STATUS: dict[type[ActiveloopError], int] = {
    errors.ActiveloopError: 500,
    errors.Invalid: 422,
    errors.TooLarge: 413,
    errors.UnsupportedFormat: 415,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.TooMany: 429,
    errors.NotReady: 409,
    errors.Misconfigured: 500,
    errors.Corrupt: 500,
    errors.CannotLearn: 409,
    errors.Needs: 409,
    errors.Transient: 503,
    errors.Crossed: 503,
    errors.Fenced: 503,
}

WHERE = {
    401: "Authorization",
    403: "account",
    404: "path",
    405: "method",
    413: "body",
    415: "Content-Type",
}
"""Where to look when the error itself does not say."""

_log = logging.getLogger(__name__)


class Malformed(errors.Invalid):
    """The request cannot be read."""


STATUS[Malformed] = 400


def status_of(error: ActiveloopError) -> int:
    """Give the HTTP status of an error; a plug-in's own class counts as its nearest ancestor."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def install(app: Flask) -> None:
    """Answer every kind of failure in one shape."""
    app.register_error_handler(ActiveloopError, _refused)
    app.register_error_handler(HTTPException, _declined)
    app.register_error_handler(Exception, _broken)


def problem(status: int, name: str, detail: str, problems: Sequence[Problem] = ()) -> AnyResponse:
    """Make the answer: problem+json for programs, a page for people."""
    title = HTTPStatus(status).phrase
    if _reads_pages():
        return _page(status, title, detail, problems)
    body = {
        "type": f"urn:activeloop:problem:{name}",
        "title": title,
        "status": status,
        "detail": detail,
        "problems": [
            {"where": each.where, "problem": each.problem, "remedy": each.remedy}
            for each in problems
        ],
    }
    # a sentence may quote what was sent, and half a surrogate pair cannot be sent back
    return Response(to_json(_sendable(body)), status, content_type=MEDIA_TYPE)


def _sendable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _sendable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_sendable(each) for each in value]
    return value


def _reads_pages() -> bool:
    if request.path.startswith(FOR_PROGRAMS):
        return False
    best = request.accept_mimetypes.best_match(["text/html", "application/json", MEDIA_TYPE])
    return best in (None, "text/html")


def _page(status: int, title: str, detail: str, problems: Sequence[Problem]) -> Response:
    try:
        text = render_template(
            "error.html", status=status, title=title, detail=detail, problems=problems
        )
    except Exception:  # noqa: BLE001 - the page may break by the very fault it is to report
        _log.exception("the error page broke")
        return Response(f"{status} {title}\n\n{detail}\n", status, content_type="text/plain")
    return Response(text, status, content_type="text/html; charset=utf-8")


def _refused(error: ActiveloopError) -> AnyResponse:
    status = status_of(error)
    if isinstance(error, errors.Unauthenticated) and _reads_pages() and request.method == "GET":
        return redirect(f"{SIGN_IN}?{_next()}")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, errors.Transient):
        _log.error("%s %s: %s", request.method, request.path, error, exc_info=error)
    problems = error.problems or (Problem(WHERE.get(status, "request"), error.message),)
    answer = problem(status, _kebab(type(error).__name__), error.message, problems)
    if isinstance(error, errors.Unauthenticated):
        answer.headers["WWW-Authenticate"] = 'Bearer realm="activeloop"'
    if isinstance(error, errors.TooMany):
        answer.headers["Retry-After"] = "60"
    if isinstance(error, errors.Transient):
        answer.headers["Retry-After"] = "1"
    return answer


def _next() -> str:
    return urlencode({"next": request.full_path.rstrip("?")})


def _declined(error: HTTPException) -> AnyResponse:
    """Give Flask's own refusals (404, 405, 413, ...) the same shape."""
    status = error.code or int(HTTPStatus.INTERNAL_SERVER_ERROR)
    if status < HTTPStatus.BAD_REQUEST:
        return error.get_response()  # a redirect
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        return _broken(error.original_exception)
    detail = re.sub(r"<[^>]+>", "", error.description or "")
    found = Problem(WHERE.get(status, "request"), detail)
    answer = problem(status, _kebab(type(error).__name__), detail, [found])
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


def _broken(error: BaseException) -> AnyResponse:
    """Log what nobody foresaw under an id, and tell the caller the id only."""
    reference = secrets.token_hex(6)
    _log.error("%s: %s %s broke", reference, request.method, request.path, exc_info=error)
    detail = f"Something broke here that should not; the log has it under {reference}."
    return problem(500, "unexpected", detail)


def _kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
