"""What monitoring systems read, and the log lines by which a label is followed."""

from __future__ import annotations

import logging
import math
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from activeloop.wiring import Services
from tests.web.conftest import Caller
from tests.web.test_malicious import bring, jsonl

Read = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def pets(services: Services, engineer: Caller, project: dict[str, Any]) -> None:
    """Give a project with some samples."""
    rows = [{"text": f"sample {n}"} for n in range(8)]
    bring(services, engineer, project["name"], "rows.jsonl", jsonl(rows))


def read(app: Flask, **headers: str) -> Read:
    """Read the metrics as Prometheus does."""
    told = app.test_client().get("/metrics", headers=headers)
    assert told.status_code == 200, told.text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(told.text)
        for sample in family.samples
    }


def value(found: Read, name: str, **labels: str) -> float:
    return found[f"activeloop_{name}", frozenset(labels.items())]


@pytest.mark.usefixtures("pets")
def test_the_state_of_every_project_is_told(app: Flask, engineer: Caller) -> None:
    offers = engineer("POST", "/api/v1/projects/pets/offers", json={"count": 2}).json
    assert offers is not None
    body = {"offer_id": offers["offers"][0]["id"], "answer": {"label": "cat"}, "key": "k"}
    assert engineer("POST", "/api/v1/projects/pets/labels", json=body).status_code == 201
    found = read(app)
    assert value(found, "database_up") == 1
    samples = sum(value(found, "samples", project="pets", stratum=s) for s in ("train", "audit"))
    done = sum(value(found, "labelled", project="pets", stratum=s) for s in ("train", "audit"))
    assert (samples, done) == (float(len_of(engineer)), 1)
    assert value(found, "answers_total", project="pets") == 1
    assert value(found, "open_leases", project="pets") == len(offers["offers"]) - 1
    assert all(math.isfinite(each) for each in found.values())


def len_of(engineer: Caller) -> int:
    told = engineer("GET", "/api/v1/projects/pets/status").json
    assert told is not None
    return int(told["counts"]["samples"])


def test_metrics_are_read_with_the_token_where_one_is_set(
    app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pydantic import SecretStr

    settings = services.settings.model_copy(update={"metrics_token": SecretStr("s3cret")})
    monkeypatch.setitem(app.extensions, "activeloop", replaced(services, settings))
    client = app.test_client()
    assert client.get("/metrics").status_code == 401
    wrong = client.get("/metrics", headers={"Authorization": "Bearer no"})
    assert wrong.status_code == 401
    assert value(read(app, Authorization="Bearer s3cret"), "database_up") == 1


def replaced(services: Services, settings: Any) -> Services:
    from dataclasses import replace

    return replace(services, settings=settings)


@pytest.mark.usefixtures("pets")
def test_a_label_is_followed_from_its_request_and_offer_to_its_number(
    engineer: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="activeloop.trace")
    offers = engineer("POST", "/api/v1/projects/pets/offers", json={"count": 1}).json
    assert offers is not None
    offer = offers["offers"][0]
    body = {"offer_id": offer["id"], "answer": {"label": "cat"}, "key": "k"}
    answer = engineer("POST", "/api/v1/projects/pets/labels", json=body)
    assert answer.json is not None
    lines = [vars(record) for record in caplog.records if record.name == "activeloop.trace"]
    offered = next(line for line in lines if line["msg"] == "offered")
    recorded = next(line for line in lines if line["msg"] == "label recorded")
    assert offered["offer"] == recorded["offer"] == offer["id"]
    assert offered["sample"] == recorded["sample"] == offer["sample"]["id"]
    assert (recorded["label"], recorded["number"]) == (answer.json["id"], answer.json["number"])
    requests = [line for line in lines if line["msg"] == "request"]
    assert requests[-1]["route"] == "/api/v1/projects/<p>/labels"
    assert requests[-1]["status"] == 201


def test_a_request_has_an_id_its_caller_may_choose_within_reason(app: Flask) -> None:
    client = app.test_client()
    kept = client.get("/healthz", headers={"X-Request-ID": "trace-1.a_b"})
    assert kept.headers["X-Request-ID"] == "trace-1.a_b"
    for odd in ("a b", "x" * 65, "\"'<>"):
        made = client.get("/healthz", headers={"X-Request-ID": odd}).headers["X-Request-ID"]
        assert made != odd
        assert len(made) == 16
