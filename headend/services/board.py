"""What pages show: read models, each gathered in one transaction and bounded by what is on the page."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from headend.domain.areas import Cluster, Commune
from headend.domain.bulletin import Bulletin, BulletinState
from headend.domain.delivery import Delivery, DeliveryState
from headend.domain.directive import Directive
from headend.domain.errors import NotFound
from headend.domain.person import EVERYWHERE, Person, Role, require
from headend.domain.session import BroadcastSession, SessionState
from headend.domain.times import day_of, start_of
from headend.law.rulebook import Rulebook
from headend.ports import Db, Heard, Ports
from headend.services import sessions
from headend.services.law import book_of

DAY = timedelta(days=1)
EDGE = timedelta(seconds=1)  # listened to before a session and after it, so that early and late sound is heard too
MOST_BULLETINS = 100

HAVE = (DeliveryState.RECEIVED, DeliveryState.READY, DeliveryState.PLAYING, DeliveryState.PLAYED)
SILENT = (DeliveryState.STOPPED, DeliveryState.MISSED, DeliveryState.REFUSED)


@dataclass(frozen=True)
class Tally:
    """How many poles of a session got how far; each figure counts those that got further too."""

    poles: int
    received: int = 0
    ready: int = 0
    started: int = 0
    played: int = 0
    silent: int = 0  # stopped, missed or refused

    @classmethod
    def of(cls, poles: int, deliveries: Iterable[Delivery]) -> "Tally":
        by = Counter(one.state for one in deliveries)
        return cls(poles, sum(by[one] for one in HAVE), sum(by[one] for one in HAVE[1:]),
                   sum(by[one] for one in HAVE[2:]), by[DeliveryState.PLAYED], sum(by[one] for one in SILENT))


@dataclass(frozen=True)
class SessionLine:
    session: BroadcastSession
    commune: Commune
    bulletins: tuple[Bulletin, ...]
    tally: Tally

    @property
    def title(self) -> str:
        return " · ".join(one.title for one in self.bulletins)


class StepState(StrEnum):
    OPEN = "open"
    NOW = "now"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Step:
    title: str
    state: StepState
    count: int | None = None  # poles that got this far, where poles are what is counted


@dataclass(frozen=True)
class Station:
    """One commune's day."""

    commune: Commune
    sessions: tuple[SessionLine, ...]
    poles: int  # that may sound
    online: int
    suspended: int


class Next(StrEnum):
    """The one thing to do now."""

    WRITE = "write"
    MEND = "mend"
    APPROVE = "approve"
    LISTEN = "listen"
    CARE = "care"
    NOTHING = "nothing"


@dataclass(frozen=True)
class NextAction:
    kind: Next
    thing: str = ""  # id of the bulletin or session
    title: str = ""
    count: int = 0


@dataclass(frozen=True)
class Today:
    """A local day: `day_at` is its first instant."""

    now: datetime
    day_at: datetime
    stations: tuple[Station, ...]
    waiting: tuple[Bulletin, ...]
    focus: SessionLine | None
    steps: tuple[Step, ...]
    next: NextAction
    communes: dict[str, Commune]
    authors: dict[str, str]  # of what waits
    things: frozenset[str]

    @property
    def is_today(self) -> bool:
        return self.day_at <= self.now < self.tomorrow

    @property
    def yesterday(self) -> datetime:
        return self.day_at - DAY

    @property
    def tomorrow(self) -> datetime:
        return self.day_at + DAY


def today(ports: Ports, person: Person, day_at: datetime | None = None) -> Today:
    """The day at the person's station, or at every station for the city."""
    require(person, "station.see", person.unit)
    now = ports.clock.now()
    day_at = start_of_day(day_at or now)
    with ports.db(readonly=True) as db:
        unit = unit_of(person)
        clusters = db.clusters(unit)
        communes = communes_of(db, unit)
        lines = [_line(db, one, communes) for one in db.sessions(unit, start_from=day_at, start_to=day_at + DAY)]
        bulletins = db.bulletins(unit, MOST_BULLETINS)
        online = {state.pole for state, _ in db.pole_states([one.id for one in clusters]) if state.online}
        waiting = tuple(one for one in reversed(bulletins) if one.state is BulletinState.SUBMITTED)
        authors = {one: _name(db, one) for one in {bulletin.author for bulletin in waiting}}
    focus = _focus(lines, now)
    missing = sum(not one.suspended and one.id not in online for one in clusters)
    return Today(now, day_at, _stations(clusters, communes, lines, online), waiting, focus,
                 steps(focus) if focus else (), _next(person, bulletins, waiting, focus, missing),
                 communes, authors, _things(person, lines, clusters))


def start_of_day(at: datetime) -> datetime:
    """The first instant of the local day that holds `at`."""
    return start_of(day_of(at))


