"""Văn bản chỉ đạo: recorded with its scan by who received it, called upon by sessions, withdrawn when it ends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from headend.domain import directive as life
from headend.domain.directive import Directive, Scan
from headend.domain.errors import BadInput, NotFound
from headend.domain.person import EVERYWHERE, Person, may, require
from headend.domain.session import BroadcastSession
from headend.domain.times import day_of, start_of
from headend.ports import AuditEntry, Db, Ports
from headend.services.board import unit_of
from headend.services.places import law_changed

# What a paper is scanned as: its first bytes, its type.
SCANS = ((b"%PDF-", "application/pdf"), (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))
MOST_DAYS, MOST_COMMUNES = timedelta(days=92), 12  # that are searched for what calls upon a directive
MOST_SCAN = 20 * 1024 * 1024


@dataclass(frozen=True)
class Told:
    """A directive as somebody writes it down; `communes` codes, or EVERYWHERE for the whole city."""

    issuer: str
    number: str
    dated: date
    lifts: Sequence[str]
    communes: Sequence[str]
    from_day: date
    to_day: date
    subject: str = ""


def liftable(ports: Ports) -> list[str]:
    """Ids of all rules that a directive may lift, of any rule-set."""
    return sorted({one.id for book in ports.books.values() for one in book.rules.values() if one.liftable})


def record(ports: Ports, person: Person, told: Told, scan: Path | None = None, scan_name: str = "") -> Directive:
    """Write a directive down; a copy of its scan is kept. Raises BadInput, NotAllowed.

    Who belongs to one commune records what reaches that commune only.
    """
    for commune in told.communes:
        require(person, "directive.write", commune)
    now = ports.clock.now()
    directive = Directive(ports.new_id(), told.issuer.strip(), told.number.strip(), told.dated,
                          tuple(dict.fromkeys(told.lifts)), tuple(dict.fromkeys(told.communes)), told.from_day,
                          told.to_day, told.subject.strip()[:life.MOST_WORDS], author=person.username, created_at=now)
    life.check(directive, liftable(ports))
    with ports.db(readonly=True) as db:
        _known_communes(db, directive.communes)
    if scan is not None:
        directive = replace(directive, scan=_keep_scan(ports, scan, scan_name))
    with ports.db() as db:
        _keep(ports, db, person, directive, "directive.record")
    return directive


def withdraw(ports: Ports, person: Person, directive_id: str) -> Directive:
    """It lifts nothing any more; what rests on it and has not begun is judged again at once."""
    with ports.db() as db:
        directive = _known(db, directive_id)
        for commune in directive.communes:
            require(person, "directive.write", commune)
        directive = life.withdraw(directive, ports.clock.now())
        _keep(ports, db, person, directive, "directive.withdraw")
        law_changed(ports, db, _reached(db, directive))
    ports.wake()
    return directive


def get(ports: Ports, person: Person, directive_id: str) -> Directive:
    """One directive, or NotFound, also where it does not reach the person's unit."""
    with ports.db(readonly=True) as db:
        directive = _known(db, directive_id)
    if not _may_see(person, directive):
        raise NotFound("Không có văn bản này.")
    return directive


def all_of(ports: Ports, person: Person) -> list[Directive]:
    """Those that reach the person's unit, the newest first."""
    require(person, "directive.see", person.unit)
    with ports.db(readonly=True) as db:
        return db.directives(unit_of(person))


def usable(ports: Ports, person: Person, commune: str) -> list[Directive]:
    """Those that a session or bulletin of a commune can call upon: in force today or later."""
    require(person, "directive.see", commune)
    with ports.db(readonly=True) as db:
        found = db.directives(commune, day_of(ports.clock.now()))
    return [one for one in found if one.withdrawn_at is None]


def called_upon(ports: Ports, person: Person, directive: Directive) -> list[BroadcastSession]:
    """The sessions of the person's unit that call upon it, themselves or by one of their bulletins, soonest first.

    Looked for in the first MOST_DAYS of its days; for the city in the communes that it names, not in all of them.
    """
    first = start_of(directive.from_day)
    last = min(start_of(directive.to_day), first + MOST_DAYS) + timedelta(days=1)
    communes = directive.communes[:MOST_COMMUNES] if person.unit == EVERYWHERE else (person.unit,)
    with ports.db(readonly=True) as db:
        found = [one for code in communes for one in db.sessions(code, start_from=first, start_to=last)]
        told = db.bulletins_of(sorted({bulletin for one in found for bulletin in one.bulletins}))
    return [one for one in found if directive.id in
            {one.directive, *(told[bulletin].directive for bulletin in one.bulletins if bulletin in told)}]


def scan(ports: Ports, person: Person, directive_id: str) -> tuple[Path, Scan]:
    """The paper itself, as it was uploaded. NotFound where there is none."""
    directive = get(ports, person, directive_id)
    if directive.scan is None:
        raise NotFound("Văn bản này không kèm bản quét.")
    return ports.papers.path(directive.scan.sha256), directive.scan


def _keep_scan(ports: Ports, path: Path, name: str) -> Scan:
    with path.open("rb") as file:
        head = file.read(16)
    media_type = next((kind for magic, kind in SCANS if head.startswith(magic)), None)
    if media_type is None:
        raise BadInput("Bản quét phải là tệp PDF, JPEG hoặc PNG.", "scan")
    if path.stat().st_size > MOST_SCAN:
        raise BadInput(f"Bản quét lớn nhất {MOST_SCAN // 1024 // 1024} MB.", "scan")
    return Scan(ports.papers.keep(path), name[:120], media_type)


def _may_see(person: Person, directive: Directive) -> bool:
    if person.unit == EVERYWHERE:
        return may(person, "directive.see", EVERYWHERE)
    return directive.reaches(person.unit) and may(person, "directive.see", person.unit)


def _known(db: Db, directive_id: str) -> Directive:
    found = db.directive(directive_id)
    if found is None:
        raise NotFound("Không có văn bản này.")
    return found


def _known_communes(db: Db, codes: Iterable[str]) -> None:
    strange = [one for one in codes if one != EVERYWHERE and db.commune(one) is None]
    if strange:
        raise BadInput(f"Không có đơn vị {strange[0]}.", "communes")


def _reached(db: Db, directive: Directive) -> list[str]:
    """The communes with poles among those that it speaks to."""
    here = sorted({one.commune for one in db.clusters()})
    return [one for one in here if directive.reaches(one)]


def _keep(ports: Ports, db: Db, person: Person, directive: Directive, action: str) -> None:
    db.put_directive(directive)
    db.record(AuditEntry(ports.clock.now(), person.username, action, directive.id, directive.title))
    db.touch("directives")
