"""What a conformance check raises."""

from __future__ import annotations


class Broken(AssertionError):
    """A strategy or a recipe breaks one of the laws."""
