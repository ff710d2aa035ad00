"""A bad version that somebody let through is undone in one action, by each door."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from playwright.sync_api import expect
from sklearn.datasets import load_digits

from activeloop.cli import main
from activeloop.flows import projects, versions
from tests.browsing import Site, Visitor, until
from tests.flows.test_bad_challengers import shuffled


@pytest.fixture
def spoilt(site: Site, monkeypatch: pytest.MonkeyPatch) -> int:
    """Give a project whose second version learned shuffled labels, and was refused."""
    from activeloop.flows import training

    digits = load_digits()
    rows = [
        {"vector": pixels.tolist(), "label": str(label)}
        for pixels, label in zip(digits.data[:600], digits.target, strict=False)
    ]
    project_id = site.project(
        rows,
        name="digits",
        kind="vectors",
        classes=[str(digit) for digit in range(10)],
        audit_share=0.5,
        retrain={"every": 100},
    )
    until(lambda: runs_done(site, project_id) == 1)
    with shuffled(monkeypatch):
        with site.services.write() as session:
            project = projects.find(session, project_id)
            training.ask(session, project, mode="full", because="asked for", user_id=None)
        until(lambda: runs_done(site, project_id) == 2)
    return project_id


def runs_done(site: Site, project_id: int) -> int:
    return sum(run["status"] == "done" for run in site.status(project_id)["runs"])


def force(site: Site, project_id: int) -> None:
    """Make the bad version the champion, as a person may."""
    with site.services.write() as session:
        versions.promote(session, projects.find(session, project_id), 2, user_id=None)
    assert champion(site, project_id) == 2


def champion(site: Site, project_id: int) -> int:
    return int(site.status(project_id)["champion"]["number"])


def test_each_door_brings_the_champion_back(site: Site, ada: Visitor, spoilt: int) -> None:
    run = site.status(spoilt)["runs"][0]
    assert run["verdict"] == "reject"
    assert "it is worse" in run["verdict_because"]
    assert champion(site, spoilt) == 1

    force(site, spoilt)
    asked = ["rollback", "digits", "--data", str(site.services.settings.data)]
    said = CliRunner().invoke(main, asked, catch_exceptions=False)
    assert (said.exit_code, said.output) == (0, "Version 1 is the champion.\n")
    assert champion(site, spoilt) == 1

    force(site, spoilt)
    ada.go(f"/projects/{spoilt}/versions")
    token = ada.page.locator('meta[name="csrf-token"]').get_attribute("content") or ""
    answer = ada.page.request.post(
        f"{site.url}/api/v1/projects/{spoilt}/rollback", data={}, headers={"X-CSRF-Token": token}
    )
    assert answer.ok, answer.text()
    assert champion(site, spoilt) == 1

    force(site, spoilt)
    ada.go(f"/projects/{spoilt}/versions")
    ada.page.click("text=Roll back to version 1")
    ada.page.click("[data-confirm-yes]")
    expect(ada.page.locator("tbody tr", has_text="champion").locator("strong")).to_have_text("1")
    assert champion(site, spoilt) == 1
