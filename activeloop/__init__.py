"""activeloop: a self-hosted active-learning labelling loop."""

__version__ = "0.1.0"
