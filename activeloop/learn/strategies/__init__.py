"""Query strategies: pure functions from what may be seen to how much each candidate is worth."""

from activeloop.learn.strategies import disagreement, typicality, uncertainty, uniform, whole
from activeloop.learn.strategies.registry import Choose, ChooseWhole, Strategy, get, names, strategy

__all__ = [
    "Choose",
    "ChooseWhole",
    "Strategy",
    "disagreement",
    "get",
    "names",
    "strategy",
    "typicality",
    "uncertainty",
    "uniform",
    "whole",
]
