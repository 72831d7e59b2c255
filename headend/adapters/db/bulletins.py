"""Bulletins."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

from sqlalchemy import Row, bindparam, select

from headend.adapters.db.part import Part, Values, instant_or_none, ms_or_none
from headend.adapters.db.schema import bulletins
from headend.domain.bulletin import Bulletin, BulletinState, Kind
from headend.domain.times import from_ms, to_ms

_NEWEST_FIRST = select(bulletins).order_by(bulletins.c.created_at_ms.desc(), bulletins.c.id.desc())
_BULLETIN = select(bulletins).where(bulletins.c.id == bindparam("id"))

_BULLETINS = select(bulletins).where(bulletins.c.id.in_(bindparam("ids", expanding=True)))


class Bulletins(Part):
    """See headend.ports.Db, "what is said"."""

    def put_bulletin(self, bulletin: Bulletin) -> None:
        self._put(bulletins, _values(bulletin))

    def bulletin(self, bulletin_id: str, lock: bool = False) -> Bulletin | None:
        row = self._one(_BULLETIN, lock, id=bulletin_id)
        return _bulletin(row) if row else None

    def bulletins_of(self, ids: Sequence[str]) -> dict[str, Bulletin]:
        rows = self._all(_BULLETINS, ids=list(ids)) if ids else []
        return {row.id: _bulletin(row) for row in rows}

    def bulletins(self, commune: str | None = None, limit: int = 100,
                  states: Sequence[BulletinState] | None = None) -> list[Bulletin]:
        wanted = _NEWEST_FIRST.limit(limit)
        if states is not None:
            wanted = wanted.where(bulletins.c.state.in_(states))
        if commune is not None:
            wanted = wanted.where(bulletins.c.commune == commune)
        return [_bulletin(row) for row in self._all(wanted)]


def _values(bulletin: Bulletin) -> Values:
    values = asdict(bulletin)
    values["created_at_ms"] = to_ms(values.pop("created_at"))
    values["approved_at_ms"] = ms_or_none(values.pop("approved_at"))
    values["event_day"] = bulletin.event_day.isoformat() if bulletin.event_day else None
    return values


def _bulletin(row: Row) -> Bulletin:
    values = row._asdict()
    values["state"] = BulletinState(row.state)
    values["created_at"] = from_ms(values.pop("created_at_ms"))
    values["approved_at"] = instant_or_none(values.pop("approved_at_ms"))
    values["kind"] = Kind(row.kind)
    values["event_day"] = date.fromisoformat(row.event_day) if row.event_day else None
    return Bulletin(**values)
