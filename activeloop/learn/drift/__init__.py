"""Drift: whether what comes in differs from what a version learned on, and by how much."""
