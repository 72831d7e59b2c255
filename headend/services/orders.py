"""Lệnh có niêm: the one way in which an order leaves, sealed and with the next number of its stream."""

from datetime import datetime

from headend.domain.times import to_ms
from headend.ports import Db, Outgoing, Ports
from protocol import topics
from protocol.schema import Message


def post(ports: Ports, db: Db, to: str, order: Message, now: datetime, until: datetime) -> None:
    """Into the outbox, in the caller's transaction: one of messages.ORDERS for the stream `to`, valid until then."""
    db.post(Outgoing(topics.topic(to, topics.ORDER), sealed(ports, db, to, order, now, until)))


def sealed(ports: Ports, db: Db, to: str, order: Message, now: datetime, until: datetime) -> bytes:
    """Its envelope, under a number that no other order of this key, stream and type has (SPEC S-3)."""
    seq = db.next_counter(f"{ports.sealer.kid(order.TYPE)} {to} {order.TYPE}")
    return ports.sealer.seal(seq, to_ms(now), to_ms(until), to, order)
