"""What somebody sends to do harm is shown as text, served as nothing that runs, or refused."""

from __future__ import annotations

import base64
import csv
import io
import json
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from activeloop.flows import carrying
from activeloop.wiring import Services
from tests.web.conftest import Caller
from tests.web.test_pages import PASSWORD, send
from web.headers import POLICY

IMAGE = "<img src=x onerror=alert(1)>"
SCRIPT = "</textarea><script>alert(2)</script>\"'><svg onload=alert(3)>{{7*7}}"
FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-1-1", "@SUM(1)", "\uff1d1")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


class Seen(HTMLParser):
    """What a browser would make of a page: whatever could run, and what was written as text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.running: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        inline = tag == "script" and not (given.get("src") or "").startswith("/static/")
        odd = tag in ("iframe", "object", "embed", "base") or given.get("src") == "x"
        leads = (given.get("href") or "").lower().startswith(("javascript:", "data:"))
        acts = any(name.startswith("on") or name == "style" for name in given)
        if inline or odd or leads or acts or tag == "style":
            self.running.append(self.get_starttag_text() or tag)
        self.words += [value for value in given.values() if value]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def carried_out(services: Services) -> None:
    """Do the imports that wait."""
    with services.read() as session:
        waiting = session.execute(
            text("SELECT id FROM job WHERE kind = 'import' AND state = 'queued'")
        )
        jobs = list(waiting.scalars())
    for job_id in jobs:
        carrying.carry_out(services, job_id, "test")


def told(answer: TestResponse, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json


def bring(
    services: Services, engineer: Caller, project: str, name: str, content: bytes
) -> dict[str, Any]:
    """Import a file and give its report."""
    path = f"/api/v1/projects/{project}/imports"
    form = {"file": (io.BytesIO(content), name)}
    begun = told(engineer("POST", path, data=form), 202)
    carried_out(services)
    report: dict[str, Any] = told(engineer("GET", f"{path}/{begun['id']}"))
    return report


def jsonl(rows: list[dict[str, Any]]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


@pytest.fixture
def hostile(services: Services, engineer: Caller, admin: Caller) -> dict[str, int]:
    """Give a project in which every word that somebody may choose is an attack."""
    path = "/api/v1/projects/pets"
    classes = [{"name": IMAGE, "description": SCRIPT, "group": SCRIPT, "examples": [SCRIPT]}, "dog"]
    skips = {"skip_reason": "optional", "skip_reasons": [SCRIPT]}
    spec = {"name": "pets", "kind": "text", "classes": classes, "show_metadata": [IMAGE], **skips}
    made = told(engineer("POST", "/api/v1/projects", json=spec), 201)
    rows = [{"text": f"{SCRIPT} {n}", "id": f"{IMAGE} {n}", IMAGE: SCRIPT} for n in range(6)]
    report = bring(services, engineer, "pets", f"../../{IMAGE}.jsonl", jsonl(rows))
    assert report["added"] == 6, report
    told(engineer("POST", f"{path}/guidelines", json={"text": SCRIPT}), 201)
    told(admin("POST", "/api/v1/users", json={"name": IMAGE, "role": "annotator"}), 201)
    offers = told(engineer("POST", f"{path}/offers", json={"count": 4}))["offers"]
    for offer in offers[:3]:
        body = {"offer_id": offer["id"], "answer": {"label": IMAGE}, "key": f"k{offer['id']}"}
        told(engineer("POST", f"{path}/labels", json=body), 201)
    sample = offers[0]["sample"]["id"]
    flag = {"sample_id": sample, "note": SCRIPT, "key": "f"}
    told(engineer("POST", f"{path}/flags", json=flag), 201)
    told(engineer("POST", f"{path}/gold", json={"sample_ids": [offers[1]["sample"]["id"]]}), 201)
    return {"project_id": made["id"], "sample_id": sample, "import_id": report["id"]}


def addresses(app: Flask, prefix: str, known: dict[str, Any]) -> Iterator[str]:
    """Give the address of everything that can be read below a prefix, where its parts are known."""
    for rule in app.url_map.iter_rules():
        # a project without a version has no pages of one
        if "GET" in (rule.methods or ()) and _is_below(rule, prefix) and rule.arguments <= {*known}:
            with app.test_request_context():
                yield app.url_for(rule.endpoint, **{name: known[name] for name in rule.arguments})


def _is_below(rule: Rule, prefix: str) -> bool:
    named = rule.endpoint if prefix == "pages" else rule.rule
    return bool(named.startswith(prefix))


def test_every_page_shows_it_as_text_under_a_policy_that_lets_nothing_inline_run(
    app: Flask, hostile: dict[str, int], tokens: dict[str, str]
) -> None:
    assert "admin" in tokens
    client = app.test_client()
    send(client, "/sign-in", {"name": "admin", "password": PASSWORD})
    found = [each for each in addresses(app, "pages", hostile) if not each.endswith("/compare")]
    shown = ""
    for address in [*found, f"/projects/{hostile['project_id']}/samples?q={quote(SCRIPT)}"]:
        page = client.get(address)
        assert page.status_code == 200, address
        assert page.headers["Content-Security-Policy"] == POLICY, address
        seen = Seen(page.text)
        assert seen.running == [], address
        shown += "\n".join(seen.words)
    assert len(found) >= 12
    assert shown.count(IMAGE) > 10
    assert shown.count(SCRIPT) > 5
    assert "unsafe" not in POLICY


def test_what_the_api_gives_is_never_taken_for_a_page(
    app: Flask, engineer: Caller, admin: Caller, hostile: dict[str, int]
) -> None:
    assert engineer("GET", "/api/v1/me").status_code == 200
    known = {
        "p": "pets",
        "name": "engineer",
        "review_id": 1,
        "run_id": 1,
        "number": 1,
        "a": 1,
        "b": 2,
        "webhook_id": 1,
        **hostile,
    }
    for address in addresses(app, "/api/v1", known):
        answer = admin("GET", address)
        kinds = ("application/json", "application/problem+json", "application/x-ndjson")
        assert answer.content_type in kinds, address
        assert answer.headers["X-Content-Type-Options"] == "nosniff", address
        assert answer.headers["Content-Security-Policy"], address


def test_a_name_that_leads_out_of_the_folder_is_only_a_name(
    services: Services, engineer: Caller, project: dict[str, Any]
) -> None:
    assert project["name"] == "pets"
    before = {path for path in services.settings.data.parent.rglob("*") if path.is_file()}
    report = bring(services, engineer, "pets", "../../../evil.jsonl", jsonl([{"text": "a"}]))
    assert report["added"] == 1
    after = {path for path in services.settings.data.parent.rglob("*") if path.is_file()}
    assert {path.name for path in after - before} <= {"activeloop.db-wal", "activeloop.db-shm"}


def picture(size: int = 4) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (size, size), "red").save(held, "PNG")
    return held.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


@pytest.fixture
def pictures(engineer: Caller) -> str:
    spec = {"name": "pictures", "kind": "image", "classes": ["cat", "dog"]}
    told(engineer("POST", "/api/v1/projects", json=spec), 201)
    return "pictures"


def test_svg_is_no_picture_whatever_it_is_called(
    services: Services, engineer: Caller, pictures: str
) -> None:
    names = ("a.svg", "b.png", "../c.svg", "cat/d.jpg")
    members = dict.fromkeys(names, SVG) | {"good.png": picture()}
    report = bring(services, engineer, pictures, "a.zip", zipped(members))
    assert (report["added"], report["rejected"]) == (1, 4)
    said = [each["problem"] for each in report["problems"]]
    assert sum("SVG is refused" in each for each in said) == 3, said
    assert sum("leads out" in each or "name" in each for each in said) >= 1, said
    inside = [{"image": base64.b64encode(SVG).decode()}]
    report = bring(services, engineer, pictures, "a.jsonl", jsonl(inside))
    assert (report["added"], report["rejected"]) == (0, 1)


def test_a_picture_with_a_script_in_it_is_served_as_a_picture_and_nothing_else(
    services: Services, engineer: Caller, pictures: str
) -> None:
    both = picture() + b"<html><script>alert(1)</script></html>"
    report = bring(services, engineer, pictures, "a.zip", zipped({"a.html": both}))
    assert report["added"] == 1, report
    (sample,) = told(engineer("GET", f"/api/v1/projects/{pictures}/samples"))["samples"]
    answer = engineer("GET", f"/api/v1/projects/{pictures}/samples/{sample['id']}/image")
    assert answer.data == both
    assert answer.content_type == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_no_cell_of_a_csv_export_runs_and_json_is_left_as_it_is(
    services: Services, engineer: Caller
) -> None:
    path = "/api/v1/projects/sums"
    spec = {"name": "sums", "kind": "text", "classes": ["=1+1", "dog"]}
    told(engineer("POST", "/api/v1/projects", json=spec), 201)
    rows = [{"text": words, "label": "=1+1", "id": words} for words in FORMULAS]
    assert bring(services, engineer, "sums", "a.jsonl", jsonl(rows))["labelled"] == len(rows)
    written = engineer("GET", f"{path}/export?format=csv")
    cells = [cell for row in csv.reader(io.StringIO(written.text)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\uff1d"))]
    assert {f"'{words}" for words in FORMULAS} <= set(cells)
    assert "'=1+1" in cells
    assert written.headers["Content-Disposition"].startswith("attachment")
    plain = engineer("GET", f"{path}/export?format=jsonl").text.splitlines()
    assert {json.loads(line)["text"] for line in plain} == set(FORMULAS)
    raw = engineer("GET", f"{path}/export?format=csv-raw")
    assert {row["text"] for row in csv.DictReader(io.StringIO(raw.text))} == set(FORMULAS)
