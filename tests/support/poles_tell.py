"""The parts of a head-end that the line to the broker needs, real but for the sound and the law."""

from collections.abc import Sequence
from types import SimpleNamespace

from headend.adapters.clock import SystemClock
from headend.adapters.db import Database
from headend.ports import Incoming, Outgoing
from headend.services import receipts
from protocol import receipt, topics
from protocol.messages import Receipt
from tests.support.keys import pole_key


def ingest(database: Database, batch: Sequence[Incoming]) -> list[Outgoing]:
    """What the head-end does with a batch from the broker: its own service on this database."""
    ports = SimpleNamespace(db=database.transaction, clock=SystemClock(), pole_key=pole_key)
    return receipts.ingest(ports, batch)


def told(one: Receipt) -> tuple[str, bytes]:
    """Topic and bytes of a receipt as its pole sends it."""
    topic = topics.topic(topics.pole(one.pole), topics.RECEIPT)
    return topic, receipt.pack(pole_key(one.pole), receipt.RECEIPT, one)
