"""Figures as functions of (B, n) weights of the rows, so that one pass measures B resamples."""
