"""Explanation: what each word, region or column added to the linear score of a class."""

from __future__ import annotations

from activeloop.learn.explain.linear import Linear, Parts, linear_of, why_not
from activeloop.learn.explain.places import Line, Placed, place

__all__ = ["Line", "Linear", "Parts", "Placed", "linear_of", "place", "why_not"]
