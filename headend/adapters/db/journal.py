"""What was done, and that something changed."""

from dataclasses import asdict

from sqlalchemy import Connection, bindparam, delete, insert, select

from headend.adapters.db.counters import Counters
from headend.adapters.db.schema import audit, counters, revisions
from headend.domain.times import from_ms, to_ms
from headend.ports import AuditEntry

PRUNED_EACH = 100  # revisions
REVISIONS_KEPT = 100_000  # whoever asks for changes since longer ago must read everything anew

_REVISION = "revision"  # the counter's name; those of orders hold spaces

_NEWEST = select(counters.c.value).where(counters.c.stream == _REVISION)
_TOUCHED = (
    select(revisions.c.thing).where(revisions.c.revision > bindparam("after")).order_by(revisions.c.revision)
)


class Journal(Counters):
    """See headend.ports.Db, "what was done, and that something changed"."""

    def __init__(self, connection: Connection, readonly: bool) -> None:
        super().__init__(connection, readonly)
        self._touched: set[str] = set()

    def record(self, entry: AuditEntry) -> None:
        values = asdict(entry)
        values["at_ms"] = to_ms(values.pop("at"))
        self._connection.execute(insert(audit), values)

    def audit(self, limit: int = 200) -> list[AuditEntry]:
        rows = self._all(select(audit).order_by(audit.c.id.desc()).limit(limit))
        return [AuditEntry(from_ms(at_ms), *rest) for _, at_ms, *rest in rows]

    def touch(self, thing: str) -> None:
        """The new revision is taken at the end of the transaction."""
        self._touched.add(thing)

    def revisions(self, after: int) -> tuple[int, list[str]]:
        # The number first: what is committed between the two statements is then told twice, and not left out.
        newest = self._connection.scalar(_NEWEST) or 0
        return newest, [row.thing for row in self._all(_TOUCHED, after=after)]

    def end(self) -> None:
        """Give what was touched its revision; the last thing before the commit.

        The counter's row is held from here to the commit: revisions become visible in their order, and a
        reader who has seen number n has missed none below it. The last lock taken can not close a deadlock.
        """
        if not self._touched:
            return
        revision = self.next_counter(_REVISION)
        self._put(revisions, [{"thing": thing, "revision": revision} for thing in sorted(self._touched)])
        if revision % PRUNED_EACH == 0:
            old = revisions.c.revision <= revision - REVISIONS_KEPT
            self._connection.execute(delete(revisions).where(old))
