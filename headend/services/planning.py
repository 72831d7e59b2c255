"""Before a session exists: what can be chosen, a lawful start to begin with, and the law's word on a wish."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from headend.domain.areas import Cluster, Commune
from headend.domain.errors import NotFound
from headend.domain.lawful import SEARCH_DAYS, Verdict
from headend.domain.person import Person, may, require
from headend.domain.session import BroadcastSession, SessionState
from headend.ports import Db, Ports
from headend.services.board import DAY, communes_of, start_of_day, unit_of
from headend.services.law import verdict
from protocol.urgency import NORMAL

NOTICE = timedelta(minutes=3)  # a suggested start leaves the approver this long


@dataclass(frozen=True)
class Plan:
    """A form for a session: what can be chosen, and a lawful start to begin with."""

    commune: Commune
    clusters: tuple[Cluster, ...]
    start_at: datetime
    days: tuple[datetime, ...]


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
    return Plan(place, clusters, wished, days)


def foresee(ports: Ports, person: Person, commune: str, start_at: datetime, cluster_ids: Sequence[str],
            duration_ms: int) -> Verdict:
    """What the law would say to a session whose sound does not exist yet, judged by its estimated length."""
    require(person, "session.plan", commune)
    with ports.db(readonly=True) as db:
        wanted = set(cluster_ids)
        clusters = [one for one in db.clusters(commune) if not one.suspended and (not wanted or one.id in wanted)]
        return _verdict(ports, db, person, commune, start_at, clusters, duration_ms)


def _verdict(ports: Ports, db: Db, person: Person, commune: str, start_at: datetime, clusters: Sequence[Cluster],
             duration_ms: int) -> Verdict:
    draft = BroadcastSession("", commune, start_at, duration_ms, NORMAL, tuple(one.id for one in clusters), (),
                             SessionState.PLANNED, person.username, ports.clock.now())
    return verdict(ports, db, draft)
