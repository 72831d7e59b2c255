"""Approved sessions become sealed plans in the outbox; the clock moves sessions on.

A plan is the whole agenda of a commune, so it can be made again at any time from the database alone: after a crash
between approval and sending, the next tick does what was left undone. Joining and encoding audio takes seconds, so it
has a thread of its own that calls `prepare`: nobody's order waits for another's audio.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from headend.domain.bulletin import Bulletin
from headend.domain.delivery import Delivery, DeliveryState
from headend.domain.errors import BadInput
from headend.domain.lawful import Verdict, pole
from headend.domain.session import BroadcastSession, Programme, SessionState, move
from headend.domain.times import day_of, to_ms
from headend.ports import AgendaRecord, Db, Outgoing, Ports
from headend.services import orders
from headend.services.law import by_itself, law_of, verdict
from headend.services.sessions import end, settle
from protocol import messages, topics
from protocol.schema import write

AHEAD = timedelta(days=8)  # how far a plan reaches, and how long its seal is valid
FRESH = timedelta(hours=12)  # a plan older than this is sealed again, so that a pole always holds days of validity
KEEP = timedelta(hours=1)  # a session stays in the plan this long after its end, for poles that come back
LOOK_AGAIN = timedelta(minutes=10)  # at a plan that nobody changed: for what time alone brings into it, or out of it
MS = timedelta(milliseconds=1)
MOVED_BY_CLOCK = (SessionState.PLANNED, SessionState.APPROVED, SessionState.SEALED, SessionState.ON_AIR)

T = TypeVar("T")

log = logging.getLogger("loa.on_air")


def prepare(ports: Ports) -> None:
    """Join and encode the audio of approved sessions that have none yet."""
    with ports.db(readonly=True) as db:
        waiting = db.sessions_without_sound()
    _each(waiting, lambda session: _prepare(ports, session))


def tick(ports: Ports) -> None:
    """One round, each second and whenever somebody woke it: seal what is due, move sessions along with the clock."""
    with ports.db(readonly=True) as db:
        due = db.plans_due(ports.clock.now())
    try:
        _each(due, lambda commune: _look_at_plan(ports, commune))
    finally:
        _move_with_clock(ports)


def _each(things: Sequence[T], work: Callable[[T], None]) -> None:
    """Do `work` for each; what fails for one keeps no other waiting, and is raised at the end."""
    faults = []
    for one in things:
        try:
            work(one)
        except Exception as fault:
            faults.append(fault)
    if faults:
        raise ExceptionGroup(f"{len(faults)} of {len(things)} could not be done", faults)


def catch_up(ports: Ports) -> None:
    """Both, one after the other: for a world with a single thread."""
    prepare(ports)
    tick(ports)


def _look_at_plan(ports: Ports, commune: str) -> None:
    with ports.db() as db:
        db.lock_station(commune)
        _seal_commune(ports, db, commune)
        db.put_plan_due(commune, ports.clock.now() + LOOK_AGAIN)


def _prepare(ports: Ports, session: BroadcastSession) -> None:
    """Outside any transaction: it may take seconds."""
    with ports.db(readonly=True) as db:
        bulletins = [one for one in map(db.bulletin, session.bulletins) if one]
    made_of = tuple(one.sha256 for one in bulletins)
    try:
        media = ports.sound.programme(made_of)
    except BadInput as trouble:
        _refuse(ports, session, trouble.message)
        return
    with ports.db() as db:
        db.lock_station(session.commune)
        now_there = db.session(session.id, lock=True)
        if now_there and now_there.state is SessionState.APPROVED and _still(db, now_there, made_of):
            programme = Programme(media.digest, media.bytes, media.frames, made_of)
            db.put_session(replace(now_there, programme=programme, duration_ms=media.duration_ms))
            db.put_plan_due(session.commune, ports.clock.now())
    ports.wake()


def _still(db: Db, session: BroadcastSession, made_of: tuple[str, ...]) -> bool:
    """True if the recordings that a programme was joined from are still those that were approved."""
    bulletins = [db.bulletin(one) for one in session.bulletins]
    return tuple(one.approved_sha256 if isinstance(one, Bulletin) else None for one in bulletins) == made_of


def _refuse(ports: Ports, seen: BroadcastSession, why: str) -> None:
    with ports.db() as db:
        db.lock_station(seen.commune)
        session = db.session(seen.id, lock=True)
        if session and session.state is SessionState.APPROVED:
            settle(ports, db, move(session, "refuse", why))


def _seal_commune(ports: Ports, db: Db, commune: str) -> None:
    """Judge what is to come a last time, and put a new plan into the outbox if it differs from the last one."""
    now = ports.clock.now()
    for session in db.sessions(commune, (SessionState.SEALED,), start_from=now, start_to=now + AHEAD):
        _judge_again(ports, db, session)
    for session in db.sessions(commune, (SessionState.APPROVED,), start_to=now + AHEAD):
        if session.programme is not None:
            _seal_or_refuse(ports, db, session)
    sessions = [one for one in db.sessions(commune, (SessionState.SEALED, SessionState.ON_AIR, SessionState.DONE),
                                           now - timedelta(days=1), now + AHEAD) if one.end_at > now - KEEP]
    _post_plan(ports, db, commune, sessions, now)


def _judge_again(ports: Ports, db: Db, session: BroadcastSession) -> None:
    """A plan that is sealed anew holds only what is lawful now: a directive may be withdrawn, a charter new."""
    session, answer = _without_suspended(ports, db, session)
    if not answer.allowed:
        end(ports, db, session, "refuse", answer.refusals[0].message)


def _without_suspended(ports: Ports, db: Db, session: BroadcastSession) -> tuple[BroadcastSession, Verdict]:
    """The session and the law's word on it; clusters that were set aside since it was planned stay behind (P-04)."""
    answer = verdict(ports, db, session, approval_due=True)
    if answer.lawful_clusters and all(one.rule == "P-04" for one in answer.refusals):
        session = replace(session, clusters=answer.lawful_clusters)
        db.put_session(session)
        answer = verdict(ports, db, session, approval_due=True)
    return session, answer


