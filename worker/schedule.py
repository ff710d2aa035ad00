"""What Beat sends. Workers step the clock by themselves too; this one only makes it surer."""

from __future__ import annotations

TICK_SECONDS = 5.0

SCHEDULE = {
    "tick": {"task": "activeloop.tick", "schedule": TICK_SECONDS, "options": {"expires": 10}},
}
