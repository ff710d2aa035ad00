"""The pool browser in a browser: search, filters, one sample, actions on many, likely errors."""

from __future__ import annotations

import io
import random
import zipfile
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, ViewportSize
from sqlmodel import select

from activeloop.flows import deciding, importing, projects
from activeloop.store import accounts
from activeloop.store.tables import Sample
from tests.browsing import Site, Visitor, until
from tests.e2e.conftest import Make
from tests.e2e.test_label_access import found

WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
HOSTILE = '<img src=x onerror=alert(1)><script>alert(2)</script>"><svg onload=alert(3)>{{7*7}}'
WORDS = {"good": "sunny warm bright lovely", "bad": "cold rainy dark awful"}


def shown(visitor: Visitor) -> list[str]:
    return visitor.page.locator("[data-pool] .text").all_inner_texts()


def ada_id(site: Site) -> int:
    with site.services.read() as session:
        user = accounts.by_name(session, "ada")
    assert user is not None
    return user.id


def seqs(site: Site, project_id: int, *, removed: bool) -> list[int]:
    with site.services.read() as session:
        every = session.exec(select(Sample).where(Sample.project_id == project_id)).all()
    return sorted(each.seq for each in every if (each.removed_at is not None) is removed)


def flag(site: Site, project_id: int, seq: int) -> int:
    with site.services.write() as session:
        wanted = select(Sample).where(Sample.project_id == project_id, Sample.seq == seq)
        sample = session.exec(wanted).one()
        project = projects.find(session, project_id)
        deciding.flag(
            session,
            project,
            ada_id(site),
            sample_id=sample.id,
            note="odd one",
            key=f"flag {project_id} {seq}",
            anywhere=True,
        )
        return sample.id


def test_a_search_marks_its_hits_and_stands_in_the_address(ada: Visitor, make: Make) -> None:
    project = make([{"text": f"床前明月光 number {n}"} for n in range(70)] + [{"text": "another"}])
    ada.go(f"/projects/{project}/samples")
    assert len(shown(ada)) == 50
    ada.page.keyboard.press("/")
    ada.page.keyboard.type("明月光 Number 6")
    ada.page.keyboard.press("Enter")
    ada.page.wait_for_url("**/samples?*")
    assert parse_qs(urlsplit(ada.page.url).query) == {"q": ["明月光 Number 6"]}
    assert shown(ada) == [f"床前明月光 number {n}" for n in (6, *range(60, 70))]
    assert ada.page.locator("[data-pool] mark").all_inner_texts() == ["明月光 number 6"] * 11


def test_pages_follow_each_other_by_keys(ada: Visitor, make: Make) -> None:
    project = make(120)
    ada.go(f"/projects/{project}/samples")
    seen = shown(ada)
    for _ in range(2):
        ada.page.keyboard.press("n")
        ada.page.wait_for_url(f"**after={len(seen) - 1}")
        seen += shown(ada)
    assert seen == [f"sentence number {n}" for n in range(120)]
    ada.page.go_back()
    ada.page.keyboard.press("j")
    ada.page.keyboard.press("j")
    ada.page.keyboard.press("x")
    assert ada.page.locator("[data-tick]:checked").count() == 1
    ada.page.keyboard.press("Enter")
    ada.page.wait_for_selector("[data-looks]")
    assert "sentence number 51" in ada.page.inner_text(".shown")
    ada.page.keyboard.press("j")
    ada.page.wait_for_selector(".shown >> text=sentence number 52")


def test_filters_narrow_together(site: Site, ada: Visitor, make: Make) -> None:
    rows = [{"text": f"a {n}", "label": "good" if n % 2 else "bad"} for n in range(8)]
    project = make([*rows, {"text": "no label"}])
    flag(site, project, 3)
    flag(site, project, 4)
    ada.go(f"/projects/{project}/samples")
    ada.page.click("summary")
    ada.page.select_option("#class", "good")
    ada.page.check("[name=flagged]")
    ada.page.click(".more button[type=submit]")
    ada.page.wait_for_url("**flagged=1*")
    assert shown(ada) == ["a 3"]
    assert set(parse_qs(urlsplit(ada.page.url).query)) == {"class", "flagged"}
    assert ada.page.input_value("#class") == "good", "the form says what is shown"
    ada.page.click("text=Clear all")
    ada.page.wait_for_url("**/samples")
    assert len(shown(ada)) == 9