def unit_of(person: Person) -> str | None:
    """The commune that a person sees, None for all of them."""
    return None if person.unit == EVERYWHERE else person.unit


def communes_of(db: Db, unit: str | None) -> dict[str, Commune]:
    """The commune of a unit, or all of them, by code."""
    found = db.communes() if unit is None else [db.commune(unit)]
    return {one.code: one for one in found if one}


def _line(db: Db, session: BroadcastSession, communes: dict[str, Commune]) -> SessionLine:
    bulletins = tuple(one for one in map(db.bulletin, session.bulletins) if one)
    tally = Tally.of(len(session.clusters), db.deliveries(session.id))
    return SessionLine(session, communes[session.commune], bulletins, tally)


def _stations(clusters: Sequence[Cluster], communes: dict[str, Commune], lines: Sequence[SessionLine],
              online: set[str]) -> tuple[Station, ...]:
    here = sorted({one.commune for one in clusters} | {one.session.commune for one in lines})
    return tuple(_station(communes[code], [one for one in clusters if one.commune == code],
                          tuple(one for one in lines if one.session.commune == code), online) for code in here)


def _station(commune: Commune, clusters: Sequence[Cluster], lines: tuple[SessionLine, ...],
             online: set[str]) -> Station:
    in_use = {one.id for one in clusters if not one.suspended}
    return Station(commune, lines, len(in_use), len(in_use & online), len(clusters) - len(in_use))


def _things(person: Person, lines: Sequence[SessionLine], clusters: Sequence[Cluster]) -> frozenset[str]:
    communes = {one.commune for one in clusters} | {person.unit}
    return frozenset({f"commune:{one}" for one in communes} | {f"session:{one.session.id}" for one in lines}
                     | {f"pole:{one.id}" for one in clusters})


def _focus(lines: Sequence[SessionLine], now: datetime) -> SessionLine | None:
    """The session that the page tells about: on air, else the next to come, else the last of the day."""
    gone = (SessionState.WITHDRAWN, SessionState.REFUSED)
    ahead = [one for one in lines if one.session.end_at > now and one.session.state not in gone]
    return ahead[0] if ahead else lines[-1] if lines else None


def steps(line: SessionLine) -> tuple[Step, ...]:
    """The way of a session from text to proof, as far as it has come."""
    state, tally = line.session.state, line.tally
    ordered = state in (SessionState.SEALED, SessionState.ON_AIR, SessionState.DONE) or tally.received > 0
    approved = ordered or state is SessionState.APPROVED
    reached = [("Soạn tiếng", bool(line.bulletins), None), ("Duyệt", approved, None), ("Gửi lệnh", ordered, None),
               ("Nhận đủ tiếng", tally.ready == tally.poles, tally.ready),
               ("Lên tiếng", tally.started == tally.poles, tally.started),
               ("Phát xong", tally.played == tally.poles, tally.played)]
    open_state = StepState.NOW
    if state in (SessionState.WITHDRAWN, SessionState.REFUSED, SessionState.DONE):
        open_state = StepState.FAILED  # nothing will be added any more, save by poles that come back
    shown = []
    for title, done, count in reached:
        shown.append(Step(title, StepState.DONE if done else open_state, count))
        if not done and open_state is StepState.NOW:
            open_state = StepState.OPEN
    return tuple(shown)


def _next(person: Person, bulletins: Sequence[Bulletin], waiting: Sequence[Bulletin], focus: SessionLine | None,
          offline: int) -> NextAction:
    if person.role is Role.BROADCASTER:
        back = [one for one in bulletins if one.state is BulletinState.DRAFT and one.note]
        return NextAction(Next.MEND, back[0].id, back[0].title) if back else NextAction(Next.WRITE)
    if person.role is Role.APPROVER and waiting:
        return NextAction(Next.APPROVE, waiting[0].id, waiting[0].title, len(waiting))
    if person.role in (Role.TECHNICIAN, Role.ADMINISTRATOR) and offline:
        return NextAction(Next.CARE, count=offline)
    if focus and focus.session.state in (SessionState.SEALED, SessionState.ON_AIR, SessionState.DONE):
        return NextAction(Next.LISTEN, focus.session.id, focus.title)
    return NextAction(Next.NOTHING)


@dataclass(frozen=True)
class BulletinPage:
    bulletin: Bulletin
    commune: Commune
    author: str
    approver: str
    directive: Directive | None
    sessions: tuple[SessionLine, ...]
    things: frozenset[str]


def bulletins(ports: Ports, person: Person) -> tuple[tuple[Bulletin, ...], dict[str, Commune]]:
    """The newest bulletins of the person's unit, and the communes they belong to."""
    require(person, "bulletin.see", person.unit)
    with ports.db(readonly=True) as db:
        return tuple(db.bulletins(unit_of(person), MOST_BULLETINS)), communes_of(db, unit_of(person))


