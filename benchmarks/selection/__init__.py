"""Time and memory of scoring a pool and picking a batch, beside peers and bare NumPy."""

from benchmarks.selection.command import main

__all__ = ["main"]
