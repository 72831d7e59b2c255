"""What poles tell comes in once, in one transaction per batch, and is acknowledged only after it is stored."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from headend.domain.delivery import Delivery, apply
from headend.domain.times import to_ms
from headend.ports import Db, Incoming, Outgoing, Ports
from protocol import messages, receipt, topics
from protocol.schema import WireError

log = logging.getLogger("loa.receipts")

Said = TypeVar("Said", messages.State, messages.Telemetry)

FUTURE = timedelta(hours=1)  # a state "from" later than this is a pole with a broken clock, not news


def ingest(ports: Ports, batch: Sequence[Incoming]) -> list[Outgoing]:
    """Store receipts, states and telemetry of many poles; returns the acks to send after the commit.

    Messages whose code is wrong are dropped and counted in the log: a broker can not speak for a pole.
    """
    parsed = [one for one in (_read(ports, incoming) for incoming in batch) if one]
    told = [one for one in parsed if isinstance(one, messages.Receipt)]
    states = [one for one in parsed if isinstance(one, messages.State)]
    felt = [one for one in parsed if isinstance(one, messages.Telemetry)]
    with ports.db() as db:
        new = db.add_receipts(told, ports.clock.now())
        _apply(ports, db, new)
        _store_states(ports, db, states)
        _store_telemetry(ports, db, felt)
        for pole in sorted({one.pole for one in new if one.kind in messages.EVENTS}):
            db.touch(f"pole:{pole}")
        acks = db.receipts_upto({(one.pole, one.journal) for one in told})
    return [_ack(ports, pole, journal, upto) for (pole, journal), upto in acks.items()]


def _read(ports: Ports, incoming: Incoming) -> messages.Receipt | messages.State | messages.Telemetry | None:
    try:
        stream, leaf = topics.parse(incoming.topic)
        pole = stream.removeprefix("p/")
        kind, purpose = {topics.RECEIPT: (messages.Receipt, receipt.RECEIPT),
                         topics.STATE: (messages.State, receipt.STATE),
                         topics.TELEMETRY: (messages.Telemetry, receipt.TELEMETRY)}[leaf]
        message = receipt.unpack(ports.pole_key(pole), purpose, kind, incoming.payload)
        if message.pole != pole:
            raise WireError("another pole's name")
    except (WireError, KeyError) as why:
        log.warning("dropped %d bytes on %s: %s", len(incoming.payload), incoming.topic, why)
        return None
    return message


def _apply(ports: Ports, db: Db, told: Sequence[messages.Receipt]) -> None:
    """Move the deliveries that new receipts speak of."""
    now = ports.clock.now()
    by_session: dict[str, list[messages.Receipt]] = defaultdict(list)
    for one in told:
        by_session[one.session].append(one)
    for session in sorted(by_session.keys() - {""}):
        poles = sorted({one.pole for one in by_session[session]})
        deliveries = {one.pole: one for one in db.deliveries(session, poles, lock=True)}
        moved: dict[str, Delivery] = {}
        for one in by_session[session]:
            before = deliveries.get(one.pole)
            after = apply(before, one, now) if before else before
            if after is not None and after is not before:
                deliveries[one.pole] = moved[one.pole] = after
        if moved:
            db.put_deliveries(moved.values())
            db.touch(f"session:{session}")


def _store_states(ports: Ports, db: Db, states: Sequence[messages.State]) -> None:
    now = ports.clock.now()
    for state in states:
        if state.at_ms > to_ms(now + FUTURE):
            log.warning("pole %s says it is %d ms ahead", state.pole, state.at_ms - to_ms(now))
    ours = _of_known_poles(db, states)
    db.put_pole_states(ours, now)
    for state in ours:
        db.touch(f"pole:{state.pole}")


def _store_telemetry(ports: Ports, db: Db, told: Sequence[messages.Telemetry]) -> None:
    """Of known poles; one whose clock is far ahead would keep out all that it tells once its clock is right."""
    now = ports.clock.now()
    ours = _of_known_poles(db, [one for one in told if one.at_ms <= to_ms(now + FUTURE)])
    db.put_telemetry(ours, now)
    for one in ours:
        db.touch(f"pole:{one.pole}")


def _of_known_poles(db: Db, told: Sequence[Said]) -> list[Said]:
    """What poles said that are still in the books."""
    known = {one.id for one in db.clusters(ids=sorted({one.pole for one in told}))} if told else set()
    return [one for one in told if one.pole in known]


def _ack(ports: Ports, pole: str, journal: str, upto: int) -> Outgoing:
    ack = messages.Ack(pole=pole, journal=journal, upto=upto)
    payload = receipt.pack(ports.pole_key(pole), receipt.ACK, ack)
    return Outgoing(topics.topic(topics.pole(pole), topics.ACK), payload)
