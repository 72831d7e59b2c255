"""What binds a place: its charter, its rule-set, and which of its clusters are set aside."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from headend.domain import charter as charters
from headend.domain.areas import AreaClass, Cluster, Commune
from headend.domain.charter import Regime, Setting, Slot, StationCharter
from headend.domain.errors import BadInput, NotFound
from headend.domain.lawful import Law
from headend.domain.person import EVERYWHERE, Person, require
from headend.domain.times import day_of
from headend.law.rulebook import DEFAULT_SET, Rulebook
from headend.ports import AuditEntry, Db, Ports
from headend.services.law import law_of


@dataclass(frozen=True)
class LocalLaw:
    """What binds a commune today, and what did and will."""

    commune: Commune
    book: Rulebook
    charter: StationCharter | None
    charters: tuple[StationCharter, ...]
    regimes: tuple[Regime, ...]
    classes: tuple[AreaClass, ...]  # of its clusters
    today: date
    chosen: Regime | None  # what chose the rule-set that binds today; None where nobody did: then it is the default

    @property
    def coming(self) -> tuple[Regime, ...]:
        """The choices that are still to come into force, the soonest first."""
        return tuple(sorted((one for one in self.regimes if one.from_day > self.today), key=lambda one: one.from_day))


def local_law(ports: Ports, person: Person, commune: str) -> LocalLaw:
    """NotFound, NotAllowed."""
    require(person, "station.see", commune)
    today = day_of(ports.clock.now())
    with ports.db(readonly=True) as db:
        place = db.commune(commune)
        if place is None:
            raise NotFound("Không có đơn vị này.")
        law = law_of(ports, db, commune)
        classes = {one.area_class for one in db.clusters(commune)} or {place.default_class}
        return LocalLaw(place, law.book(commune, today), law.charter(commune, today), tuple(law.charters),
                        tuple(law.regimes), tuple(one for one in AreaClass if one in classes), today,
                        law.regime(commune, today))


def otherwise(ports: Ports, person: Person) -> list[tuple[Commune, Regime]]:
    """The communes that another rule-set than the default binds today or will, each with what makes it so."""
    require(person, "station.see", EVERYWHERE)
    today = day_of(ports.clock.now())
    with ports.db(readonly=True) as db:
        law, communes = Law(ports.books, db.regimes()), db.communes()
    by_code = {one.code: one for one in communes}
    told = [one for one in law.regimes if one.from_day > today or one == law.regime(one.commune, today)]
    return [(by_code[one.commune], one) for one in told if one.rule_set != DEFAULT_SET]


def issue_charter(ports: Ports, person: Person, commune: str, from_day: date, slots: tuple[Slot, ...],
                  settings: tuple[Setting, ...] = (), number: str = "") -> StationCharter:
    """A commune's own hours and narrower caps from a day on. BadInput where they are wider than the law."""
    require(person, "charter.write", commune)
    if from_day < day_of(ports.clock.now()):
        raise BadInput("Quy chế không áp dụng ngược về ngày đã qua.", "from_day")
    issued = StationCharter(commune, from_day, slots, settings, number.strip()[:200], person.username,
                            ports.clock.now())
    with ports.db() as db:
        if db.commune(commune) is None:
            raise NotFound("Không có đơn vị này.")
        book = law_of(ports, db, commune).book(commune, from_day)
        charters.check(issued, book, {one.area_class for one in db.clusters(commune)})
        db.put_charter(issued)
        db.record(AuditEntry(ports.clock.now(), person.username, "charter.issue", commune, from_day.isoformat()))
        law_changed(ports, db, [commune])
    ports.wake()
    return issued


def choose_rules(ports: Ports, person: Person, commune: str, from_day: date, rule_set: str, reason: str) -> Regime:
    """The rule-set that binds a commune from a day on. BadInput, NotAllowed."""
    require(person, "regime.write", commune)
    if rule_set not in ports.books:
        raise BadInput("Không có bộ quy tắc này.", "rule_set")
    if not reason.strip():
        raise BadInput("Hãy ghi lý do đổi bộ quy tắc.", "reason")
    if from_day < day_of(ports.clock.now()):
        raise BadInput("Bộ quy tắc không áp dụng ngược về ngày đã qua.", "from_day")
    chosen = Regime(commune, from_day, rule_set, reason.strip()[:charters.MOST_REASON], person.username)
    with ports.db() as db:
        if db.commune(commune) is None:
            raise NotFound("Không có đơn vị này.")
        db.put_regime(chosen)
        db.record(AuditEntry(ports.clock.now(), person.username, "regime.choose", commune, f"{rule_set} {from_day}"))
        law_changed(ports, db, [commune])
    ports.wake()
    return chosen


def set_aside(ports: Ports, person: Person, cluster_id: str, suspended: bool, reason: str) -> Cluster:
    """Silence a cluster where it stands (P-04), or let it speak again. NotFound, NotAllowed, BadInput."""
    if not reason.strip():
        raise BadInput("Hãy ghi lý do.", "reason")
    with ports.db() as db:
        cluster = db.cluster(cluster_id)
        if cluster is None:
            raise NotFound("Không có cụm loa này.")
        require(person, "cluster.suspend", cluster.commune)
        db.lock_station(cluster.commune)
        cluster = replace(cluster, suspended=suspended)
        db.put_cluster(cluster)
        action = "cluster.suspend" if suspended else "cluster.resume"
        db.record(AuditEntry(ports.clock.now(), person.username, action, cluster_id, reason.strip()[:400]))
        db.touch(f"pole:{cluster_id}")
        law_changed(ports, db, [cluster.commune])
    ports.wake()
    return cluster


def law_changed(ports: Ports, db: Db, communes: Iterable[str]) -> None:
    """Let the plans of these communes be judged and sealed anew at once."""
    for one in communes:
        db.put_plan_due(one, ports.clock.now())
        db.touch(f"commune:{one}")
