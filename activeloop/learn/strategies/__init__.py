"""Query strategies: pure functions from what may be seen to how much each candidate is worth."""

from activeloop.learn.strategies import (
    contrast,
    covering,
    density,
    disagreement,
    information,
    reduction,
    several,
    typicality,
    uncertainty,
    uniform,
    whole,
)
from activeloop.learn.strategies.registry import (
    Choose,
    ChooseWhole,
    Strategy,
    get,
    meant_for,
    names,
    strategy,
)

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
    "meant_for",
    "names",
    "reduction",
    "several",
    "strategy",
    "typicality",
    "uncertainty",
    "uniform",
    "whole",
]