def _seal_or_refuse(ports: Ports, db: Db, session: BroadcastSession) -> None:
    """The law's third look. Law, charter or recording may have changed since approval."""
    session, answer = _without_suspended(ports, db, session)
    programme = session.programme
    if session.end_at <= ports.clock.now():
        settle(ports, db, move(session, "refuse", "Chưa kịp chuẩn bị khi giờ phát đã qua."))
    elif not answer.allowed:
        settle(ports, db, move(session, "refuse", answer.refusals[0].message))
    elif programme is None or not _still(db, session, programme.made_of):
        db.put_session(replace(session, programme=None))
    else:
        settle(ports, db, move(session, "seal"))
        now = ports.clock.now()
        db.put_deliveries(Delivery(session.id, pole, DeliveryState.ORDERED, now) for pole in session.clusters)


def _post_plan(ports: Ports, db: Db, commune: str, sessions: list[BroadcastSession], now: datetime) -> None:
    rules = pole.rules(law_of(ports, db, commune), db.clusters(commune), day_of(now))
    wire = [_on_wire(ports, db, one) for one in sessions if one.programme]
    last = db.agenda(commune)
    version = last.version + 1 if last else 1
    content = hashlib.sha256("".join(map(write, [*rules, *wire])).encode()).hexdigest()
    if last and last.content_sha256 == content and now - last.sealed_at < FRESH:
        return
    if last is None and not wire:
        return
    plan = messages.Plan(version=version, rules=rules, sessions=wire)
    to = topics.group(commune)
    sealed = orders.sealed(ports, db, to, plan, now, now + AHEAD)
    db.put_agenda(AgendaRecord(commune, version, content, now))
    db.post(Outgoing(topics.topic(to, topics.PLAN), sealed, retain=True))
    log.info("plan %d of %s sealed: %d sessions", version, commune, len(wire))
    ports.wake()


def _on_wire(ports: Ports, db: Db, session: BroadcastSession) -> messages.Session:
    programme = session.programme
    assert programme is not None
    lifted = (pole.lifted(by_itself(ports, db, session)) or None) if session.directive else None
    item = messages.Item(media=programme.media, bytes=programme.bytes, frames=programme.frames)
    return messages.Session(id=session.id, at_ms=to_ms(session.start_at), length_ms=session.duration_ms,
                            urgency=session.urgency, poles=list(session.clusters), items=[item], lifted=lifted)


def _move_with_clock(ports: Ports) -> None:
    """Begin and end sessions by the clock; end those whose time has come or gone by without what they waited for."""
    now = ports.clock.now()
    with ports.db(readonly=True) as db:
        begun = db.sessions(states=MOVED_BY_CLOCK, start_to=now + MS)
    _each([one for one in begun if _moved(one, now) is not one], lambda seen: _move_one(ports, seen, now))


def _move_one(ports: Ports, seen: BroadcastSession, now: datetime) -> None:
    with ports.db() as db:
        db.lock_station(seen.commune)
        session = db.session(seen.id, lock=True)
        moved = _moved(session, now) if session else session
        if moved is not None and moved is not session:
            settle(ports, db, moved)


def _moved(session: BroadcastSession, now: datetime) -> BroadcastSession:
    """The session as it is once its start has come."""
    if session.state is SessionState.PLANNED:
        return move(session, "refuse", "Không được duyệt trước giờ phát.")
    if session.state is SessionState.APPROVED and now >= session.end_at:
        return move(session, "refuse", "Chưa kịp chuẩn bị khi giờ phát đã qua.")
    if session.state is SessionState.SEALED:
        session = move(session, "begin")
    if session.state is SessionState.ON_AIR and now >= session.end_at:
        session = move(session, "end")
    return session
