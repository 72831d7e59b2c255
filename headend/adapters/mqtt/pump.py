"""The outbox leaves: read what is unsent, send it in order, mark what the broker confirmed."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from headend.adapters.mqtt.link import Link
from headend.ports import Leader, Transactions, Unavailable

AT_ONCE = 100
LOOK_SECONDS = 0.5

log = logging.getLogger("loa.mqtt")


class Pump:
    """A thread that sends what is in the outbox, woken by `wake` and by itself each LOOK_SECONDS.

    At least once: what has no confirmation when the line breaks or the process dies is sent again, and poles
    drop what they know. After each new connection the broker is also given again what it should retain: a killed
    one has forgotten its last seconds, a new one knows nothing.

    Of several head-ends on one database the one that leads sends; it resigns while its line is down.
    """

    def __init__(self, db: Transactions, link: Link, now: Callable[[], datetime], leader: Leader) -> None:
        self._db = db
        self._link = link
        self._now = now
        self._leader = leader
        self._remembered = 0  # number of the connection whose broker was given what it should retain
        self._awake = threading.Event()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt pump", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Something is in the outbox."""
        self._awake.set()

    def stop(self) -> None:
        """End within some seconds; what is not confirmed by then stays in the outbox."""
        self._end.set()
        self._awake.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._end.is_set():
            self._awake.wait(LOOK_SECONDS)
            self._awake.clear()
            try:
                while not self._end.is_set() and self._round():
                    pass
            except Unavailable as why:
                log.warning("the outbox waits: %s", why)
            except Exception:  # the pump must outlive any single fault: the next round tries again
                log.exception("the outbox failed")
        self._leader.resign()

    def _round(self) -> bool:
        """Send some; True if there may be more to send at once."""
        if not self._link.connected:
            self._leader.resign()
            return False
        if not self._leader.leads():
            return False
        if self._link.connections != self._remembered:
            connection = self._link.connections
            with self._db() as db:
                db.resend_retained()
            self._remembered = connection
        with self._db(readonly=True) as db:
            batch = db.unsent(AT_ONCE)
        sent = self._link.send(batch, self._end.is_set)
        if sent:
            with self._db() as db:
                db.mark_sent(sent, self._now())
        return len(batch) == AT_ONCE == len(sent)
