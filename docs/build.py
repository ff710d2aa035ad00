"""Write the reference pages that are made from the code: `make docs`."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from activeloop.settings import PREFIX, Settings
from docs import build_spec

REFERENCE = Path(__file__).parent / "reference"

SETTINGS_HEAD = """\
# Settings

Every setting is an environment variable, read once when a process starts. Command-line options of
the same name come first.

| variable | default | meaning |
|---|---|---|
"""


def default_of(field: FieldInfo) -> str:
    """Show a default as one would type it."""
    value = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return (
        f"`{str(value).lower() if isinstance(value, bool) else value}`" if value != "" else "none"
    )


def settings_page() -> str:
    """Give the page of settings."""
    rows = (
        f"| `{PREFIX}{name.upper()}` | {default_of(field)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    )
    return SETTINGS_HEAD + "".join(rows)


if __name__ == "__main__":
    (REFERENCE / "settings.md").write_text(settings_page())
    (REFERENCE / "project-spec.md").write_text(build_spec.page())
