"""Approved sessions become sealed plans in the outbox; the clock moves sessions on.

A plan is the whole agenda of a commune, so it can be made again at any time from the database alone: after a crash
between approval and sending, the next tick does what was left undone. Joining and encoding audio takes seconds, so it
has a thread of its own that calls `prepare`: nobody's order waits for another's audio.
"""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from headend.domain.bulletin import Bulletin
from headend.domain.delivery import Delivery, DeliveryState
from headend.domain.errors import BadInput
from headend.domain.session import BroadcastSession, Programme, SessionState, move
from headend.domain.times import to_ms
from headend.ports import AgendaRecord, Db, Outgoing, Ports
from headend.services.sessions import settle, verdict
from protocol import messages, topics
from protocol.schema import write

AHEAD = timedelta(days=8)  # how far a plan reaches, and how long its seal is valid
FRESH = timedelta(hours=12)  # a plan older than this is sealed again, so that a pole always holds days of validity
KEEP = timedelta(hours=1)  # a session stays in the plan this long after its end, for poles that come back

log = logging.getLogger("loa.on_air")


def prepare(ports: Ports) -> None:
    """Join and encode the audio of approved sessions that have none yet."""
    for session in _in_states(ports, SessionState.APPROVED):
        if session.programme is None:
            _prepare(ports, session)
            ports.wake()


def tick(ports: Ports) -> None:
    """One round, each second and whenever somebody woke it: seal what is ready, move sessions along with the clock."""
    for commune in _communes_at_work(ports):
        with ports.db() as db:
            db.lock_station(commune)
            _seal_commune(ports, db, commune)
    _move_with_clock(ports)


def catch_up(ports: Ports) -> None:
    """Both, one after the other: for a world with a single thread."""
    prepare(ports)
    tick(ports)


def _in_states(ports: Ports, *states: SessionState) -> list[BroadcastSession]:
    with ports.db(readonly=True) as db:
        return db.sessions(states=states)


def _communes_at_work(ports: Ports) -> Iterable[str]:
    """Communes with something that may change their plan, or a plan that must be renewed."""
    now = ports.clock.now()
    with ports.db(readonly=True) as db:
        active = db.sessions(states=(SessionState.APPROVED, SessionState.SEALED, SessionState.ON_AIR))
        recent = db.sessions(states=(SessionState.WITHDRAWN, SessionState.REFUSED, SessionState.DONE),
                             start_from=now - timedelta(days=1), start_to=now + AHEAD)
    return sorted({one.commune for one in (*active, *recent)})


def _prepare(ports: Ports, session: BroadcastSession) -> None:
    """Outside any transaction: it may take seconds."""
    with ports.db(readonly=True) as db:
        bulletins = [one for one in map(db.bulletin, session.bulletins) if one]
    made_of = tuple(one.sha256 for one in bulletins)
    try:
        media = ports.sound.programme(made_of)
    except BadInput as trouble:
        _refuse(ports, session.id, trouble.message)
        return
    with ports.db() as db:
        now_there = db.session(session.id, lock=True)
        if now_there and now_there.state is SessionState.APPROVED and _still(db, now_there, made_of):
            programme = Programme(media.digest, media.bytes, media.frames, made_of)
            db.put_session(replace(now_there, programme=programme, duration_ms=media.duration_ms))


def _still(db: Db, session: BroadcastSession, made_of: tuple[str, ...]) -> bool:
    """True if the recordings that a programme was joined from are still those that were approved."""
    bulletins = [db.bulletin(one) for one in session.bulletins]
    return tuple(one.approved_sha256 if isinstance(one, Bulletin) else None for one in bulletins) == made_of


def _refuse(ports: Ports, session_id: str, why: str) -> None:
    with ports.db() as db:
        session = db.session(session_id, lock=True)
        if session and session.state is SessionState.APPROVED:
            settle(ports, db, move(session, "refuse", why))


def _seal_commune(ports: Ports, db: Db, commune: str) -> None:
    """Judge approved sessions a last time, and put a new plan into the outbox if it differs from the last one."""
    now = ports.clock.now()
    for session in db.sessions(commune, (SessionState.APPROVED,)):
        if session.programme is not None and session.start_at < now + AHEAD:
            _seal_or_refuse(ports, db, session)
    sessions = [one for one in db.sessions(commune, (SessionState.SEALED, SessionState.ON_AIR, SessionState.DONE),
                                           now - timedelta(days=1), now + AHEAD) if one.end_at > now - KEEP]
    _post_plan(ports, db, commune, sessions, now)


def _seal_or_refuse(ports: Ports, db: Db, session: BroadcastSession) -> None:
    """The law's third look. Law, charter or recording may have changed since approval."""
    answer = verdict(ports, db, session, approval_due=True)
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
    rules = _pole_rules(ports, db, commune)
    wire = [_on_wire(one) for one in sessions if one.programme]
    last = db.agenda(commune)
    version = last.version + 1 if last else 1
    content = hashlib.sha256("".join(map(write, [rules, *wire])).encode()).hexdigest()
    if last and last.content_sha256 == content and now - last.sealed_at < FRESH:
        return
    if last is None and not wire:
        return
    plan = messages.Plan(version=version, rules=rules, sessions=wire)
    to = topics.group(commune)
    kid = ports.sealer.kid(plan.TYPE)
    seq = db.next_counter(f"{kid} {to} {plan.TYPE}")
    sealed = ports.sealer.seal(seq, to_ms(now), to_ms(now + AHEAD), to, plan)
    db.put_agenda(AgendaRecord(commune, version, content, now))
    db.post(Outgoing(topics.topic(to, topics.PLAN), sealed, retain=True))
    log.info("plan %d of %s sealed: %d sessions", version, commune, len(wire))
    ports.wake()


def _on_wire(session: BroadcastSession) -> messages.Session:
    programme = session.programme
    assert programme is not None
    item = messages.Item(media=programme.media, bytes=programme.bytes, frames=programme.frames)
    return messages.Session(id=session.id, at_ms=to_ms(session.start_at), length_ms=session.duration_ms,
                            urgency=session.urgency, poles=list(session.clusters), items=[item])


def _pole_rules(ports: Ports, db: Db, commune: str) -> messages.Rules:
    """What the poles of a commune keep by themselves. Classes may be mixed: the widest cap binds here,
    the head-end has judged each cluster by its own."""
    caps = [ports.book.max_seconds(one.area_class)[1] for one in db.clusters(commune)]
    return messages.Rules(max_session_seconds=max(caps, default=15 * 60))


def _move_with_clock(ports: Ports) -> None:
    """Begin and end sessions by the clock; end planned ones whose time has gone by."""
    now = ports.clock.now()
    due = _in_states(ports, SessionState.PLANNED, SessionState.SEALED, SessionState.ON_AIR)
    for seen in due:
        if now < seen.start_at:
            continue
        with ports.db() as db:
            session = db.session(seen.id, lock=True)
            if session is None:
                continue
            moved = _moved(session, now)
            if moved is not session:
                settle(ports, db, moved)


def _moved(session: BroadcastSession, now: datetime) -> BroadcastSession:
    if session.state is SessionState.PLANNED and now >= session.start_at:
        return move(session, "refuse", "Không được duyệt trước giờ phát.")
    if session.state is SessionState.SEALED and now >= session.start_at:
        session = move(session, "begin")
    if session.state is SessionState.ON_AIR and now >= session.end_at:
        session = move(session, "end")
    return session
