"""A head-end that only empties its outbox: `python -m tests.support.sender PORT USER PASSWORD`."""

import os
import sys
import threading
from datetime import UTC, datetime

from headend.adapters.db import Database
from headend.adapters.mqtt.link import Link
from headend.adapters.mqtt.pump import Pump


def main(port: int, user: str, password: str) -> None:
    """Send until killed."""
    database = Database(os.environ["DATABASE"])
    link = Link("127.0.0.1", port, user, password, take=lambda batch: [])
    link.start()
    Pump(database.transaction, link, lambda: datetime.now(UTC), database.leader("outbox")).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
