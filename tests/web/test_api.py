from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import text

from activeloop.settings import read_settings
from activeloop.store.tables import Sample
from activeloop.wiring import Services, build
from tests.web.conftest import Caller
from web import create_app

SPEC = {"name": "pets", "kind": "text", "classes": ["cat", "dog"]}
OFFERS = "/api/v1/projects/pets/offers"
LABELS = "/api/v1/projects/pets/labels"
IMPORTS = "/api/v1/projects/pets/imports"


@pytest.fixture
def pool(services: Services, project: dict[str, Any]) -> int:
    """Put ten samples into the project pets."""
    with services.write() as session:
        moment = session.execute(text("SELECT created_at FROM project")).scalar_one()
        session.add_all(
            Sample(
                project_id=project["id"],
                seq=seq,
                digest=f"{seq:064d}",
                payload={"text": f"sample {seq} <b>"},
                stratum="train",
                draw=seq,
                slots=1,
                created_at=datetime.fromisoformat(moment).replace(tzinfo=UTC),
            )
            for seq in range(10)
        )
        session.execute(text("UPDATE tally SET samples = 10"))
    return 10


def framed(content: bytes) -> bytes:
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    return head + content + b"\r\n--edge--\r\n"


def files(services: Services) -> list[Path]:
    return list(services.uploads.glob("*")) if services.uploads.exists() else []


def test_the_least_spec_makes_a_project_with_every_default(engineer: Caller) -> None:
    made: Any = engineer("POST", "/api/v1/projects", json=SPEC).json
    assert made["name"] == "pets"
    assert made["classes"] == ["cat", "dog"]
    assert made["spec"]["audit_share"] == 0.1
    by_id = engineer("GET", f"/api/v1/projects/{made['id']}").json
    assert by_id == engineer("GET", "/api/v1/projects/pets").json
    assert engineer("GET", "/api/v1/projects").json == {"projects": [by_id]}


def test_a_name_that_is_taken_is_a_conflict(engineer: Caller, project: dict[str, Any]) -> None:
    again = engineer("POST", "/api/v1/projects", json=SPEC)
    assert again.status_code == 409
    assert project["name"] in again.json["detail"]  # type: ignore[index]


@pytest.mark.usefixtures("pool")
def test_a_sample_is_offered_answered_and_taken_back(as_: Callable[[str], Caller]) -> None:
    annotator = as_("annotator")
    offered: Any = annotator("POST", OFFERS, json={"count": 3}).json
    assert len(offered["offers"]) == 3
    first = offered["offers"][0]
    assert first["sample"]["payload"]["text"].startswith("sample")
    body = {"offer_id": first["id"], "answer": {"label": "cat"}, "lead_ms": 800, "key": "k1"}
    made = annotator("POST", LABELS, json=body)
    assert made.status_code == 201
    again = annotator("POST", LABELS, json=body)
    assert again.status_code == 201
    assert again.json == {**made.json, "replayed": True}  # type: ignore[dict-item]
    other = annotator("POST", LABELS, json=body | {"answer": {"label": "dog"}})
    assert other.status_code == 409
    label_id = made.json["id"]  # type: ignore[index]
    back: Any = annotator("POST", f"{LABELS}/{label_id}/undo").json
    assert back["offer"]["id"] == first["id"]
    counts = annotator("GET", "/api/v1/projects/pets/status").json["counts"]  # type: ignore[index]
    assert counts["answers"] == 0


@pytest.mark.usefixtures("pool")
def test_offers_given_back_are_free_for_the_next_person(as_: Callable[[str], Caller]) -> None:
    mine: Any = as_("annotator")("POST", OFFERS, json={"count": 10}).json
    ids = [offer["id"] for offer in mine["offers"]]
    assert len(ids) == 10
    nothing: Any = as_("engineer")("POST", OFFERS, json={}).json
    assert nothing["offers"] == []
    assert nothing["waiting_for"]
    given = as_("annotator")("POST", f"{OFFERS}/release", json={"offer_ids": ids})
    assert given.json == {"released": 10}
    now: Any = as_("engineer")("POST", OFFERS, json={"count": 10}).json
    assert len(now["offers"]) == 10