def test_what_the_preview_shows_is_removed_and_can_be_restored(
    site: Site, ada: Visitor, make: Make
) -> None:
    project = make(60)
    ada.go(f"/projects/{project}/samples?q=number+1")
    ada.page.check("[data-whole]")
    ada.page.click("[data-act=remove]")
    ada.page.wait_for_selector("#preview[open]")
    told = ada.page.inner_text("#preview")
    assert "11 samples of 11 that are chosen would be removed" in told
    assert ada.page.locator("[data-examples] li").all_inner_texts()[0] == "sentence number 1"
    ada.page.click("#preview button[value=no]")
    assert seqs(site, project, removed=True) == []
    ada.page.click("[data-act=remove]")
    ada.page.wait_for_selector("#preview[open]")
    ada.page.click("#preview [data-yes]")
    ada.page.wait_for_selector("text=11 samples are removed")
    assert seqs(site, project, removed=True) == [1, *range(10, 20)]
    ada.go(f"/projects/{project}/samples?removed=1")
    ada.page.locator("[data-tick]").nth(1).check()
    ada.page.click("[data-act=restore]")
    ada.page.wait_for_selector("#preview[open]")
    ada.page.click("#preview [data-yes]")
    ada.page.wait_for_selector("text=1 sample is in the pool again")
    assert seqs(site, project, removed=True) == [1, *range(11, 20)]


def test_a_sample_tells_its_history(site: Site, ada: Visitor, make: Make) -> None:
    project = make([{"text": "the one", "label": "good", "source": "a letter", "id": "A-1"}])
    sample = flag(site, project, 0)
    ada.go(f"/projects/{project}/samples/{sample}")
    ada.page.wait_for_selector("text=There is no version yet")
    told = ada.page.inner_text("#main")
    for said in ("A-1", "the one", "a letter", "rows.jsonl", "imported", "odd one", "flag"):
        assert said in told, said
    ada.page.click("[data-act=review]")
    ada.page.wait_for_selector("[data-reviews] >> text=asked")


def test_an_annotator_cannot_look(site: Site, browser: Browser, make: Make) -> None:
    project = make(3)
    context = browser.new_context()
    ben = Visitor(site, context)
    ben.may_be_refused = True
    ben.sign_in("ben")
    for path in ("samples", "samples/1", "label-errors"):
        ben.go(f"/projects/{project}/{path}")
        assert "needs the role reviewer" in ben.page.inner_text("main")
    context.close()


def test_what_is_hostile_is_shown_as_text(site: Site, ada: Visitor) -> None:
    bare = HOSTILE.replace("/", "")
    row = {"text": HOSTILE, "id": HOSTILE, "label": bare, HOSTILE: HOSTILE, "source": HOSTILE}
    project = site.project([row], name="hostile samples", classes=[bare, "other"])
    sample = flag(site, project, 0)
    ada.go(f"/projects/{project}/samples?q=%3Cscript%3Ealert")
    assert shown(ada) == [HOSTILE]
    assert ada.page.locator("[data-pool] mark").all_inner_texts() == ["<script>alert"]
    ada.page.check("[data-tick]")
    ada.page.click("[data-act=remove]")
    ada.page.wait_for_selector("#preview[open]")
    assert HOSTILE in ada.page.inner_text("[data-examples]")
    inert(ada)
    ada.go(f"/projects/{project}/samples?metadata=source%3D{'%3Cimg src=x onerror=alert(1)%3E'}")
    inert(ada)
    ada.go(f"/projects/{project}/samples/{sample}")
    ada.page.wait_for_selector("text=There is no version yet")
    assert ada.page.inner_text("#main").count("<script>alert(2)") >= 4
    inert(ada)


