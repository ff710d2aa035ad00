"""Query strategies: pure functions from what may be seen to how much each candidate is worth."""

from activeloop.learn.strategies import (
    contrast,
    covering,
    density,
    disagreement,
    information,
    reduction,
    typicality,
    uncertainty,
    uniform,
    whole,
)
from activeloop.learn.strategies.registry import Choose, ChooseWhole, Strategy, get, names, strategy

__all__ = [
    "Choose",
    "ChooseWhole",
    "Strategy",
    "contrast",
    "covering",
    "density",
    "disagreement",
    "get",
    "information",
    "names",
    "reduction",
    "strategy",
    "typicality",
    "uncertainty",
    "uniform",
    "whole",
]
