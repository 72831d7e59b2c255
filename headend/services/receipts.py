"""What poles tell comes in once, in one transaction per batch, and is acknowledged only after it is stored."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from headend.domain.delivery import apply
from headend.domain.times import to_ms
from headend.ports import Db, Incoming, Outgoing, Ports
from protocol import messages, receipt, topics
from protocol.schema import WireError

log = logging.getLogger("loa.receipts")

FUTURE = timedelta(hours=1)  # a state "from" later than this is a pole with a broken clock, not news


def ingest(ports: Ports, batch: Sequence[Incoming]) -> list[Outgoing]:
    """Store receipts and states of many poles; returns the acks to send after the commit.

    Messages whose code is wrong are dropped and counted in the log: a broker can not speak for a pole.
    """
    parsed = [one for one in (_read(ports, incoming) for incoming in batch) if one]
    touched: dict[str, None] = {}
    with ports.db() as db:
        for message in parsed:
            if isinstance(message, messages.Receipt):
                _store(ports, db, message)
                touched[message.pole] = None
            else:
                _store_state(ports, db, message)
        acks = {pole: db.receipts_upto(pole) for pole in touched}
    return [_ack(ports, pole, upto) for pole, upto in acks.items()]


def _read(ports: Ports, incoming: Incoming) -> messages.Receipt | messages.State | None:
    try:
        stream, leaf = topics.parse(incoming.topic)
        pole = stream.removeprefix("p/")
        kind, purpose = {topics.RECEIPT: (messages.Receipt, receipt.RECEIPT),
                         topics.STATE: (messages.State, receipt.STATE)}[leaf]
        message = receipt.unpack(ports.pole_key(pole), purpose, kind, incoming.payload)
        if message.pole != pole:
            raise WireError("another pole's name")
    except (WireError, KeyError) as why:
        log.warning("dropped %d bytes on %s: %s", len(incoming.payload), incoming.topic, why)
        return None
    return message


def _store(ports: Ports, db: Db, told: messages.Receipt) -> None:
    now = ports.clock.now()
    if not db.add_receipt(told, now):
        return
    if told.session:
        delivery = db.delivery(told.session, told.pole, lock=True)
        if delivery:
            changed = apply(delivery, told, now)
            if changed is not delivery:
                db.put_delivery(changed)
                db.touch(f"session:{told.session}")


def _store_state(ports: Ports, db: Db, state: messages.State) -> None:
    now = ports.clock.now()
    if state.at_ms > to_ms(now + FUTURE):
        log.warning("pole %s says it is %d ms ahead", state.pole, state.at_ms - to_ms(now))
    if db.cluster(state.pole):
        db.put_pole_state(state, now)
        db.touch(f"pole:{state.pole}")


def _ack(ports: Ports, pole: str, upto: int) -> Outgoing:
    payload = receipt.pack(ports.pole_key(pole), receipt.ACK, messages.Ack(pole=pole, upto=upto))
    return Outgoing(topics.topic(topics.pole(pole), topics.ACK), payload)
