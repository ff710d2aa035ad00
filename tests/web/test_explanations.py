"""Explanations over HTTP and on the sample's page: who sees them, and that texts stay texts."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from html import escape, unescape
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlmodel import col, select

from activeloop.flows import projects, simulating, training
from activeloop.store.tables import Sample
from activeloop.wiring import Services
from tests.web.conftest import Caller
from tests.web.test_malicious import IMAGE, SCRIPT, Seen, bring, jsonl, told
from tests.web.test_pages import PASSWORD, send
from web.pages.explanations import STEPS, tint

CLASSES = [IMAGE, "dog"]
PARTS = ("why", "asked", "overall")


def rows(count: int) -> list[dict[str, Any]]:
    """Write texts, half of them an attack, which is what tells their label."""
    texts = ("the quiet dog sleeps", f"{SCRIPT} {IMAGE}")
    return [
        {"text": f"{texts[n % 2]} {n}", "label": CLASSES[1 - n % 2], IMAGE: SCRIPT}
        for n in range(count)
    ]


def learn(services: Services, name: str) -> None:
    with services.write() as session:
        held = projects.find(session, name)
        training.ask(session, held, mode="full", because="a test", user_id=None)
        project_id = held.id
    simulating.drain(services, project_id)


@pytest.fixture
def pets(services: Services, engineer: Caller) -> list[int]:
    """Give the ids of the samples of a project with one version, in which all words are attacks."""
    spec = {"name": "pets", "kind": "text", "classes": CLASSES, "retrain": {"every": 1000}}
    told(engineer("POST", "/api/v1/projects", json=spec), 201)
    bring(services, engineer, "pets", "pets.jsonl", jsonl(rows(40)))
    learn(services, "pets")
    with services.read() as session:
        return list(session.exec(select(Sample.id).order_by(col(Sample.seq))))


def part(app: Flask, address: str) -> str:
    client = app.test_client()
    send(client, "/sign-in", {"name": "reviewer", "password": PASSWORD})
    page = client.get(address)
    assert page.status_code == 200, page.text
    return page.text


def test_reviewers_are_told_and_what_is_given_adds_up(
    as_: Callable[[str], Caller], pets: list[int]
) -> None:
    home = f"/api/v1/projects/pets/samples/{pets[1]}/explanation"
    for address in (home, "/api/v1/projects/pets/versions/1/explanation"):
        assert as_("annotator")("GET", address).status_code == 403
    reviewer = as_("reviewer")
    found = told(reviewer("GET", home))
    assert (found["version"]["number"], found["class"]["name"]) == (1, IMAGE)
    given = [each["given"] for each in (*found["pieces"], *found["apart"])]
    assert found["base"] + sum(given) == pytest.approx(found["score"], abs=1e-9)
    assert found["asked"]["waits"].startswith("It was not asked yet")
    other = told(reviewer("GET", f"{home}?class=dog&version=1"))
    assert other["class"]["name"] == "dog"
    assert other["score"] == pytest.approx(-found["score"], abs=1e-6)
    assert reviewer("GET", f"{home}?class=cow").status_code == 422
    assert reviewer("GET", f"{home}?version=2").status_code == 404
    assert reviewer("GET", "/api/v1/projects/pets/versions/2/explanation").status_code == 404
    gone = f"/api/v1/projects/pets/samples/{pets[-1] + 1}/explanation"
    assert reviewer("GET", gone).status_code == 404
    looked = told(reviewer("GET", "/api/v1/projects/pets/versions/1/explanation"))
    assert {"script", "alert"} & {each["name"] for each in looked["classes"][0]["towards"]}


def test_hostile_words_are_tinted_and_shown_as_text(
    app: Flask, services: Services, pets: list[int]
) -> None:
    with services.read() as session:
        project_id = projects.find(session, "pets").id
    home = f"/projects/{project_id}/samples/{pets[1]}"
    shown = {name: part(app, f"{home}?part={name}&version=1") for name in PARTS}
    assert {name: Seen(page).running for name, page in shown.items()} == {
        name: [] for name in PARTS
    }
    tinted = re.search(r'<p class="text tinted"[^>]*>(.*?)</p>', shown["why"], re.DOTALL)
    assert tinted
    assert unescape(re.sub(r"<[^>]*>", "", tinted[1])) == rows(2)[1]["text"]
    assert '<span class="for-' in tinted[1]
    assert f"{escape(IMAGE)}, " in shown["why"], "the class is a choice"
    assert "script" in Seen(shown["overall"]).words


def test_a_picture_has_a_grid_over_it_and_no_style_of_its_own(
    app: Flask, services: Services, engineer: Caller
) -> None:
    spec = {"name": "eyes", "kind": "image", "classes": ["left", "right"]}
    told(engineer("POST", "/api/v1/projects", json=spec), 201)
    pictures = io.BytesIO()
    with zipfile.ZipFile(pictures, "w") as archive:
        for n in range(24):
            picture = Image.new("RGB", (48, 48), (5 * n, 90, 90))
            picture.paste((250, 250, 250), (0, 0, 16, 16) if n % 2 else (32, 32, 48, 48))
            file = io.BytesIO()
            picture.save(file, "png")
            archive.writestr(f"{('right', 'left')[n % 2]}/{n}.png", file.getvalue())
    assert bring(services, engineer, "eyes", "eyes.zip", pictures.getvalue())["added"] == 24
    with services.read() as session:
        project_id = projects.find(session, "eyes").id
        ids = list(session.exec(select(Sample.id).where(Sample.project_id == project_id)))
    without = part(app, f"/projects/{project_id}/samples/{ids[0]}?part=why")
    assert "There is no version yet; label some more." in without
    learn(services, "eyes")
    page = part(app, f"/projects/{project_id}/samples/{ids[0]}?part=why")
    assert Seen(page).running == []
    assert len(re.findall(r'<rect class="(?:for|against)-[1-5]" x="\d" y="\d"', page)) > 4
    assert f'/samples/{ids[0]}/image"' in page


@pytest.mark.parametrize(("given", "most"), [(2.0, 2.0), (-2.0, 2.0), (0.19, 2.0), (0.0, 0.0)])
def test_tints_are_of_eleven_steps(given: float, most: float) -> None:
    found = tint(given, most)
    sides = [f"{side}-{step}" for side in ("for", "against") for step in range(1, STEPS + 1)]
    assert found in ["", *sides]
    assert bool(found) is (abs(given) > 0.1 * most)
