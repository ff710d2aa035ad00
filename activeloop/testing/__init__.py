"""For our tests and plug-in authors': conformance checks and oracle annotators."""

from activeloop.testing.broken import Broken
from activeloop.testing.check_recipe import check_recipe
from activeloop.testing.check_strategy import check_strategy
from activeloop.testing.oracle import Oracle

__all__ = ["Broken", "Oracle", "check_recipe", "check_strategy"]
