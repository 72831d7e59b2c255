"""Bản tin: made by one person, approved by another; the approval frees the sessions that waited for it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from headend.domain import bulletin as life
from headend.domain import session as session_life
from headend.domain.bulletin import FIELDS, KINDS, About, Bulletin, BulletinState
from headend.domain.errors import BadInput, NotFound
from headend.domain.lawful import Unlawful, Verdict, approver_refusal
from headend.domain.person import EVERYWHERE, Person, require
from headend.ports import AuditEntry, Db, Ports, Prepared
from headend.services import sessions
from headend.services.law import book_of
from protocol.machine import can

MOST_TITLE = 120
MOST_TEXT = 20_000


def record(ports: Ports, person: Person, commune: str, about: About, source: Path) -> Bulletin:
    """A bulletin from an uploaded file. `source` is left to the caller to delete. Raises BadInput, NotAllowed."""
    require(person, "bulletin.write", commune)
    about = _checked(ports, about)
    return _create(ports, person, commune, about, "", ports.sound.prepare(source))


def speak(ports: Ports, person: Person, commune: str, about: About, text: str) -> Bulletin:
    """A bulletin from text, spoken by the synthesiser."""
    require(person, "bulletin.write", commune)
    about = _checked(ports, about)
    text = _check_text(text)
    return _create(ports, person, commune, about, text, ports.sound.speak(text))


def describe(ports: Ports, person: Person, bulletin_id: str, about: About) -> Bulletin:
    """Another title, field, kind, event's day or directive: it loses its approval, its sessions wait again."""
    about = _checked(ports, about)
    with ports.db() as db:
        bulletin = _held(db, bulletin_id)
        require(person, "bulletin.write", bulletin.commune)
        bulletin = life.describe(bulletin, about)
        _keep(ports, db, person, bulletin, "bulletin.describe")
        for session in db.sessions_of_bulletin(bulletin_id):
            sessions.bulletin_changed(ports, db, session)
    ports.wake()
    return bulletin


def replace_text(ports: Ports, person: Person, bulletin_id: str, text: str) -> Bulletin:
    """Speak another text instead: the bulletin loses its approval, its sessions wait again."""
    _may_write(ports, person, bulletin_id)
    text = _check_text(text)
    return _replace(ports, person, bulletin_id, text, ports.sound.speak(text))


def replace_recording(ports: Ports, person: Person, bulletin_id: str, source: Path) -> Bulletin:
    """Take another recording instead, likewise. `source` is left to the caller to delete."""
    _may_write(ports, person, bulletin_id)
    return _replace(ports, person, bulletin_id, "", ports.sound.prepare(source))


def _may_write(ports: Ports, person: Person, bulletin_id: str) -> None:
    """Asked before sound is worked on, which takes long."""
    with ports.db(readonly=True) as db:
        require(person, "bulletin.write", _known(db, bulletin_id).commune)


def _replace(ports: Ports, person: Person, bulletin_id: str, text: str, prepared: Prepared) -> Bulletin:
    with ports.db() as db:
        bulletin = life.replace_sound(_held(db, bulletin_id), prepared.sha256, prepared.duration_ms,
                                      prepared.loudness_lufs, text)
        _keep(ports, db, person, bulletin, "bulletin.replace")
        for session in db.sessions_of_bulletin(bulletin_id):
            sessions.bulletin_changed(ports, db, session)
    ports.wake()
    return bulletin


def submit(ports: Ports, person: Person, bulletin_id: str) -> Bulletin:
    """Send for approval."""
    with ports.db() as db:
        bulletin = _held(db, bulletin_id)
        require(person, "bulletin.write", bulletin.commune)
        bulletin = life.submit(bulletin)
        _keep(ports, db, person, bulletin, "bulletin.submit")
    return bulletin


def approve(ports: Ports, person: Person, bulletin_id: str, reasons: Mapping[str, str] | None = None) -> Bulletin:
    """Approve (C-06); sessions whose last open bulletin this was are judged again and freed, in one transaction.

    Raises Unlawful for the author's own, Unconfirmed while the approver has not answered (`reasons`, rule id → why) for
    warnings that came up since a session was planned.
    """
    with ports.db() as db:
        bulletin = _held(db, bulletin_id)
        require(person, "bulletin.approve", bulletin.commune)
        book = book_of(ports, db, bulletin.commune, ports.clock.now())
        refusal = approver_refusal(book, bulletin.id, bulletin.author, person.username)
        if refusal:
            raise Unlawful(Verdict((refusal,)))
        bulletin = life.approve(bulletin, person.username, ports.clock.now())
        _keep(ports, db, person, bulletin, "bulletin.approve")
        for session in db.sessions_of_bulletin(bulletin_id):
            sessions.bulletin_approved(ports, db, session, reasons, person)
    ports.wake()
    return bulletin


