"""Before a session exists: what can be chosen, a lawful start to begin with, and the law's word on a wish."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from headend.domain.areas import Cluster, Commune
from headend.domain.bulletin import About, Bulletin, BulletinState
from headend.domain.directive import Directive
from headend.domain.errors import NotFound
from headend.domain.lawful import SEARCH_DAYS, Verdict
from headend.domain.person import Person, may, require
from headend.domain.session import BroadcastSession, SessionState
from headend.ports import Db, Ports
from headend.services import directives
from headend.services.board import DAY, communes_of, start_of_day, unit_of
from headend.services.law import verdict
from headend.services.sessions import Asked
from protocol.urgency import NORMAL

DRAFT = "draft"  # stands for the bulletin that does not exist yet
NOTICE = timedelta(minutes=3)  # a suggested start leaves the approver this long


@dataclass(frozen=True)
class Plan:
    """A form for a session: what can be chosen, and a lawful start to begin with."""

    commune: Commune
    clusters: tuple[Cluster, ...]
    start_at: datetime
    days: tuple[datetime, ...]
    directives: tuple[Directive, ...]


def communes_to_write(ports: Ports, person: Person) -> list[Commune]:
    """Stations that the person may write for."""
    with ports.db(readonly=True) as db:
        communes = communes_of(db, unit_of(person))
        here = {one.commune for one in db.clusters(unit_of(person))} | ({person.unit} & communes.keys())
    return [communes[one] for one in sorted(here) if may(person, "bulletin.write", one)]


def plan(ports: Ports, person: Person, commune: str, duration_ms: int) -> Plan:
    """The nearest lawful start for a session of this length at all clusters of the commune.

    At NOTICE from now if that is lawful, else at the usual hour of the next half-day that is free.
    """
    require(person, "session.plan", commune)
    now = ports.clock.now()
    today = start_of_day(now)
    wished = now + NOTICE
    wished += timedelta(seconds=-wished.second % 60, microseconds=-wished.microsecond)
    with ports.db(readonly=True) as db:
        place = db.commune(commune)
        if place is None:
            raise NotFound("Không có đơn vị này.")
        clusters = tuple(one for one in db.clusters(commune) if not one.suspended)
        if not _verdict(ports, db, person, commune, wished, clusters, duration_ms).allowed:
            # Asked for midnight, the law answers with the usual hours.
            slots = _verdict(ports, db, person, commune, today, clusters, duration_ms).next_slots
            wished = next((one for one in slots if one > wished), wished)
    days = tuple(today + number * DAY for number in range(SEARCH_DAYS + 1))
    return Plan(place, clusters, wished, days, tuple(directives.usable(ports, person, commune)))


def foresee(ports: Ports, person: Person, asked: Asked, about: About, duration_ms: int, sound_ms: int) -> Verdict:
    """What the law would say to a session of one bulletin that does not exist yet.

    `about` is what its author says of it so far, `sound_ms` its estimated length, `duration_ms` that of the session.
    """
    require(person, "session.plan", asked.commune)
    now = ports.clock.now()
    draft = Bulletin(DRAFT, asked.commune, about.title or "đang soạn", about.field, "", person.username,
                     BulletinState.DRAFT, "", sound_ms, 0.0, now, kind=about.kind, event_day=about.event_day,
                     directive=about.directive)
    with ports.db(readonly=True) as db:
        wanted = set(asked.clusters)
        clusters = [one for one in db.clusters(asked.commune) if not one.suspended and (not wanted or one.id in wanted)]
        session = _draft(ports, person, asked.commune, asked.start_at, clusters, duration_ms)
        session = replace(session, bulletins=(DRAFT,), directive=asked.directive)
        return verdict(ports, db, session, clusters=clusters, drafts=[draft])


def _verdict(ports: Ports, db: Db, person: Person, commune: str, start_at: datetime, clusters: Sequence[Cluster],
             duration_ms: int) -> Verdict:
    return verdict(ports, db, _draft(ports, person, commune, start_at, clusters, duration_ms), clusters=clusters)


def _draft(ports: Ports, person: Person, commune: str, start_at: datetime, clusters: Sequence[Cluster],
           duration_ms: int) -> BroadcastSession:
    return BroadcastSession("", commune, start_at, duration_ms, NORMAL, tuple(one.id for one in clusters), (),
                            SessionState.PLANNED, person.username, ports.clock.now())
