"""The wall clock, with a constant shift for demonstrations."""

import time
from datetime import datetime, timedelta

from headend.domain.times import from_ms


class SystemClock:
    """Implements ports.Clock. `offset_ms` is 0 but in a demo, which plays on a working day whenever it is started."""

    def __init__(self, offset_ms: int = 0) -> None:
        self.offset_ms = offset_ms

    def now(self) -> datetime:
        return from_ms(0) + timedelta(microseconds=self.now_us())

    def now_us(self) -> int:
        """Unix µs."""
        return time.time_ns() // 1000 + self.offset_ms * 1000
