"""Thirty-two annotators who vanish, send twice, go slow and reorder: promises and speed."""

from benchmarks.load.command import main

__all__ = ["main"]
