"""What leaves: agendas, and the outbox."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, insert, select, update

from headend.adapters.db.part import Part
from headend.adapters.db.schema import agendas, outbox, plans_due
from headend.domain.times import from_ms, to_ms
from headend.ports import AgendaRecord, Outgoing

SENT_KEPT = timedelta(days=30)

_UNSENT = (
    select(outbox.c.topic, outbox.c.payload, outbox.c.qos, outbox.c.retain, outbox.c.id)
    .where(outbox.c.sent_at_ms.is_(None))
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)
_DUE = select(plans_due.c.commune).where(plans_due.c.due_at_ms <= bindparam("now")).order_by(plans_due.c.due_at_ms)
_NEWEST_RETAINED = select(func.max(outbox.c.id)).where(outbox.c.retain).group_by(outbox.c.topic)


class Outbox(Part):
    """See headend.ports.Db, "what leaves"."""

    def put_agenda(self, record: AgendaRecord) -> None:
        self._put(agendas, {"commune": record.commune, "version": record.version,
                            "content_sha256": record.content_sha256, "sealed_at_ms": to_ms(record.sealed_at)})

    def agenda(self, commune: str) -> AgendaRecord | None:
        row = self._one(select(agendas).where(agendas.c.commune == commune))
        if row is None:
            return None
        return AgendaRecord(row.commune, row.version, row.content_sha256, from_ms(row.sealed_at_ms))

    def put_plan_due(self, commune: str, at: datetime) -> None:
        self._put(plans_due, {"commune": commune, "due_at_ms": to_ms(at)})

    def plans_due(self, now: datetime) -> list[str]:
        return [row.commune for row in self._all(_DUE, now=to_ms(now))]

    def post(self, outgoing: Outgoing) -> None:
        """Messages of one stream leave in the order of their counters, if the counter is taken before."""
        values = asdict(outgoing)
        del values["id"]
        self._connection.execute(insert(outbox), values)

    def unsent(self, limit: int = 100) -> list[Outgoing]:
        return [Outgoing(*row) for row in self._all(_UNSENT, most=limit)]

    def mark_sent(self, ids: Sequence[int], at: datetime) -> None:
        """What was sent more than a month ago is forgotten."""
        self._connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(sent_at_ms=to_ms(at)))
        self._connection.execute(delete(outbox).where(outbox.c.sent_at_ms < to_ms(at - SENT_KEPT)))

    def resend_retained(self) -> None:
        newest = outbox.c.id.in_(_NEWEST_RETAINED)
        self._connection.execute(update(outbox).where(newest).values(sent_at_ms=None))
