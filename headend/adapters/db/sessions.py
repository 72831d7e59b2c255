"""Sessions, and the air that they take at each cluster."""

from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import BigInteger, Column, Row, Select, bindparam, delete, exists, func, insert, select

from headend.adapters.db.part import Part, Values
from headend.adapters.db.schema import (
    bulletins,
    communes,
    neighbours,
    session_bulletins,
    session_clusters,
    sessions,
)
from headend.domain.lawful import Near, OnAir
from headend.domain.session import TAKES_AIR, BroadcastSession, Confirmation, Programme, SessionState
from headend.domain.times import from_ms, to_ms
from protocol.urgency import EMERGENCY

LONGEST_MS = 16 * 3600 * 1000  # nothing but an emergency is longer than from one night to the next (T-15)
_AT_ONCE = 500  # sessions whose clusters and bulletins are read with one statement

_CONTENT = (
    select(session_bulletins.c.session, bulletins.c.sha256)
    .join_from(session_bulletins, bulletins, bulletins.c.id == session_bulletins.c.bulletin)
    .where(session_bulletins.c.session.in_(bindparam("sessions", expanding=True)))
    .order_by(session_bulletins.c.session, session_bulletins.c.place)
)
_SESSION = select(sessions).where(sessions.c.id == bindparam("id"))
_IN_ORDER = select(sessions).order_by(sessions.c.start_at_ms, sessions.c.id)
_WITHOUT_SOUND = _IN_ORDER.where(sessions.c.state == SessionState.APPROVED, sessions.c.media.is_(None))
_HERE = (
    session_clusters.c.cluster.in_(bindparam("clusters", expanding=True)),
    session_clusters.c.start_at_ms >= bindparam("start"),
    session_clusters.c.start_at_ms < bindparam("end"),
)
# A session at all of the clusters that are asked about, as most are, is one row and not one for each of them.
_TOUCHED = (
    select(session_clusters.c.session, func.count().label("count"))
    .where(*_HERE)
    .group_by(session_clusters.c.session)
    .subquery()
)
_AIR = (
    select(sessions.c.id, sessions.c.start_at_ms, sessions.c.duration_ms, _TOUCHED.c.count)
    .join_from(_TOUCHED, sessions, sessions.c.id == _TOUCHED.c.session)
    .where(sessions.c.state.in_(TAKES_AIR), sessions.c.urgency != EMERGENCY)
    .order_by(sessions.c.start_at_ms, sessions.c.id)
)
_BUSY = (
    select(sessions.c.id, sessions.c.start_at_ms, sessions.c.duration_ms)
    .where(
        sessions.c.commune == bindparam("commune"),
        sessions.c.start_at_ms >= bindparam("start"),
        sessions.c.start_at_ms < bindparam("end"),
        sessions.c.state.in_(TAKES_AIR),
        sessions.c.urgency != EMERGENCY,
        exists().where(
            session_clusters.c.session == sessions.c.id,
            session_clusters.c.start_at_ms == sessions.c.start_at_ms,
            session_clusters.c.cluster.in_(bindparam("clusters", expanding=True)),
        ),
    )
    .order_by(sessions.c.start_at_ms, sessions.c.id)
)
_MEMBERS_HERE = select(session_clusters.c.session, session_clusters.c.cluster).where(
    *_HERE, session_clusters.c.session.in_(bindparam("sessions", expanding=True))
)
# Grouped before the sessions are looked at: else SQLite may begin with every session of the city at that hour.
_BESIDE = (
    select(neighbours.c.cluster, session_clusters.c.session, func.min(neighbours.c.metres).label("metres"))
    .join_from(neighbours, session_clusters, neighbours.c.other == session_clusters.c.cluster)
    .where(
        neighbours.c.cluster.in_(bindparam("clusters", expanding=True)),
        neighbours.c.metres <= bindparam("metres"),
        session_clusters.c.start_at_ms >= bindparam("start", type_=BigInteger) - LONGEST_MS,
        session_clusters.c.start_at_ms < bindparam("end"),
    )
    .group_by(neighbours.c.cluster, session_clusters.c.session)
    .subquery()
)
_NEAR = (
    select(_BESIDE.c.cluster, _BESIDE.c.metres, sessions.c.id, communes.c.name)
    .join_from(_BESIDE, sessions, sessions.c.id == _BESIDE.c.session)
    .join(communes, communes.c.code == sessions.c.commune)
    .where(
        sessions.c.start_at_ms + sessions.c.duration_ms > bindparam("start", type_=BigInteger),
        sessions.c.state.in_(TAKES_AIR),
        sessions.c.urgency != EMERGENCY,
    )
    .order_by(_BESIDE.c.cluster, sessions.c.id)
)


