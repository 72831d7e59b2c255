"""Buổi phát: planned within the law, freed by approval, withdrawn when people change their mind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from headend.domain.areas import Cluster
from headend.domain.bulletin import Bulletin, BulletinState
from headend.domain.errors import BadInput, NotFound
from headend.domain.lawful import Unconfirmed, Unlawful, Verdict
from headend.domain.person import Person, require
from headend.domain.session import BroadcastSession, Confirmation, SessionState, move
from headend.domain.times import day_of, hanoi, start_of
from headend.ports import AuditEntry, Db, Ports
from headend.services import orders
from headend.services.law import verdict
from protocol import messages, topics
from protocol.urgency import NORMAL

LEAD = timedelta(seconds=5)  # a session must start at least this far ahead: orders and audio have to arrive
MOST_REASON = 400


@dataclass(frozen=True)
class Asked:
    """A session as somebody wishes it. No `clusters` means all of the commune that are not set aside.

    `directive` is the id of the document that it calls upon, `reasons` (rule id → why) answer for warnings.
    """

    commune: str
    start_at: datetime
    bulletins: Sequence[str]
    clusters: Sequence[str] = ()
    directive: str | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)


def check(ports: Ports, person: Person, asked: Asked) -> Verdict:
    """What the law would say to this plan; changes nothing."""
    require(person, "session.see", asked.commune)
    with ports.db(readonly=True) as db:
        session, clusters = _draft(ports, db, person, asked)
        return verdict(ports, db, session, clusters=clusters)


def plan(ports: Ports, person: Person, asked: Asked) -> BroadcastSession:
    """Take air for bulletins. Raises Unlawful, Unconfirmed, BadInput, NotAllowed.

    Bulletins may still wait for approval: the session then waits with them.
    """
    require(person, "session.plan", asked.commune)
    with ports.db() as db:
        db.lock_station(asked.commune)
        session, clusters = _draft(ports, db, person, asked)
        if asked.start_at < ports.clock.now() + LEAD:
            raise BadInput("Giờ phát đã qua hoặc quá gần, hãy chọn giờ muộn hơn.", "start_at")
        answer = verdict(ports, db, session, clusters=clusters)
        _refuse_unless(answer)
        _refuse_overlap(db, session, clusters)
        session = confirm(session, answer, asked.reasons, person, ports.clock.now())
        _keep(ports, db, session, person.username, "session.plan")
        bulletin_approved(ports, db, session)
        session = known(db, session.id)
    ports.wake()
    return session


def withdraw(ports: Ports, person: Person, session_id: str) -> BroadcastSession:
    """Cancel before or during the broadcast: a new plan without it, and a stop order to its poles."""
    with ports.db() as db:
        db.lock_station(known(db, session_id).commune)
        session = known(db, session_id, lock=True)
        require(person, "session.withdraw", session.commune)
        session = end(ports, db, session, "withdraw", f"{person.name} hủy.", person.username)
    ports.wake()
    return session


def get(ports: Ports, person: Person, session_id: str) -> BroadcastSession:
    """One session, or NotFound / NotAllowed."""
    with ports.db(readonly=True) as db:
        session = known(db, session_id)
    require(person, "session.see", session.commune)
    return session


def confirm(session: BroadcastSession, answer: Verdict, reasons: Mapping[str, str], person: Person,
            at: datetime) -> BroadcastSession:
    """The session with the reasons that were given for its warnings; Unconfirmed while one is missing."""
    given = {rule: reason.strip()[:MOST_REASON] for rule, reason in reasons.items() if reason.strip()}
    open_ = answer.unconfirmed([one.rule for one in session.confirmed])
    if any(one.rule not in given for one in open_):
        raise Unconfirmed(replace(answer, warnings=open_), given)
    new = [Confirmation(rule, given[rule], person.username, at) for rule in sorted({one.rule for one in open_})]
    return replace(session, confirmed=(*session.confirmed, *new))


def waiting_for(ports: Ports, person: Person, bulletin_id: str) -> list[tuple[BroadcastSession, Verdict]]:
    """The sessions that wait for a bulletin, with the law's word on each as they stand now.

    Of its warnings only those that nobody has answered for yet.
    """
    with ports.db(readonly=True) as db:
        found = [one for one in db.sessions_of_bulletin(bulletin_id) if one.state is SessionState.PLANNED]
        for one in found:
            require(person, "session.see", one.commune)
        return [(one, _open(one, verdict(ports, db, one))) for one in found if one.end_at > ports.clock.now()]


def _open(session: BroadcastSession, answer: Verdict) -> Verdict:
    return replace(answer, warnings=answer.unconfirmed([one.rule for one in session.confirmed]))


def bulletin_approved(ports: Ports, db: Db, session: BroadcastSession, reasons: Mapping[str, str] | None = None,
                      by: Person | None = None) -> None:
    """If all bulletins of a planned session are approved now: judge it again, and free it or refuse it.

    `by` approved it just now, and answers for warnings that came up since it was planned (Unconfirmed while they do
    not).
    """
    if session.state is not SessionState.PLANNED:
        return
    if any(one is None or one.state is not BulletinState.APPROVED for one in map(db.bulletin, session.bulletins)):
        return
    if session.end_at <= ports.clock.now():
        settle(ports, db, move(session, "refuse", "Được duyệt khi giờ phát đã qua."))
        return
    answer = verdict(ports, db, session, approval_due=True)
    if answer.allowed and by is not None:
        session = confirm(session, answer, reasons or {}, by, ports.clock.now())
    if answer.allowed:
        settle(ports, db, move(session, "approve"))
    else:
        settle(ports, db, move(session, "refuse", answer.refusals[0].message))


def bulletin_changed(ports: Ports, db: Db, session: BroadcastSession) -> None:
    """A bulletin of the session is another one now: it waits for approval again, or is refused if now unlawful."""
    if session.state not in (SessionState.PLANNED, SessionState.APPROVED, SessionState.SEALED):
        return
    if session.state is SessionState.SEALED:
        end(ports, db, session, "refuse", "Một bản tin đã thay đổi sau khi gửi lệnh.")
        return
    lengths = [one.duration_ms for one in map(db.bulletin, session.bulletins) if one]
    waiting = session if session.state is SessionState.PLANNED else move(session, "unapprove")
    waiting = replace(waiting, duration_ms=ports.sound.programme_ms(lengths), programme=None)
    answer = verdict(ports, db, waiting)
    settle(ports, db, waiting if answer.allowed else move(waiting, "refuse", answer.refusals[0].message))


def end(ports: Ports, db: Db, session: BroadcastSession, event: str, why: str, username: str = "") -> BroadcastSession:
    """Withdraw or refuse a session; if its order has left, a stop order follows it."""
    ended = move(session, event, why)
    _keep(ports, db, ended, username, f"session.{event}")
    if session.state in (SessionState.SEALED, SessionState.ON_AIR):
        _post_stop(ports, db, session, why)
    return ended


def settle(ports: Ports, db: Db, session: BroadcastSession) -> None:
    """Store a session that the system itself moved."""
    _keep(ports, db, session, "", f"session.{session.state}")


def _post_stop(ports: Ports, db: Db, session: BroadcastSession, reason: str) -> None:
    """A sealed stop order to the group, valid until the session would have ended."""
    now, order = ports.clock.now(), messages.Stop(session=session.id, reason=reason[:120])
    until = max(session.end_at, now) + timedelta(minutes=5)
    orders.post(ports, db, topics.group(session.commune), order, now, until)


def known(db: Db, session_id: str, lock: bool = False) -> BroadcastSession:
    """The session, or NotFound."""
    session = db.session(session_id, lock)
    if session is None:
        raise NotFound("Không có buổi phát này.")
    return session


def _draft(ports: Ports, db: Db, person: Person, asked: Asked) -> tuple[BroadcastSession, list[Cluster]]:
    clusters = _clusters(db, asked.commune, asked.clusters)
    bulletins = [_bulletin(db, asked.commune, one) for one in asked.bulletins]
    if not bulletins:
        raise BadInput("Hãy chọn ít nhất một bản tin.", "bulletins")
    if asked.directive and asked.directive not in db.directives_of([asked.directive]):
        raise BadInput("Không có văn bản chỉ đạo này.", "directive")
    duration_ms = ports.sound.programme_ms([one.duration_ms for one in bulletins])
    session = BroadcastSession(ports.new_id(), asked.commune, asked.start_at, duration_ms, NORMAL,
                               tuple(one.id for one in clusters), tuple(one.id for one in bulletins),
                               SessionState.PLANNED, person.username, ports.clock.now(),
                               directive=asked.directive or None)
    return session, clusters


def _clusters(db: Db, commune: str, wanted: Sequence[str]) -> list[Cluster]:
    here = {one.id: one for one in db.clusters(commune, ids=wanted or None) if not one.suspended}
    strange = [one for one in wanted if one not in here]
    if strange:
        raise BadInput(f"Cụm loa {strange[0]} không thuộc đơn vị này hoặc đang tạm dừng.", "clusters")
    found = [here[one] for one in dict.fromkeys(wanted)] or list(here.values())
    if not found:
        raise BadInput("Đơn vị chưa có cụm loa nào đang hoạt động.", "clusters")
    return found


def _bulletin(db: Db, commune: str, bulletin_id: str) -> Bulletin:
    found = db.bulletin(bulletin_id)
    if found is None or found.commune != commune or found.state is BulletinState.WITHDRAWN:
        raise BadInput("Bản tin được chọn không có ở đơn vị này.", "bulletins")
    return found


def _refuse_unless(answer: Verdict) -> None:
    if not answer.allowed:
        raise Unlawful(answer)


def _refuse_overlap(db: Db, session: BroadcastSession, clusters: Sequence[Cluster]) -> None:
    """One pole sounds one session at a time, also where no law counts them (a directive lifts T-03)."""
    day = start_of(day_of(session.start_at))
    for one in db.air(session.clusters, day, session.end_at):
        if one.end_at > session.start_at:
            name = next(cluster.name for cluster in clusters if cluster.id in one.clusters)
            raise BadInput(f"{name} đang có buổi phát khác từ {hanoi(one.start_at):%H:%M} đến "
                           f"{hanoi(one.end_at):%H:%M}.", "start_at")


def _keep(ports: Ports, db: Db, session: BroadcastSession, username: str, action: str) -> None:
    db.put_session(session)
    if session.state not in (SessionState.ON_AIR, SessionState.DONE):  # a plan says the same of it before and after
        db.put_plan_due(session.commune, ports.clock.now())
    db.record(AuditEntry(ports.clock.now(), username, action, session.id, session.why))
    db.touch(f"session:{session.id}")
    db.touch(f"commune:{session.commune}")
