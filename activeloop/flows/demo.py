"""The demo: 1,797 scanned digits as a project, and somebody who may sign in."""

from __future__ import annotations

import io
import os
import secrets
import zipfile
from pathlib import Path

from activeloop.flows import accounts, importing, projects
from activeloop.spec import parse_spec
from activeloop.store import accounts as users
from activeloop.wiring import Services

PROJECT = "digits"
USER = "demo"
SHOWN_SIDE = 8


def seed(services: Services) -> tuple[str, str]:
    """Make the demo project and its user, once; give the user's name and password.

    The password is made at random and kept, readable by the owner only, in the data directory.
    """
    password = _password(services.settings.data / "demo-password")
    with services.read() as session:
        there = any(project.name == PROJECT for project in projects.all_(session))
        known = users.by_name(session, USER) is not None
    if not known:
        with services.write() as session:
            accounts.add_user(session, USER, "admin", password)
    if not there:
        _add_project(services)
    return USER, password


def _password(path: Path) -> str:
    if path.exists():
        return path.read_text().strip()
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(password + "\n")
    return password


def _add_project(services: Services) -> None:
    spec = parse_spec(
        {
            "name": PROJECT,
            "kind": "image",
            "classes": [str(digit) for digit in range(10)],
            "guidelines": "Which digit is it? Press its key. Space skips, U takes back.",
            "retrain": {"every": 20},
            "batch_size": 20,
            # more than by default, so that the gate decides within the first hundred labels
            "audit_share": 0.2,
        }
    )
    services.uploads.mkdir(parents=True, exist_ok=True)
    path = services.uploads / f"digits-{secrets.token_hex(4)}.zip"
    write_digits(path)
    with services.write() as session:
        project = projects.create(session, spec)
        importing.begin(
            services,
            session,
            project,
            name="digits.zip",
            media_type="application/zip",
            stream_path=path,
            mapping={},
            user_id=None,
        )


def write_digits(path: Path, *, folders: bool = False) -> list[int]:
    """Write scikit-learn's digits as a zip of PNG files, and give their true labels.

    Args:
        path: the zip file to write.
        folders: whether each file goes into a folder named by its label.

    Source:
        Alpaydin & Kaynak, Optical Recognition of Handwritten Digits, UCI (1998); CC BY 4.0.
    """
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    labels = [int(label) for label in digits.target]
    with zipfile.ZipFile(path, "w") as archive:
        for number, (image, label) in enumerate(zip(digits.images, labels, strict=True)):
            pixels = (255 - image * (255 / 16)).astype(np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "PNG")
            folder = f"{label}/" if folders else ""
            archive.writestr(f"{folder}digit-{number:04d}.png", buffer.getvalue())
    return labels
