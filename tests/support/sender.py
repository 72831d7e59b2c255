"""A head-end that only empties its outbox, and is killed: `python -m tests.support.sender PORT USER PASSWORD`."""

import os
import signal
import sys
import threading
from datetime import UTC, datetime

from headend.adapters.db import Database
from headend.adapters.mqtt.link import Link
from headend.adapters.mqtt.pump import Pump

BATCHES = 3


class Doomed(Link):
    """Ends as by kill -9 when the broker has the last of BATCHES batches and no mark says so yet."""

    sent = 0

    def send(self, batch, *more):
        """See Link."""
        safe = super().send(batch, *more)
        self.sent += bool(safe)
        if self.sent == BATCHES:
            os.kill(os.getpid(), signal.SIGKILL)
        return safe


def main(port: int, user: str, password: str) -> None:
    """Send until killed."""
    database = Database(os.environ["DATABASE"])
    link = Doomed("127.0.0.1", port, user, password, take=lambda batch: [])
    link.start()
    Pump(database.transaction, link, lambda: datetime.now(UTC), database.leader("outbox")).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
