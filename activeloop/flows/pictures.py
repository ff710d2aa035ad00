"""Hand out the images of samples, as the four kinds that browsers show and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from activeloop.errors import NotFound
from activeloop.store import pictures
from activeloop.store.tables import Project

if TYPE_CHECKING:
    from activeloop.store.db import Session
    from activeloop.wiring import Services


def find(session: Session, project: Project, sample_id: int) -> str:
    """Give the artifact key of a sample's image.

    Raises:
        NotFound: when the project has no such sample, or it is no image.
    """
    payload = pictures.payload(session, project.id, sample_id) or {}
    key = payload.get("image") if project.kind == "image" else None
    if not isinstance(key, str):
        raise NotFound(f"Project {project.name!r} has no image {sample_id}.")
    return key


def read(services: Services, key: str) -> tuple[bytes, str]:
    """Give an image's bytes and media type, told by its first bytes.

    Raises:
        NotFound: when it is of a kind that browsers must not be given, such as SVG.
    """
    data = services.artifacts.path(key).read_bytes()
    media_type = kind_of(data)
    if media_type is None:
        raise NotFound("The stored file is not a PNG, JPEG, GIF or WebP image.")
    return data, media_type


def kind_of(data: bytes) -> str | None:
    """Tell an image's media type from its first bytes; None for all that is not one of four."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None