def send_back(ports: Ports, person: Person, bulletin_id: str, reason: str) -> Bulletin:
    """Return to the author with a reason."""
    if not reason.strip():
        raise BadInput("Hãy ghi lý do trả lại, để người soạn biết cần sửa gì.", "reason")
    with ports.db() as db:
        bulletin = _held(db, bulletin_id)
        require(person, "bulletin.approve", bulletin.commune)
        bulletin = life.send_back(bulletin, reason.strip()[:400])
        _keep(ports, db, person, bulletin, "bulletin.send_back")
    return bulletin


def withdraw(ports: Ports, person: Person, bulletin_id: str) -> Bulletin:
    """Take it away; sessions that were still to come with it are withdrawn too."""
    with ports.db() as db:
        bulletin = _held(db, bulletin_id)
        require(person, "bulletin.write", bulletin.commune)
        bulletin = life.withdraw(bulletin)
        _keep(ports, db, person, bulletin, "bulletin.withdraw")
        for session in db.sessions_of_bulletin(bulletin_id):
            if can(session_life.LIFE, session.state, "withdraw"):
                sessions.end(ports, db, session, "withdraw", f"Bản tin “{bulletin.title}” đã rút.")
    ports.wake()
    return bulletin


def get(ports: Ports, person: Person, bulletin_id: str) -> Bulletin:
    """One bulletin; NotFound also where the person may not know of it."""
    with ports.db(readonly=True) as db:
        bulletin = _known(db, bulletin_id)
    require(person, "bulletin.see", bulletin.commune)
    return bulletin


def waiting(ports: Ports, person: Person) -> list[Bulletin]:
    """What waits for this person's approval, oldest first."""
    unit = None if person.unit == EVERYWHERE else person.unit
    with ports.db(readonly=True) as db:
        return db.bulletins(unit, states=(BulletinState.SUBMITTED,))[::-1]


def _create(ports: Ports, person: Person, commune: str, about: About, text: str, prepared: Prepared) -> Bulletin:
    bulletin = Bulletin(ports.new_id(), commune, about.title, about.field, text, person.username, BulletinState.DRAFT,
                        prepared.sha256, prepared.duration_ms, prepared.loudness_lufs, ports.clock.now(),
                        kind=about.kind, event_day=about.event_day, directive=about.directive)
    with ports.db() as db:
        if db.commune(commune) is None:
            raise NotFound("Không có đơn vị này.")
        _keep(ports, db, person, bulletin, "bulletin.create")
    return bulletin


def _keep(ports: Ports, db: Db, person: Person, bulletin: Bulletin, action: str) -> None:
    db.put_bulletin(bulletin)
    db.record(AuditEntry(ports.clock.now(), person.username, action, bulletin.id, bulletin.sha256))
    db.touch(f"commune:{bulletin.commune}")


def _known(db: Db, bulletin_id: str) -> Bulletin:
    bulletin = db.bulletin(bulletin_id)
    if bulletin is None:
        raise NotFound("Không có bản tin này.")
    return bulletin


def _held(db: Db, bulletin_id: str) -> Bulletin:
    """The bulletin, nobody else changing it, or the sessions of its station, until the end of the transaction."""
    db.lock_station(_known(db, bulletin_id).commune)
    return db.bulletin(bulletin_id, lock=True) or _known(db, bulletin_id)


def _checked(ports: Ports, about: About) -> About:
    title = about.title.strip()
    if not title:
        raise BadInput("Hãy đặt tên cho bản tin.", "title")
    if len(title) > MOST_TITLE:
        raise BadInput(f"Tên bản tin dài nhất {MOST_TITLE} ký tự.", "title")
    if about.field not in FIELDS:
        raise BadInput("Hãy chọn lĩnh vực của bản tin.", "field")
    if about.kind not in KINDS:
        raise BadInput("Hãy chọn loại nội dung của bản tin.", "kind")
    if about.directive:
        with ports.db(readonly=True) as db:
            if db.directive(about.directive) is None:
                raise BadInput("Không có văn bản chỉ đạo này.", "directive")
    return replace(about, title=title, directive=about.directive or None)


def _check_text(text: str) -> str:
    text = text.strip()
    if not text:
        raise BadInput("Hãy gõ nội dung cần đọc.", "text")
    if len(text) > MOST_TEXT:
        raise BadInput(f"Nội dung dài nhất {MOST_TEXT} ký tự.", "text")
    return text
