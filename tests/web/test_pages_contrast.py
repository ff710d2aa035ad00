"""The colours of both themes reach the contrast that WCAG 2.2 AA asks for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "web" / "static" / "css" / "tokens.css"
GROUNDS = ("paper", "surface", "sunken")
WORDS = [
    *[(ink, ground) for ink in ("ink", "ink-soft", "bad", "warn") for ground in GROUNDS],
    *[("accent", ground) for ground in GROUNDS],
    *[(tone, f"{tone}-wash") for tone in ("good", "warn", "bad")],
    ("accent-strong", "accent-wash"),
    ("ink", "accent-wash"),
    ("ink-soft", "accent-wash"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
]
EDGES = [("line-strong", ground) for ground in GROUNDS] + [("accent", ground) for ground in GROUNDS]


def themes() -> list[dict[str, str]]:
    blocks = re.findall(r"\{([^{}]+)\}", TOKENS.read_text(encoding="utf-8"))
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in blocks]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_system_s_dark_theme_is_the_chosen_one() -> None:
    light, chosen, system = themes()
    assert chosen == system
    assert set(chosen) == set(light)


@pytest.mark.parametrize(("ink", "ground"), WORDS)
def test_words_stand_out_from_their_ground(ink: str, ground: str) -> None:
    for theme in themes():
        assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)


@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_edges_of_controls_stand_out_from_their_ground(edge: str, ground: str) -> None:
    for theme in themes():
        assert contrast(theme[edge], theme[ground]) >= 3, (edge, ground)
