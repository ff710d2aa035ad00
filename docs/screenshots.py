"""Take the pictures of the README and the docs from the demo: `make screenshots`.

The demo is started over a directory of its own, an oracle labels some digits through the browser,
and its pages are photographed.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, StorageState

from tests.browsing import Visitor, chromium, until
from tests.conftest import BROWSERS
from tests.demonstration import Demo, Oracle

IMAGES = Path(__file__).parent / "images"
LABELS = 125
ROUND = 25
COLOURS = 128
PATIENCE = 600.0
KEYS = {"label-keys": "?", "label-back": "ArrowLeft"}
"""What is pressed on the labelling page before its picture is taken."""
SIZES = {
    "label": 800,
    "label-keys": 800,
    "label-back": 800,
    "loop": 1320,
    "training": 1300,
    "progress": 1000,
    "version": 2100,
    "compare": 1300,
    "sample": 1300,
    "samples": 900,
}
"""The pages, each with the height of its picture."""
PATHS = {
    "loop": "",
    "training": "/training",
    "progress": "/progress",
    "version": "/versions/3",
    "compare": "/compare/1/3",
    "samples": "/samples?state=labelled",
}
DARK = ("label", "loop")
"""Those that the README shows to whoever prefers dark pages."""
DRAWN = {"loop": "#learning-curve", "version": "#calibration"}
"""Plots that must be drawn before a picture is taken."""


def main() -> None:
    """Start the demo, label, photograph, and end it."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise SystemExit("Chromium is missing; `make browser` installs it or says how.")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder))
        demo.start()
        try:
            with chromium(found) as browser:
                label(demo, browser)
                for theme in ("light", "dark"):
                    photograph(demo, browser, theme)
        finally:
            demo.process.stop()


def label(demo: Demo, browser: Browser) -> None:
    """Label digits by keyboard, a round at a time, each until the worker rests."""
    context = browser.new_context()
    visitor = Visitor(demo, context)
    visitor.sign_in(*demo.account)
    visitor.go("/projects/1")
    until(lambda: "not ranked yet" not in text_of(visitor), seconds=PATIENCE, pause=1)
    for labels in range(ROUND, LABELS + 1, ROUND):
        visitor.label(1)
        Oracle(visitor).answer(ROUND)
        arrived = f"{labels} of"  # what is unsent stays on the page, which is about to be left
        until(lambda: arrived in visitor.page.inner_text("[data-total]"), seconds=PATIENCE, pause=1)  # noqa: B023
        visitor.go("/projects/1")
        until(lambda: rested(text_of(visitor)), seconds=PATIENCE, pause=1)
    context.close()


def text_of(visitor: Visitor) -> str:
    """Give what the page says."""
    return visitor.page.inner_text("main")


def rested(text: str) -> bool:
    """Tell whether no run is due and the newest version has ranked the queue."""
    at_rest = "until the next run" in text and "No job is waiting or running" in text
    return at_rest and "ranked by version" in text and "will rank it next" not in text


def signed_in(demo: Demo, browser: Browser) -> StorageState:
    """Sign in and give the session."""
    context = browser.new_context()
    Visitor(demo, context).sign_in(*demo.account)
    session = context.storage_state()
    context.close()
    return session


def photograph(demo: Demo, browser: Browser, theme: str) -> None:
    """Take each page's picture in a theme."""
    session = signed_in(demo, browser)  # once: whoever signs in ten times a minute is refused
    for name in SIZES if theme == "light" else DARK:
        context = browser.new_context(
            viewport={"width": 1280, "height": SIZES[name]},
            color_scheme="dark" if theme == "dark" else "light",
            storage_state=session,
        )
        visitor = Visitor(demo, context)
        visitor.go("/")
        if name.startswith("label"):
            visitor.label(1)
            Oracle(visitor).answer(1)
            if name in KEYS:
                visitor.page.keyboard.press(KEYS[name])
        elif name in PATHS:
            visitor.go(f"/projects/1{PATHS[name]}")
        elif name == "sample":
            visitor.go("/projects/1/samples?state=labelled")
            visitor.page.locator("main a[href*='/samples/']").first.click()
        if name in DRAWN:
            visitor.page.wait_for_selector(f"{DRAWN[name]} path.point", state="attached")
        visitor.page.wait_for_timeout(1500)
        keep(visitor, IMAGES / f"{name}-{theme}.png")
        context.close()


def keep(visitor: Visitor, path: Path) -> None:
    """Write the screenshot with fewer colours: a third of the size, and no eye sees it."""
    visitor.page.screenshot(path=path)
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


if __name__ == "__main__":
    main()
