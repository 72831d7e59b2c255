"""What came from the broker is stored in batches, and acknowledged to the broker only after that."""

import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headend.ports import Incoming, Outgoing, Unavailable

MOST_AT_ONCE = 500
LINGER_SECONDS = 0.05  # a batch waits this long for more
MOST_WAITING = 20_000  # messages in memory; the broker keeps the rest
TRIES = 3  # of a message that fails alone, before it is given up
SHORTEST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0

log = logging.getLogger("loa.mqtt")

Take = Callable[[list[Incoming]], list[Outgoing]]


@dataclass(frozen=True)
class Delivered:
    """A message, and how to tell the broker that it is safe with us."""

    incoming: Incoming
    acknowledge: Callable[[], object]


class _Ended(Exception):
    """We were told to stop before the batch could be stored."""


class Intake:
    """One queue, and one thread that hands batches to `take` and then sends what that answers by `publish`.

    While `take` raises Unavailable, the batch is offered again and again. Any other exception is blamed on a
    message: the batch is halved until the culprit is alone, which after TRIES is logged, acknowledged, forgotten.
    """

    def __init__(self, take: Take, publish: Callable[[Outgoing], object]) -> None:
        self._take = take
        self._publish = publish
        self._queue: queue.Queue[Delivered] = queue.Queue(MOST_WAITING)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt intake", daemon=True)
        self.stored = 0
        self.given_up = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Finish the batch at hand. What still waits was not acknowledged, so it comes again."""
        self._end.set()
        self._thread.join(seconds)

    @property
    def waiting(self) -> int:
        """Messages in the queue."""
        return self._queue.qsize()

    def put(self, delivered: Delivered) -> None:
        """Called from the network's thread; blocks while the queue is full, which holds the broker back."""
        while not self._end.is_set():
            try:
                return self._queue.put(delivered, timeout=0.2)
            except queue.Full:
                continue

    def _run(self) -> None:
        while not self._end.is_set():
            batch = self._batch()
            if batch:
                self._store(batch)

    def _batch(self) -> list[Delivered]:
        try:
            batch = [self._queue.get(timeout=0.2)]
        except queue.Empty:
            return []
        deadline = time.monotonic() + LINGER_SECONDS
        while len(batch) < MOST_AT_ONCE:
            try:
                batch.append(self._queue.get(timeout=max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                break
        return batch

    def _store(self, batch: Sequence[Delivered]) -> None:
        try:
            answers = self._offer(batch)
        except _Ended:
            return
        except Exception as why:  # whatever it is, one message must not keep the others out
            if len(batch) > 1:
                middle = len(batch) // 2
                self._store(batch[:middle])
                self._store(batch[middle:])
            else:
                self._give_up(batch[0], why)
            return
        self.stored += len(batch)
        for outgoing in answers:
            self._publish(outgoing)
        for one in batch:
            one.acknowledge()

    def _offer(self, batch: Sequence[Delivered]) -> list[Outgoing]:
        """What `take` answers, once it has stored the batch."""
        pause, tries = SHORTEST_PAUSE_SECONDS, 0
        while True:
            try:
                return self._take([one.incoming for one in batch])
            except Unavailable as why:
                log.warning("%d messages wait: %s", len(batch), why)
            except Exception:
                tries += 1
                if len(batch) > 1 or tries == TRIES:
                    raise
            if self._end.wait(pause * random.uniform(0.5, 1)):
                raise _Ended
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _give_up(self, one: Delivered, why: Exception) -> None:
        self.given_up += 1
        size, topic = len(one.incoming.payload), one.incoming.topic
        log.error("gave up %d bytes on %s: %s: %s", size, topic, type(why).__name__, why)
        one.acknowledge()
