"""One image file: let in after really decoding it, or refused with the reason."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageFile

from activeloop.errors import Invalid
from activeloop.formats.rows import Limits

KEPT = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
REWRITTEN = ("BMP", "TIFF")
PLAIN_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
ALLOWED = "PNG, JPEG, GIF, WebP, BMP and TIFF"
# what Pillow's decoders are known to raise on broken input
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RuntimeError,
    MemoryError,
    AssertionError,
    EOFError,
    struct.error,
    zlib.error,
    Warning,
)


@dataclass(frozen=True, slots=True)
class Admitted:
    """An image that decodes.

    Attributes:
        blob: the file to keep: as it came, or as PNG when browsers cannot show it.
        media_type: of the blob.
        width: in pixels.
        height: in pixels.
        digest: SHA-256 (hex) of the file as it came.
    """

    blob: bytes
    media_type: str
    width: int
    height: int
    digest: str

    def payload(self, name: str) -> dict[str, Any]:
        """Give the sample's payload; `image` is the SHA-256 of the blob."""
        return {
            "image": hashlib.sha256(self.blob).hexdigest(),
            "width": self.width,
            "height": self.height,
            "name": name,
        }


def image_type(head: bytes) -> str:
    """Tell an image's format by its first bytes; empty when it is none that is allowed.

    Returns:
        PNG, JPEG, GIF, WEBP, BMP, TIFF or "".
    """
    if head.startswith(b"RIFF"):
        return "WEBP" if head[8:12] == b"WEBP" else ""
    magics = {
        "PNG": b"\x89PNG\r\n\x1a\n",
        "JPEG": b"\xff\xd8\xff",
        "GIF": b"GIF8",
        "BMP": b"BM",
        "TIFF": b"II*\x00",
    }
    found = next((name for name, magic in magics.items() if head.startswith(magic)), "")
    return found or ("TIFF" if head.startswith(b"MM\x00*") else "")


def media_type(blob: bytes) -> str:
    """Give the media type under which a kept image may be served; empty when none is known."""
    return KEPT.get(image_type(blob[:16]), "")


def admit(encoded: bytes, limits: Limits) -> Admitted:
    """Check one image file by decoding it.

    Raises:
        Invalid: when it is no image, of a type not allowed, too large, cut off or broken.
    """
    kind = image_type(encoded[:16])
    if not kind:
        raise _not_an_image(encoded[:1024])
    try:
        with Image.open(io.BytesIO(encoded), formats=(kind,)) as image:
            _check_size(image, limits)
            image.load()
            blob = encoded if kind in KEPT else _as_png(image)
            width, height = image.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _bomb(f"more than {Image.MAX_IMAGE_PIXELS}", limits) from None
    except BROKEN as error:
        raise Invalid.field(
            "image",
            f"The {kind} image is cut off or broken ({str(error)[:100]}).",
            "Export or download it again.",
        ) from error
    digest = hashlib.sha256(encoded).hexdigest()
    return Admitted(blob, KEPT.get(kind, KEPT["PNG"]), width, height, digest)


def _check_size(image: ImageFile.ImageFile, limits: Limits) -> None:
    width, height = image.size
    if width * height > limits.max_image_pixels:
        raise _bomb(f"{width} x {height}", limits)


def _bomb(found: str, limits: Limits) -> Invalid:
    return Invalid.field(
        "image",
        f"The image would unpack to {found} pixels.",
        f"At most {limits.max_image_pixels} are allowed; make it smaller, or raise "
        "ACTIVELOOP_MAX_IMAGE_PIXELS.",
    )


def _as_png(image: Image.Image) -> bytes:
    plain = image if image.mode in PLAIN_MODES else image.convert("RGB")
    written = io.BytesIO()
    plain.save(written, "PNG")
    return written.getvalue()


def _not_an_image(head: bytes) -> Invalid:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start or start.startswith((b"<?xml", b"<!doctype svg")):
        return Invalid.field(
            "image",
            "SVG is refused: it is a program for the browser, not a picture of pixels.",
            "Convert it to PNG.",
        )
    if head.startswith((b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")):
        return Invalid.field(
            "image", "The file is an archive within the archive.", "Unpack it and import that."
        )
    if not head:
        return Invalid.field("image", "The file is empty.", "Export or download it again.")
    return Invalid.field(
        "image", "The file is not an image of a type that is read.", f"Allowed are {ALLOWED}."
    )
