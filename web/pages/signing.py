"""Sign in and out."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from activeloop.errors import ActiveloopError
from web import auth
from web.problems import status_of

LONGEST_NAME = 100


def install(pages: Blueprint) -> None:
    """Add the routes."""
    pages.add_url_rule("/sign-in", "sign_in", sign_in, methods=["GET", "POST"])
    pages.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])


@auth.public
def sign_in() -> Response:
    """Show the form; or check what it holds and go where the visitor wanted to go."""
    if request.method == "GET":
        return make_response(_form("", request.args.get("next", "")))
    name = request.form.get("name", "")
    wanted = request.form.get("next", "")
    answer = make_response(redirect(_inside(wanted)))
    try:
        auth.sign_in(answer, name, request.form.get("password", ""))
    except ActiveloopError as error:
        again = _form(name[:LONGEST_NAME], wanted, wrong=error.message)
        return Response(again, status_of(error), content_type="text/html; charset=utf-8")
    return answer


@auth.public
def sign_out() -> Response:
    """End the session; without one there is nothing to end, and the same page follows."""
    answer = make_response(redirect(url_for("pages.sign_in")))
    auth.sign_out(answer)
    return answer


def _form(name: str, wanted: str, *, wrong: str = "") -> str:
    return render_template("sign_in.html", name=name, next=wanted, wrong=wrong)


def _inside(wanted: str) -> str:
    """Give a path on this server, whatever the link that led to the form said."""
    plain = wanted.startswith("/") and wanted.isprintable()
    if not plain or wanted.startswith("//") or "\\" in wanted:
        return url_for("pages.projects")
    return wanted
