"""What the poles tell: deliveries, receipts, states."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, or_, select

from headend.adapters.db.part import Part, Values
from headend.adapters.db.schema import deliveries, pole_states, receipt_marks, receipts, telemetry
from headend.domain.delivery import Delivery, DeliveryState
from headend.domain.times import from_ms, to_ms
from headend.ports import StoredReceipt
from protocol.messages import Receipt, State, Telemetry
from protocol.schema import decode, write

_DELIVERIES = select(deliveries).where(deliveries.c.session == bindparam("session")).order_by(deliveries.c.pole)
_DELIVERY = _DELIVERIES.where(deliveries.c.pole == bindparam("pole"))

_journal = (receipts.c.pole, receipts.c.journal)
_asked_for = (receipt_marks.c.pole.in_(bindparam("poles", expanding=True)),
              receipt_marks.c.journal.in_(bindparam("journals", expanding=True)))
_row = func.row_number().over(partition_by=_journal, order_by=receipts.c.seq)
_beyond = (
    select(*_journal, receipts.c.seq, (receipt_marks.c.upto + _row).label("expected"))
    .join_from(receipt_marks, receipts,
               (receipts.c.pole == receipt_marks.c.pole) & (receipts.c.journal == receipt_marks.c.journal))
    .where(*_asked_for, receipts.c.seq > receipt_marks.c.upto)
    .subquery()
)
# As long as there is no gap, the n-th receipt beyond the mark is mark + n.
_WITHOUT_GAP = (
    select(_beyond.c.pole, _beyond.c.journal, func.max(_beyond.c.seq).label("upto"))
    .where(_beyond.c.seq == _beyond.c.expected)
    .group_by(_beyond.c.pole, _beyond.c.journal)
    .order_by(_beyond.c.pole, _beyond.c.journal)
)
_MARKS = select(receipt_marks).where(*_asked_for)


class Deliveries(Part):
    """See headend.ports.Db, "what the poles tell"."""

    def put_deliveries(self, deliveries_: Iterable[Delivery]) -> None:
        self._put(deliveries, [_values(one) for one in deliveries_])

    def delivery(self, session_id: str, pole: str, lock: bool = False) -> Delivery | None:
        row = self._one(_DELIVERY, lock, session=session_id, pole=pole)
        return _delivery(row) if row else None

    def deliveries(self, session_id: str, poles: Sequence[str] | None = None, lock: bool = False) -> list[Delivery]:
        wanted = _DELIVERIES if poles is None else _DELIVERIES.where(deliveries.c.pole.in_(poles))
        return [_delivery(row) for row in self._all(wanted, lock, session=session_id)]

    def add_receipts(self, told: Sequence[Receipt], at: datetime) -> list[Receipt]:
        first: dict[tuple[str, str, int], Receipt] = {}
        for one in told:
            first.setdefault((one.pole, one.journal, one.seq), one)
        # Everybody stores in the same order, else two head-ends could wait for each other for ever.
        ordered = [first[key] for key in sorted(first)]
        journals = sorted({(one.pole, one.journal) for one in ordered})
        self._add(receipt_marks, [{"pole": pole, "journal": journal, "upto": 0} for pole, journal in journals])
        new = self._add(receipts, [_receipt_values(one, to_ms(at)) for one in ordered])
        return [one for key, one in first.items() if key in new]

    def receipts(self, pole: str | None = None, session: str | None = None,
                 kinds: Sequence[str] | None = None) -> list[StoredReceipt]:
        """In the order of pole, journal and seq."""
        wanted = select(receipts.c.body, receipts.c.stored_at_ms).order_by(*_journal, receipts.c.seq)
        if pole is not None:
            wanted = wanted.where(receipts.c.pole == pole)
        if session is not None:
            wanted = wanted.where(receipts.c.session == session)
        if kinds is not None:
            wanted = wanted.where(receipts.c.kind.in_(kinds))
        return [StoredReceipt(decode(Receipt, row.body.encode()), from_ms(row.stored_at_ms))
                for row in self._all(wanted)]

    def receipts_upto(self, journals: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        asked = sorted(journals)
        names = {"poles": sorted({pole for pole, _ in asked}), "journals": sorted({name for _, name in asked})}
        marks = {(row.pole, row.journal): row.upto for row in self._all(_MARKS, **names)}
        further = {(row.pole, row.journal): row.upto for row in self._all(_WITHOUT_GAP, **names)}
        if not self._readonly:
            values = [{"pole": pole, "journal": name, "upto": upto} for (pole, name), upto in further.items()]
            self._put(receipt_marks, values, _further)
        return {journal: further.get(journal) or marks.get(journal, 0) for journal in asked}

    def put_pole_states(self, states: Sequence[State], seen_at: datetime) -> None:
        seen_at_ms = to_ms(seen_at)
        ordered = sorted(states, key=lambda state: state.pole)  # of one pole they stay as they came
        self._put(pole_states, [{**_state_values(one), "seen_at_ms": seen_at_ms} for one in ordered], _newer)

    def pole_states(self, poles: Sequence[str] | None = None) -> list[tuple[State, datetime]]:
        wanted = select(pole_states.c.body, pole_states.c.seen_at_ms).order_by(pole_states.c.pole)
        if poles is not None:
            wanted = wanted.where(pole_states.c.pole.in_(poles))
        return [(decode(State, row.body.encode()), from_ms(row.seen_at_ms)) for row in self._all(wanted)]

    def put_telemetry(self, told: Sequence[Telemetry], seen_at: datetime) -> None:
        values = [{"pole": one.pole, "at_ms": one.at_ms, "seen_at_ms": to_ms(seen_at), "body": write(one)}
                  for one in sorted(told, key=lambda one: (one.pole, one.at_ms))]
        self._put(telemetry, values, _later)

    def telemetry(self, poles: Sequence[str] | None = None) -> list[tuple[Telemetry, datetime]]:
        wanted = select(telemetry.c.body, telemetry.c.seen_at_ms).order_by(telemetry.c.pole)
        if poles is not None:
            wanted = wanted.where(telemetry.c.pole.in_(poles))
        return [(decode(Telemetry, row.body.encode()), from_ms(row.seen_at_ms)) for row in self._all(wanted)]

    def newest_receipts(self, poles: Sequence[str], kinds: Sequence[str], limit: int) -> list[StoredReceipt]:
        newest = (receipts.c.stored_at_ms.desc(), receipts.c.pole, receipts.c.journal, receipts.c.seq.desc())
        wanted = select(receipts.c.body, receipts.c.stored_at_ms).order_by(*newest).limit(limit)
        wanted = wanted.where(receipts.c.pole.in_(poles), receipts.c.kind.in_(kinds))
        return [StoredReceipt(decode(Receipt, row.body.encode()), from_ms(row.stored_at_ms))
                for row in self._all(wanted)]


def _later(there: Any, new: Any) -> ColumnElement[bool]:
    return new.at_ms >= there.at_ms


def _newer(there: Any, new: Any) -> ColumnElement[bool]:
    """A later state, or of the same instant unless it says online where offline is known."""
    return or_(new.at_ms > there.at_ms, (new.at_ms == there.at_ms) & (new.online <= there.online))


def _further(there: Any, new: Any) -> ColumnElement[bool]:
    return new.upto > there.upto


def _receipt_values(receipt: Receipt, stored_at_ms: int) -> Values:
    known = {name: getattr(receipt, name) for name in ("pole", "journal", "seq", "kind", "session")}
    return {**known, "stored_at_ms": stored_at_ms, "body": write(receipt)}


def _state_values(state: State) -> Values:
    return {"pole": state.pole, "online": state.online, "at_ms": state.at_ms, "body": write(state)}


def _values(delivery: Delivery) -> Values:
    values = asdict(delivery)
    values["changed_at_ms"] = to_ms(values.pop("changed_at"))
    return values


def _delivery(row: Row) -> Delivery:
    values = row._asdict()
    values["state"] = DeliveryState(row.state)
    values["changed_at"] = from_ms(values.pop("changed_at_ms"))
    return Delivery(**values)
