"""How many labels each way of picking needs, beside modAL, scikit-activeml and chance."""

from benchmarks.savings.command import main

__all__ = ["main"]
