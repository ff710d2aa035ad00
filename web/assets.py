"""Front-end files of others, served from the Python packages that carry them."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from flask import Flask, Response, send_file

from activeloop.errors import NotFound
from web.auth import public

FOREVER = "public, max-age=31536000, immutable"
BUNDLES = {"plotly": "package_data/plotly.min.js"}


@cache
def vendor_url(package: str) -> str:
    """Give the address of a package's bundle; it carries the version, so it may be kept forever."""
    return f"/static/vendor/{package}-{version(package)}.min.js"


@public
def vendored(name: str) -> Response:
    """Send a package's browser bundle."""
    package = next((each for each in BUNDLES if vendor_url(each).endswith(f"/{name}")), None)
    path = _bundle(package) if package else None
    if path is None or not path.is_file():
        raise NotFound(f"There is no bundle {name!r}.")
    answer = send_file(path, mimetype="text/javascript", conditional=True)
    answer.headers["Cache-Control"] = FOREVER
    return answer


def _bundle(package: str) -> Path | None:
    found = find_spec(package)  # finds the files without running the package
    folder = (
        found.submodule_search_locations[0] if found and found.submodule_search_locations else None
    )
    return Path(folder) / BUNDLES[package] if folder else None


def install(app: Flask) -> None:
    """Serve the bundles and tell templates where they are."""
    app.add_url_rule("/static/vendor/<name>", "vendored", vendored)
    app.jinja_env.globals["vendor_url"] = vendor_url
