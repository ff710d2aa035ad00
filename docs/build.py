"""Write the reference pages that are made from the code: `make docs`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from activeloop.settings import PREFIX, Settings
from activeloop.spec import ProjectSpec

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


SPEC_HEAD = """\
# Project spec

A project is described in YAML or JSON. `name`, `kind` and `classes` are needed; the rest has
defaults.

| field | default | meaning |
|---|---|---|
"""


def spec_page() -> str:
    """Give the page: a row for each field, parts within parts by dots."""
    return SPEC_HEAD + "\n".join(spec_rows(ProjectSpec, "")) + "\n"


def spec_rows(model: type[BaseModel], prefix: str) -> list[str]:
    """Give a row for each field, parts within parts by dots."""
    rows: list[str] = []
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            rows += spec_rows(kind, f"{prefix}{name}.")
            continue
        default = field.get_default(call_default_factory=True)
        shown = "needed" if default is PydanticUndefined else f"`{default!r}`"
        rows.append(f"| `{prefix}{name}` | {shown} | {field.description} |")
    return rows


if __name__ == "__main__":
    (REFERENCE / "settings.md").write_text(settings_page())
    (REFERENCE / "project-spec.md").write_text(spec_page())