@pytest.mark.parametrize(
    ("answer", "where"),
    [
        ({}, "answer"),
        ({"label": "cat", "skip": True}, "answer"),
        ({"labels": ["cat", "dog"]}, "answer.labels"),
        ({"labels": []}, "answer.labels"),
        ({"label": "horse"}, "answer.label"),
        ({"label": 3}, "answer.label"),
        ({"lable": "cat"}, "answer.lable"),
    ],
)
@pytest.mark.usefixtures("pool")
def test_an_answer_that_will_not_do_names_its_field_and_leaves_no_trace(
    services: Services, as_: Callable[[str], Caller], answer: dict[str, Any], where: str
) -> None:
    annotator = as_("annotator")
    offer_id = annotator("POST", OFFERS, json={}).json["offers"][0]["id"]  # type: ignore[index]
    body = {"offer_id": offer_id, "answer": answer, "key": "k"}
    refused = annotator("POST", LABELS, json=body)
    assert refused.status_code == 422
    assert refused.json["problems"][0]["where"] == where  # type: ignore[index]
    with services.read() as session:
        assert session.execute(text("SELECT count(*) FROM label")).scalar_one() == 0


CSV = b"text,label\none,cat\ntwo,dog\n"


@pytest.mark.usefixtures("project")
def test_a_multipart_upload_and_a_raw_one_come_to_the_same(
    services: Services, engineer: Caller
) -> None:
    form = {"file": (io.BytesIO(CSV), "a.csv", "text/csv"), "map.text": "question"}
    one = engineer("POST", IMPORTS, data={**form, "map.label": "label", "map.text": "text"})
    assert one.status_code == 202, one.text
    raw = engineer(
        "POST",
        f"{IMPORTS}?name=b.csv&map.text=text&map.label=label",
        data=CSV,
        content_type="text/csv",
    )
    assert raw.status_code == 202, raw.text
    with services.read() as session:
        rows = session.execute(text("SELECT name, mapping FROM import ORDER BY id")).all()
    wanted = {"text": "text", "label": "label"}
    assert [(name, json.loads(mapping)) for name, mapping in rows] == [
        ("a.csv", wanted),
        ("b.csv", wanted),
    ]
    assert [path.read_bytes() for path in files(services)] == [CSV, CSV]
    shown: Any = engineer("GET", f"{IMPORTS}/{raw.json['id']}").json  # type: ignore[index]
    assert shown["status"] == "queued"
    assert shown["problems"] == []


@pytest.mark.usefixtures("project")
def test_the_mapping_may_come_as_one_json_field(services: Services, engineer: Caller) -> None:
    form = {"file": (io.BytesIO(b"q\nhello\n"), "a.csv"), "mapping": '{"text": "q"}'}
    assert engineer("POST", IMPORTS, data=form).status_code == 202
    with services.read() as session:
        assert json.loads(session.execute(text("SELECT mapping FROM import")).scalar_one()) == {
            "text": "q"
        }


@pytest.mark.parametrize(
    ("how", "status", "where"),
    [
        ({"data": b"", "content_type": "text/csv"}, 422, "file"),
        ({"data": {"other": "x"}}, 415, "Content-Type"),
        ({"data": {"other": (io.BytesIO(CSV), "a.csv")}}, 422, "file"),
        (
            {"data": b"--x\r\nrubbish", "content_type": "multipart/form-data; boundary=x"},
            400,
            "body",
        ),
        ({"data": b"rubbish", "content_type": "multipart/form-data"}, 400, "body"),
        (
            {"data": {"file": [(io.BytesIO(CSV), "a.csv"), (io.BytesIO(CSV), "b.csv")]}},
            400,
            "file",
        ),
        ({"data": {"file": (io.BytesIO(CSV), "a.csv"), "mapping": "[1]"}}, 422, "mapping"),
        (
            {"data": {"file": (io.BytesIO(CSV), "a.csv"), "mapping": '{"t": "\\u0000"}'}},
            422,
            "map.t",
        ),
        (
            {"data": CSV, "content_type": "text/csv", "query_string": {"name": "a\x00.csv"}},
            422,
            "name",
        ),
    ],
)
@pytest.mark.usefixtures("project")
def test_an_upload_that_will_not_do_leaves_no_file_and_no_row(
    services: Services,
    engineer: Caller,
    how: dict[str, Any],
    status: int,
    where: str,
) -> None:
    refused = engineer("POST", IMPORTS, **how)
    assert refused.status_code == status, refused.text
    assert refused.json["problems"][0]["where"] == where  # type: ignore[index]
    assert files(services) == []
    with services.read() as session:
        assert session.execute(text("SELECT count(*) FROM import")).scalar_one() == 0