class Sessions(Part):
    """See headend.ports.Db, "what is said"."""

    def put_session(self, session: BroadcastSession) -> None:
        self._put(sessions, _values(session))
        start_at_ms = to_ms(session.start_at)
        self._put_list(session_clusters.c.cluster, session.id, session.clusters, {"start_at_ms": start_at_ms})
        self._put_list(session_bulletins.c.bulletin, session.id, session.bulletins, {})

    def session(self, session_id: str, lock: bool = False) -> BroadcastSession | None:
        row = self._one(_SESSION, lock, id=session_id)
        return self._sessions([row])[0] if row else None

    def sessions(
        self,
        commune: str | None = None,
        states: Sequence[SessionState] | None = None,
        start_from: datetime | None = None,
        start_to: datetime | None = None,
    ) -> list[BroadcastSession]:
        wanted = _IN_ORDER
        if commune is not None:
            wanted = wanted.where(sessions.c.commune == commune)
        if states is not None:
            wanted = wanted.where(sessions.c.state.in_(states))
        if start_from is not None:
            wanted = wanted.where(sessions.c.start_at_ms >= to_ms(start_from))
        if start_to is not None:
            wanted = wanted.where(sessions.c.start_at_ms < to_ms(start_to))
        return self._sessions(self._all(wanted))

    def sessions_without_sound(self) -> list[BroadcastSession]:
        return self._sessions(self._all(_WITHOUT_SOUND))

    def sessions_of_bulletin(self, bulletin_id: str) -> list[BroadcastSession]:
        users = select(session_bulletins.c.session).where(session_bulletins.c.bulletin == bulletin_id)
        return self._sessions(self._all(_IN_ORDER.where(sessions.c.id.in_(users))))

    def air(self, clusters: Sequence[str], start: datetime, end: datetime) -> list[OnAir]:
        here = {"clusters": list(clusters), "start": to_ms(start), "end": to_ms(end)}
        rows = self._all(_AIR, **here)
        some: dict[str, set[str]] = {row.id: set() for row in rows if row.count < len(clusters)}
        for session, cluster in self._all(_MEMBERS_HERE, **here, sessions=list(some)) if some else []:
            some[session].add(cluster)
        everywhere = frozenset(clusters)
        return [OnAir(row.id, frozenset(some.get(row.id, everywhere)), from_ms(row.start_at_ms),
                      from_ms(row.start_at_ms + row.duration_ms)) for row in rows]

    def busy(self, commune: str, clusters: Sequence[str], start: datetime, end: datetime) -> list[OnAir]:
        rows = self._all(_BUSY, commune=commune, clusters=list(clusters), start=to_ms(start), end=to_ms(end))
        everywhere = frozenset(clusters)
        return [OnAir(row.id, everywhere, from_ms(row.start_at_ms), from_ms(row.start_at_ms + row.duration_ms))
                for row in rows]

    def near(self, clusters: Sequence[str], metres: int, start: datetime, end: datetime) -> list[Near]:
        rows = self._all(_NEAR, clusters=list(clusters), metres=metres, start=to_ms(start), end=to_ms(end))
        contents = self._contents({row.id for row in rows})
        return [Near(row.cluster, f"cụm loa của {row.name}", row.metres, row.id, contents[row.id]) for row in rows]

    def _contents(self, session_ids: Set[str]) -> dict[str, tuple[str, ...]]:
        """The recordings of sessions, in their order."""
        found: dict[str, list[str]] = {one: [] for one in session_ids}
        for session, sha256 in self._all(_CONTENT, sessions=sorted(session_ids)) if session_ids else []:
            found[session].append(sha256)
        return {one: tuple(some) for one, some in found.items()}

    def _put_list(self, column: Column, session_id: str, wanted: Sequence[str], more: Values) -> None:
        """Store the clusters or bulletins of a session; most changes of a session leave them as they are."""
        table = column.table
        if self._list(column, [session_id])[session_id] == list(wanted):
            return
        self._connection.execute(delete(table).where(table.c.session == session_id))
        if wanted:
            rows = [{"session": session_id, "place": place, column.name: one, **more}
                    for place, one in enumerate(wanted)]
            self._connection.execute(insert(table), rows)

    def _list(self, column: Column, session_ids: Sequence[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for row in self._all(_members(column), sessions=list(session_ids)):
            found[row.session].append(row[1])
        return found

    def _sessions(self, rows: Sequence[Row]) -> list[BroadcastSession]:
        found = []
        for first in range(0, len(rows), _AT_ONCE):
            some = rows[first:first + _AT_ONCE]
            ids = [row.id for row in some]
            at, of = self._list(session_clusters.c.cluster, ids), self._list(session_bulletins.c.bulletin, ids)
            found += [_session(row, at[row.id], of[row.id]) for row in some]
        return found


def _members(column: Column) -> Select:
    table = column.table
    chosen = table.c.session.in_(bindparam("sessions", expanding=True))
    return select(table.c.session, column).where(chosen).order_by(table.c.session, table.c.place)


def _values(session: BroadcastSession) -> Values:
    programme = session.programme
    return {
        "id": session.id,
        "commune": session.commune,
        "start_at_ms": to_ms(session.start_at),
        "duration_ms": session.duration_ms,
        "urgency": session.urgency,
        "state": session.state,
        "author": session.author,
        "created_at_ms": to_ms(session.created_at),
        "why": session.why,
        "media": programme.media if programme else None,
        "media_bytes": programme.bytes if programme else None,
        "media_frames": programme.frames if programme else None,
        "made_of": list(programme.made_of) if programme else None,
        "directive": session.directive,
        "confirmed": [_confirmed(one) for one in session.confirmed],
    }


def _session(row: Row, at: list[str], of: list[str]) -> BroadcastSession:
    programme = None
    if row.media is not None:
        programme = Programme(row.media, row.media_bytes, row.media_frames, tuple(row.made_of))
    return BroadcastSession(
        id=row.id,
        commune=row.commune,
        start_at=from_ms(row.start_at_ms),
        duration_ms=row.duration_ms,
        urgency=row.urgency,
        clusters=tuple(at),
        bulletins=tuple(of),
        state=SessionState(row.state),
        author=row.author,
        created_at=from_ms(row.created_at_ms),
        programme=programme,
        why=row.why,
        directive=row.directive,
        confirmed=tuple(Confirmation(one["rule"], one["reason"], one["by"], from_ms(one["at_ms"]))
                        for one in row.confirmed),
    )


def _confirmed(one: Confirmation) -> Values:
    values = asdict(one)
    values["at_ms"] = to_ms(values.pop("at"))
    return values
