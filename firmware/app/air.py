"""The loudspeaker is one, and several want it: sessions, the alarm key, the silent test."""

import asyncio


class Air:
    """`async with air:` has the loudspeaker. Whoever has it and can wait looks whether it is `wanted`, and yields."""

    def __init__(self):
        self.wanted = 0  # how many wait for it
        self._lock = asyncio.Lock()

    async def __aenter__(self):
        self.wanted += 1
        try:
            await self._lock.acquire()
        finally:
            self.wanted -= 1

    async def __aexit__(self, *_):
        self._lock.release()

    @property
    def taken(self):
        """True while somebody has it."""
        return self._lock.locked()