def bulletin(ports: Ports, person: Person, bulletin_id: str) -> BulletinPage:
    """One bulletin with the sessions it is part of. NotFound, NotAllowed."""
    with ports.db(readonly=True) as db:
        found = db.bulletin(bulletin_id)
        if found is None:
            raise NotFound("Không có bản tin này.")
        require(person, "bulletin.see", found.commune)
        communes = communes_of(db, found.commune)
        lines = tuple(_line(db, one, communes) for one in db.sessions_of_bulletin(bulletin_id))
        return BulletinPage(found, communes[found.commune], _name(db, found.author), _name(db, found.approver),
                            _directive(db, found.directive), lines,
                            frozenset({f"commune:{found.commune}", *(f"session:{one.session.id}" for one in lines)}))


def _directive(db: Db, directive_id: str | None) -> Directive | None:
    return db.directive(directive_id) if directive_id else None


def _name(db: Db, username: str | None) -> str:
    account = db.account(username) if username else None
    return account.person.name if account else username or ""


def name_of(ports: Ports, username: str) -> str:
    """How somebody is called; the account's name where it is gone."""
    with ports.db(readonly=True) as db:
        return _name(db, username)


@dataclass(frozen=True)
class PoleAtSession:
    cluster: Cluster
    delivery: Delivery | None
    online: bool | None


@dataclass(frozen=True)
class SessionPage:
    now: datetime
    line: SessionLine
    author: str
    poles: tuple[PoleAtSession, ...]
    directive: Directive | None
    names: dict[str, str]  # of those who answered for its warnings
    book: Rulebook  # the rules that bind it
    things: frozenset[str]

    @property
    def steps(self) -> tuple[Step, ...]:
        return steps(self.line)

    @property
    def span(self) -> tuple[datetime, datetime]:
        return span(self.line.session)


def span(session: BroadcastSession) -> tuple[datetime, datetime]:
    """The line of time on which a session's sounds are heard and drawn."""
    return session.start_at - EDGE, session.end_at + EDGE


def session(ports: Ports, person: Person, session_id: str) -> SessionPage:
    """One session with what each of its poles told. NotFound, NotAllowed."""
    with ports.db(readonly=True) as db:
        found = sessions.known(db, session_id)
        require(person, "session.see", found.commune)
        line = _line(db, found, communes_of(db, found.commune))
        told = {one.pole: one for one in db.deliveries(session_id)}
        online = {state.pole: bool(state.online) for state, _ in db.pole_states(found.clusters)}
        clusters = [one for one in map(db.cluster, found.clusters) if one]
        poles = tuple(PoleAtSession(one, told.get(one.id), online.get(one.id)) for one in clusters)
        names = {one: _name(db, one) for one in {confirmed.by for confirmed in found.confirmed}}
        return SessionPage(ports.clock.now(), line, _name(db, found.author), poles, _directive(db, found.directive),
                           names, book_of(ports, db, found.commune, found.start_at),
                           frozenset({f"session:{session_id}", *(f"pole:{one.id}" for one in clusters)}))


def session_list(ports: Ports, person: Person, start_from: datetime, start_to: datetime) -> list[BroadcastSession]:
    """Sessions of the person's unit with a start in [from, to)."""
    require(person, "session.see", person.unit)
    with ports.db(readonly=True) as db:
        return db.sessions(unit_of(person), start_from=start_from, start_to=start_to)


def _listened_to(ports: Ports, person: Person, session_id: str) -> BroadcastSession:
    with ports.db(readonly=True) as db:
        found = sessions.known(db, session_id)
    require(person, "evidence.listen", found.commune)
    return found


def source(ports: Ports, person: Person, session_id: str) -> Path:
    """What the poles of a session should sound, as a WAV file on the session's line of time. NotFound, NotAllowed."""
    found = _listened_to(ports, person, session_id)
    if found.programme is None:
        raise NotFound("Chương trình của buổi phát này chưa được ghép.")
    return ports.sound.programme_sound(found.programme.media, found.programme.frames, EDGE // timedelta(milliseconds=1))


def heard(ports: Ports, person: Person, session_id: str, pole: str) -> Heard | None:
    """What a pole really sounded around a session, None where nothing could listen. NotFound, NotAllowed."""
    found = _listened_to(ports, person, session_id)
    if pole not in found.clusters:
        raise NotFound("Cụm loa này không thuộc buổi phát.")
    return ports.ears.heard(pole, *span(found))


def communes(ports: Ports) -> list[Commune]:
    """All communes: the background of maps, known to everybody."""
    with ports.db(readonly=True) as db:
        return db.communes()
