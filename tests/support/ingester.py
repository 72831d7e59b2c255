"""A head-end that only stores receipts: `python -m tests.support.ingester PORT USER PASSWORD`.

Dies by its own kill -9 after the first commit, before the broker learns of it. Prints how many receipts it stored.
"""

import os
import signal
import sys
import threading

from headend.adapters.db import Database
from headend.adapters.mqtt.link import Link
from headend.ports import Incoming, Outgoing
from tests.support.poles_tell import ingest


def main(port: int, user: str, password: str) -> None:
    """Store one batch and die."""
    database = Database(os.environ["DATABASE"])

    def take(batch: list[Incoming]) -> list[Outgoing]:
        ingest(database, batch)
        print(len(batch), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")

    Link("127.0.0.1", port, user, password, take=take).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
