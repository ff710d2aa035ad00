"""For our tests and plug-in authors': conformance checks and oracle annotators."""

from activeloop.testing.check_strategy import Broken, check_strategy
from activeloop.testing.oracle import Oracle

__all__ = ["Broken", "Oracle", "check_strategy"]