@pytest.mark.usefixtures("project")
def test_an_upload_beyond_the_limit_is_refused_and_removed(
    services: Services, tokens: dict[str, str]
) -> None:
    small = read_settings(data=services.settings.data, max_upload_mb=1)
    engineer = Caller(create_app(build(small)).test_client(), tokens["engineer"])
    for how in (
        {"data": b"x" * (1 << 20) + b"x", "content_type": "text/csv"},
        {"data": framed(b"x" * (2 << 20)), "content_type": "multipart/form-data; boundary=edge"},
    ):
        refused = engineer("POST", IMPORTS, **how)
        assert refused.status_code == 413
        assert refused.json["problems"][0]["where"] == "file"  # type: ignore[index]
    assert files(services) == []


def test_an_image_is_served_as_a_picture_and_nothing_else(
    services: Services, engineer: Caller
) -> None:
    spec = SPEC | {"kind": "image"}
    project: Any = engineer("POST", "/api/v1/projects", json=spec).json
    picture = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(picture, "PNG")
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    with services.write() as session:
        for seq, data in enumerate((picture.getvalue(), svg)):
            session.add(
                Sample(
                    project_id=project["id"],
                    seq=seq,
                    digest=str(seq),
                    payload={"image": services.artifacts.put(data)},
                    stratum="train",
                    draw=seq,
                    slots=1,
                    created_at=datetime.now(UTC),
                )
            )
    shown = engineer("GET", "/api/v1/projects/pets/samples/1/image")
    assert shown.status_code == 200
    assert shown.content_type == "image/png"
    assert shown.data == picture.getvalue()
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert "immutable" in shown.headers["Cache-Control"]
    assert engineer("GET", "/api/v1/projects/pets/samples/2/image").status_code == 404
    assert engineer("GET", "/api/v1/projects/pets/samples/3/image").status_code == 404


@pytest.mark.usefixtures("pool")
def test_a_sample_of_another_project_is_not_found(engineer: Caller) -> None:
    other = SPEC | {"name": "other", "kind": "image"}
    assert engineer("POST", "/api/v1/projects", json=other).status_code == 201
    assert engineer("GET", "/api/v1/projects/other/samples/1/image").status_code == 404


@pytest.mark.usefixtures("project")
def test_predicting_without_a_champion_is_a_conflict_and_not_a_breakdown(engineer: Caller) -> None:
    answer = engineer("POST", "/api/v1/projects/pets/predict", json={"samples": ["hello"]})
    assert answer.status_code == 409
    assert "no trained version" in answer.json["detail"]  # type: ignore[index]


@pytest.mark.usefixtures("project")
def test_the_metrics_count_requests_by_route(engineer: Caller) -> None:
    engineer("GET", "/api/v1/projects/pets")
    engineer("GET", "/api/v1/projects/nope")
    told = engineer("GET", "/metrics").text
    line = 'activeloop_requests_total{method="GET",route="/api/v1/projects/<p>",status="%s"} 1.0'
    assert line % 200 in told
    assert line % 404 in told
    assert "activeloop_request_seconds_bucket" in told


def test_an_admin_adds_people_and_they_come_in(
    as_: Callable[[str], Caller], client: FlaskClient
) -> None:
    admin = as_("admin")
    eve = {"name": "Eve", "role": "annotator", "password": "long enough, surely"}
    assert admin("POST", "/api/v1/users", json=eve).status_code == 201
    assert admin("POST", "/api/v1/users", json=eve).status_code == 409
    short = admin("POST", "/api/v1/users", json=eve | {"name": "Bob", "password": "short"})
    assert short.status_code == 422
    assert short.json["problems"][0]["where"] == "password"  # type: ignore[index]
    token = admin("POST", "/api/v1/users/Eve/tokens").json["token"]  # type: ignore[index]
    me: Any = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).json
    assert (me["name"], me["role"]) == ("Eve", "annotator")
    names = [user["name"] for user in admin("GET", "/api/v1/users").json["users"]]  # type: ignore[index]
    assert names == ["Eve", "admin", "annotator", "engineer", "reviewer"]


def test_the_last_admin_cannot_be_locked_out(as_: Callable[[str], Caller]) -> None:
    refused = as_("admin")("POST", "/api/v1/users/admin/disable")
    assert refused.status_code == 409
    assert as_("admin")("GET", "/api/v1/users").status_code == 200
