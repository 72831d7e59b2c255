"""The law of a place: charters, rule-sets in force, directives."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

from sqlalchemy import Row, bindparam, delete, insert, select

from headend.adapters.db.part import Part, Values, instant_or_none, ms_or_none
from headend.adapters.db.schema import charters, directive_communes, directives, regimes
from headend.domain.charter import Regime, Setting, Slot, StationCharter
from headend.domain.directive import Directive, Scan
from headend.domain.person import EVERYWHERE

_CHARTERS = select(charters).where(charters.c.commune == bindparam("commune")).order_by(charters.c.from_day.desc())
_REGIMES = select(regimes).order_by(regimes.c.commune, regimes.c.from_day.desc())
_DIRECTIVES = select(directives).where(directives.c.id.in_(bindparam("ids", expanding=True)))
_NEWEST_FIRST = select(directives).order_by(directives.c.created_at_ms.desc().nulls_last(), directives.c.id)
_REACHED = (
    select(directive_communes)
    .where(directive_communes.c.directive.in_(bindparam("ids", expanding=True)))
    .order_by(directive_communes.c.directive, directive_communes.c.place)
)


class LocalLaw(Part):
    """See headend.ports.Db, "the law of a place"."""

    def put_charter(self, charter: StationCharter) -> None:
        self._put(charters, _charter_values(charter))

    def charters(self, commune: str) -> list[StationCharter]:
        return [_charter(row) for row in self._all(_CHARTERS, commune=commune)]

    def put_regime(self, regime: Regime) -> None:
        self._put(regimes, {**asdict(regime), "from_day": regime.from_day.isoformat()})

    def regimes(self, commune: str | None = None) -> list[Regime]:
        rows = self._all(_REGIMES if commune is None else _REGIMES.where(regimes.c.commune == commune))
        return [Regime(row.commune, date.fromisoformat(row.from_day), row.rule_set, row.reason, row.author)
                for row in rows]

    def put_directive(self, directive: Directive) -> None:
        self._put(directives, _directive_values(directive))
        self._connection.execute(delete(directive_communes).where(directive_communes.c.directive == directive.id))
        rows = [{"directive": directive.id, "commune": one, "place": place}
                for place, one in enumerate(directive.communes)]
        if rows:
            self._connection.execute(insert(directive_communes), rows)

    def directive(self, directive_id: str) -> Directive | None:
        return self.directives_of([directive_id]).get(directive_id)

    def directives_of(self, ids: Sequence[str]) -> dict[str, Directive]:
        rows = self._all(_DIRECTIVES, ids=list(ids)) if ids else []
        return {one.id: one for one in self._directives(rows)}

    def directives(self, commune: str | None = None, from_day: date | None = None,
                   limit: int = 200) -> list[Directive]:
        wanted = _NEWEST_FIRST.limit(limit)
        if commune is not None:
            reaching = select(directive_communes.c.directive).where(
                directive_communes.c.commune.in_([commune, EVERYWHERE]))
            wanted = wanted.where(directives.c.id.in_(reaching))
        if from_day is not None:
            wanted = wanted.where(directives.c.to_day >= from_day.isoformat())
        return self._directives(self._all(wanted))

    def _directives(self, rows: Sequence[Row]) -> list[Directive]:
        reached: dict[str, list[str]] = {row.id: [] for row in rows}
        for row in self._all(_REACHED, ids=list(reached)) if rows else []:
            reached[row.directive].append(row.commune)
        return [_directive(row, reached[row.id]) for row in rows]


def _charter_values(charter: StationCharter) -> Values:
    values = asdict(charter)
    values["from_day"] = charter.from_day.isoformat()
    values["slots"], values["settings"] = list(values["slots"]), list(values["settings"])
    values["created_at_ms"] = ms_or_none(values.pop("created_at"))
    return values


def _charter(row: Row) -> StationCharter:
    return StationCharter(row.commune, date.fromisoformat(row.from_day), tuple(Slot(**one) for one in row.slots),
                          tuple(Setting(**one) for one in row.settings), row.number, row.author,
                          instant_or_none(row.created_at_ms))


def _directive_values(directive: Directive) -> Values:
    values = asdict(directive)
    del values["communes"]
    for name in ("dated", "from_day", "to_day"):
        values[name] = values[name].isoformat()
    values["lifts"] = list(directive.lifts)
    values["created_at_ms"] = ms_or_none(values.pop("created_at"))
    values["withdrawn_at_ms"] = ms_or_none(values.pop("withdrawn_at"))
    return values


def _directive(row: Row, communes: Sequence[str]) -> Directive:
    return Directive(row.id, row.issuer, row.number, date.fromisoformat(row.dated), tuple(row.lifts), tuple(communes),
                     date.fromisoformat(row.from_day), date.fromisoformat(row.to_day), row.subject,
                     Scan(**row.scan) if row.scan else None, row.author, instant_or_none(row.created_at_ms),
                     instant_or_none(row.withdrawn_at_ms))
