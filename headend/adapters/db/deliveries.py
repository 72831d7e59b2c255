"""What the poles tell: deliveries, receipts, states."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, or_, select

from headend.adapters.db.part import Part, Values
from headend.adapters.db.schema import deliveries, pole_states, receipt_marks, receipts
from headend.domain.delivery import Delivery, DeliveryState
from headend.domain.times import from_ms, to_ms
from headend.ports import StoredReceipt
from protocol.messages import Receipt, State
from protocol.schema import decode, write

_DELIVERIES = select(deliveries).where(deliveries.c.session == bindparam("session"))
_DELIVERY = _DELIVERIES.where(deliveries.c.pole == bindparam("pole"))
_MARK = select(receipt_marks.c.upto).where(receipt_marks.c.pole == bindparam("pole"))
_AT_ONCE = 1000  # receipts looked at with one statement
_nth = func.row_number().over(order_by=receipts.c.seq)
_beyond = (
    select(receipts.c.seq, (_nth + bindparam("upto")).label("expected"))
    .where(receipts.c.pole == bindparam("pole"), receipts.c.seq > bindparam("upto"))
    .order_by(receipts.c.seq)
    .limit(_AT_ONCE)
    .subquery()
)
# As long as there is no gap, the n-th receipt beyond `upto` is upto + n.
_WITHOUT_GAP = select(func.max(_beyond.c.seq)).where(_beyond.c.seq == _beyond.c.expected)


class Deliveries(Part):
    """See headend.ports.Db, "what the poles tell"."""

    def put_delivery(self, delivery: Delivery) -> None:
        self._put(deliveries, _values(delivery))

    def delivery(self, session_id: str, pole: str, lock: bool = False) -> Delivery | None:
        row = self._one(_DELIVERY, lock, session=session_id, pole=pole)
        return _delivery(row) if row else None

    def deliveries(self, session_id: str) -> list[Delivery]:
        rows = self._all(_DELIVERIES.order_by(deliveries.c.pole), session=session_id)
        return [_delivery(row) for row in rows]

    def add_receipt(self, receipt: Receipt, at: datetime) -> bool:
        known = {"pole": receipt.pole, "seq": receipt.seq, "kind": receipt.kind, "session": receipt.session}
        return self._add(receipts, {**known, "stored_at_ms": to_ms(at), "body": write(receipt)})

    def receipts(self, pole: str | None = None, session: str | None = None,
                 kinds: Sequence[str] | None = None) -> list[StoredReceipt]:
        """In the order of pole and seq."""
        wanted = select(receipts.c.body, receipts.c.stored_at_ms).order_by(receipts.c.pole, receipts.c.seq)
        if pole is not None:
            wanted = wanted.where(receipts.c.pole == pole)
        if session is not None:
            wanted = wanted.where(receipts.c.session == session)
        if kinds is not None:
            wanted = wanted.where(receipts.c.kind.in_(kinds))
        return [StoredReceipt(decode(Receipt, row.body.encode()), from_ms(row.stored_at_ms))
                for row in self._all(wanted)]

    def receipts_upto(self, pole: str) -> int:
        row = self._one(_MARK, pole=pole)
        mark = upto = row.upto if row else 0
        while found := self._connection.scalar(_WITHOUT_GAP, {"pole": pole, "upto": upto}):
            upto = found
        if upto > mark and not self._readonly:
            self._put(receipt_marks, {"pole": pole, "upto": upto}, _further)
        return upto

    def put_pole_state(self, state: State, seen_at: datetime) -> None:
        self._put(pole_states, {"pole": state.pole, "online": state.online, "at_ms": state.at_ms,
                                "seen_at_ms": to_ms(seen_at), "body": write(state)}, _newer)

    def pole_states(self, poles: Sequence[str] | None = None) -> list[tuple[State, datetime]]:
        wanted = select(pole_states.c.body, pole_states.c.seen_at_ms).order_by(pole_states.c.pole)
        if poles is not None:
            wanted = wanted.where(pole_states.c.pole.in_(poles))
        return [(decode(State, row.body.encode()), from_ms(row.seen_at_ms)) for row in self._all(wanted)]


def _newer(there: Any, new: Any) -> ColumnElement[bool]:
    """A later state, or of the same instant unless it says online where offline is known."""
    return or_(new.at_ms > there.at_ms, (new.at_ms == there.at_ms) & (new.online <= there.online))


def _further(there: Any, new: Any) -> ColumnElement[bool]:
    return new.upto > there.upto


def _values(delivery: Delivery) -> Values:
    values = asdict(delivery)
    values["changed_at_ms"] = to_ms(values.pop("changed_at"))
    return values


def _delivery(row: Row) -> Delivery:
    values = row._asdict()
    values["state"] = DeliveryState(row.state)
    values["changed_at"] = from_ms(values.pop("changed_at_ms"))
    return Delivery(**values)
