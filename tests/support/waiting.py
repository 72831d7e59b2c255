"""Waiting for a condition, with a limit: never for a time to pass."""

import time
from collections.abc import Callable

LIMIT_SECONDS = 30


def wait_until(condition: Callable[[], object], what: str = "the condition", limit: float = LIMIT_SECONDS):
    """Wait until `condition()` is true and give what it gave; AssertionError after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {limit} s for {what}"
        time.sleep(0.02)
    return value
