"""Write the reference of the project spec from the spec itself."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from activeloop.spec import ProjectSpec

HEAD = """\
# Project spec

A project is described in YAML or JSON. `name`, `kind` and `classes` are needed; the rest has defaults.

| field | default | meaning |
|---|---|---|
"""


def page() -> str:
    """Give the page: a row for each field, parts within parts by dots."""
    return HEAD + "\n".join(_rows(ProjectSpec, "")) + "\n"


def _rows(model: type[BaseModel], prefix: str) -> list[str]:
    rows: list[str] = []
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            rows += _rows(kind, f"{prefix}{name}.")
            continue
        default = field.get_default(call_default_factory=True)
        shown = "needed" if default is PydanticUndefined else f"`{default!r}`"
        rows.append(f"| `{prefix}{name}` | {shown} | {field.description} |")
    return rows
