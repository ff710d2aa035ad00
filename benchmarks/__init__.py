"""Measurements against yardsticks, side by side in one run."""