def inert(visitor: Visitor) -> None:
    foreign = "main script, main iframe, main img, main svg, dialog img, dialog svg, dialog script"
    assert visitor.page.locator(foreign).count() == 0
    assert "{{7*7}}" in visitor.page.content() or "49" not in visitor.page.inner_text("main")


def test_pictures_are_shown_small_and_found_by_the_name_of_their_file(
    site: Site, ada: Visitor
) -> None:
    project = site.project(name="pictures to browse", kind="image", classes=["a", "b"])
    path = site.services.uploads / "pictures.zip"
    site.services.uploads.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for n, colour in enumerate(("red", "green", "blue")):
            held = io.BytesIO()
            Image.new("RGB", (40, 30), colour).save(held, "PNG")
            archive.writestr(f"<b>{colour}_{n}.png", held.getvalue())
    with site.services.write() as session:
        importing.begin(
            site.services,
            session,
            projects.find(session, project),
            name="pictures.zip",
            media_type="application/zip",
            stream_path=path,
            mapping={},
            user_id=None,
        )
    until(lambda: site.status(project)["counts"]["samples"] == 3)
    ada.go(f"/projects/{project}/samples?q=GREEN_")
    assert shown(ada) == ["<b>green_1.png"]
    wide = ada.page.locator("[data-pool] img").first.evaluate(
        "async image => { await image.decode(); return image.naturalWidth; }"
    )
    assert wide == 40


@pytest.fixture(scope="module")
def doubtful(site: Site) -> int:
    """Give a project of 150 labels, a tenth of them wrong."""
    rng = random.Random(1)  # noqa: S311 - no secret
    rows = []
    for n in range(150):
        label = rng.choice(["good", "bad"])
        said = " ".join(rng.sample(WORDS[label].split(), 3))
        wrong = rng.random() < 0.1
        given = ("bad" if label == "good" else "good") if wrong else label
        rows.append({"text": f"{said} {n}{' wrong' if wrong else ''}", "label": given})
    return site.project(rows, name="doubtful", classes=["good", "bad"], retrain={"every": 1000})


def test_likely_errors_are_looked_for_and_sent_to_review(ada: Visitor, doubtful: int) -> None:
    ada.go(f"/projects/{doubtful}/samples")
    ada.page.click("text=Likely label errors")
    ada.page.wait_for_selector("text=Nobody has looked yet")
    ada.page.click("[data-look]")
    ada.page.wait_for_selector("text=training labels are likely wrong")
    first = ada.page.locator(".pool li").first
    assert "more likely" in first.inner_text()
    ada.page.locator("[data-tick]").first.check()
    ada.page.click("[data-send]")
    ada.page.wait_for_selector("text=1 sample was sent to review")
    ada.page.wait_for_selector(".pool li:first-child >> text=in review")
    ada.page.click("[data-top]")
    ada.page.wait_for_selector("text=samples were sent to review")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_and_every_page_fits(
    site: Site, browser: Browser, doubtful: int, theme: Any, size: Any
) -> None:
    context = browser.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce")
    ada = Visitor(site, context)
    ada.come_in(site)
    home = f"/projects/{doubtful}"
    sample = flag(site, doubtful, 0)
    for path in (
        f"{home}/samples?q=warm&flagged=",
        f"{home}/samples/{sample}",
        f"{home}/label-errors",
    ):
        ada.go(path)
        ada.page.wait_for_timeout(150)
        assert found(ada) == [], path
        assert ada.page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
    ada.go(f"{home}/samples?class=good")
    assert found(ada) == []
    ada.page.check("[data-all]")
    ada.page.click("[data-act=review]")
    ada.page.wait_for_selector("#preview[open]")
    assert found(ada) == []
    context.close()
    assert ada.complaints == []
