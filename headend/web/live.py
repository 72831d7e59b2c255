"""Pages that stay in step: one poller a process looks for changes and wakes the pages that show what changed.

Nothing is kept for a page that is away: whoever connects gets the whole live part anew, so a broken line or a restarted
head-end loses nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio.to_thread

from headend.domain.times import to_ms
from headend.ports import Ports

EVERY_SECONDS = 0.4
PING_SECONDS = 15.0
RETRY_MS = 1000

log = logging.getLogger("loa.live")


@dataclass(frozen=True)
class Parts:
    """The live part of a page as HTML, and the things (`Db.touch`) that it was made of."""

    html: str
    things: frozenset[str]


@dataclass(eq=False)
class Watcher:
    """One open page."""

    things: frozenset[str] = frozenset()
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False


class Live:
    """Feeds every watcher of this process; polls only while somebody watches."""

    def __init__(self, ports: Ports, every_seconds: float = EVERY_SECONDS) -> None:
        self._ports = ports
        self._every = every_seconds
        self._watchers: set[Watcher] = set()
        self._poller: asyncio.Task[None] | None = None
        self._revision = 0
        self._made: dict[Hashable, asyncio.Task[Parts]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def close(self) -> None:
        """End all streams, so that the server can stop: browsers connect again by themselves. From any thread."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._end_all)

    def _end_all(self) -> None:
        for watcher in self._watchers:
            watcher.ended = True
            watcher.woken.set()

    async def stream(self, key: Hashable, make: Callable[[], Parts], allowed: Callable[[], bool]) -> AsyncIterator[str]:
        """Server-sent events: `parts` whenever they changed, `now` (Unix ms of the head-end) at least every 15 s.

        Watchers with the same `key` share one `make`; it must not depend on who looks. `allowed` is asked
        each time, so that a page stops when its login ends.
        """
        yield f"retry: {RETRY_MS}\n\n"
        sent = None
        with self._watching() as watcher:
            while not watcher.ended:
                watcher.woken.clear()
                if not await anyio.to_thread.run_sync(allowed):
                    yield _event("gone", "")
                    return
                parts = await self._parts(watcher, key, make)
                yield _event("now", str(to_ms(self._ports.clock.now())))
                if parts.html != sent:
                    sent = parts.html
                    yield _event("parts", sent)
                await _wait(watcher.woken, PING_SECONDS)

    @contextmanager
    def _watching(self) -> Iterator[Watcher]:
        watcher = Watcher()
        self._watchers.add(watcher)
        self._loop = asyncio.get_running_loop()
        if self._poller is None:
            self._poller = asyncio.create_task(self._poll())
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            if not self._watchers and self._poller:
                self._poller.cancel()
                self._poller = None
                self._made.clear()

    async def _parts(self, watcher: Watcher, key: Hashable, make: Callable[[], Parts]) -> Parts:
        while True:
            if key not in self._made:
                self._made[key] = asyncio.create_task(anyio.to_thread.run_sync(make))
            task = self._made[key]
            try:
                parts = await asyncio.shield(task)
            except Exception:
                self._made.pop(key, None)
                raise
            watcher.things = parts.things
            if self._made.get(key) is task:  # else something was touched while it was made
                return parts

    async def _poll(self) -> None:
        while True:
            try:
                touched = await anyio.to_thread.run_sync(self._touched)
            except Exception:  # the database may be away for a moment; pages then simply wait
                log.exception("could not look for changes")
                touched = set()
            if touched:
                self._made.clear()
            for watcher in self._watchers:
                if watcher.things & touched:
                    watcher.woken.set()
            await asyncio.sleep(self._every)

    def _touched(self) -> set[str]:
        with self._ports.db(readonly=True) as db:
            self._revision, things = db.revisions(self._revision)
        return set(things)


async def _wait(woken: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(woken.wait(), seconds)
    except TimeoutError:
        return


def _event(name: str, data: str) -> str:
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {name}\n{lines}\n"
