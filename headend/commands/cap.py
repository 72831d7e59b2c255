"""Read a warning of the Common Alerting Protocol, as the head-end would, and change nothing.

`loa cap check FILE` says what it is, who signed it, what would be spoken and (with --data) whom it would reach.
"""

import argparse
import json
import os
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from headend import settings
from headend.adapters import cap
from headend.adapters.clock import SystemClock
from headend.adapters.db import Database
from headend.cli import BadInput, Refused
from headend.domain.alert import Becomes, Info, Received, becomes, ends_at, spoken_infos
from headend.domain.alert_policy import Policy, why_a_person
from headend.domain.alert_reach import Reach, reach
from headend.domain.alert_words import spoken
from headend.domain.areas import Cluster, Commune
from headend.domain.times import hanoi
from headend.ports import Unavailable

CALLED = {Becomes.EMERGENCY: "khẩn cấp", Becomes.DRILL: "diễn tập", Becomes.ALL_CLEAR: "hủy cảnh báo",
          Becomes.NOTHING: "không phát"}


@dataclass(frozen=True)
class Checked:
    """What there is to say of a message; `where` and `needs_person` are None where no data folder was given."""

    received: Received
    kind: Becomes
    why_nothing: str
    infos: tuple[Info, ...]
    speech: str
    where: Reach | None
    needs_person: tuple[str, ...] | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", required=True, metavar="check")
    check = deeds.add_parser("check", help="read the CAP 1.2 message in a file")
    check.add_argument("file", type=Path, metavar="FILE", help="the message in XML; - is standard input")
    check.add_argument("--data", type=Path, metavar="DIR", help="the head-end's data folder: whose clusters it would "
                       "reach, and whose certificates are trusted (DIR/cap-senders/SENDER/*.pem)")
    check.add_argument("--senders", type=Path, metavar="DIR", help="trusted certificates elsewhere: DIR/SENDER/*.pem")
    check.add_argument("--at", type=_instant, metavar="INSTANT", help="judge it as of then: 2026-03-02T06:30:00+07:00")
    check.add_argument("--json", action="store_true", help="print one JSON object")


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"an instant with its zone is expected, not {text!r}")
    return at


def run(args: argparse.Namespace) -> int:
    """Exit 0 when something may become of it, 1 when nothing does or its signature is not good; BadInput where it is
    no CAP that is taken.
    """
    communes, clusters, offset_ms = _places(args.data)
    now = args.at or SystemClock(offset_ms).now()
    received = _received(args, now)
    checked = _check(received, now, None if args.data is None else (communes, clusters))
    print(json.dumps(_object(checked), ensure_ascii=False) if args.json else _told(checked))
    return 1 if checked.kind is Becomes.NOTHING else 0


def _received(args: argparse.Namespace, now: datetime) -> Received:
    senders = args.senders or (args.data and args.data / "cap-senders")
    try:
        trusted = cap.Trusted.of(senders) if senders else cap.Trusted({})
        raw = sys.stdin.buffer.read() if str(args.file) == "-" else args.file.read_bytes()
    except (OSError, ValueError) as why:
        raise BadInput(str(why)) from why
    try:
        return cap.read(raw, now, trusted)
    except cap.BadCap as why:
        raise BadInput(f"{args.file}: {why}") from why
    except cap.Doubtful as why:
        raise Refused(f"{args.file}: {why}") from why


def _places(folder: Path | None) -> tuple[list[Commune], list[Cluster], int]:
    """Communes and clusters of a head-end, and how far its clock is shifted; nothing is made or migrated."""
    if folder is None:
        return [], [], 0
    if not folder.is_dir():
        raise BadInput(f"{folder}: there is no such folder")
    set_ = settings.read({**os.environ, "LOA_DATA": str(folder)})
    file = set_.database.removeprefix("sqlite:///")
    if file != set_.database and not Path(file).is_file():
        raise BadInput(f"{folder}: no head-end has run with this data folder")
    database = Database(set_.database)
    try:
        with database.transaction(readonly=True) as db:
            return db.communes(), db.clusters(), set_.clock_offset_ms
    except (Unavailable, DBAPIError) as why:
        raise Refused(f"{folder}: the database can not be read: {str(why).splitlines()[0]}") from why
    finally:
        database.close()


def _check(received: Received, now: datetime, places: tuple[list[Commune], list[Cluster]] | None) -> Checked:
    alert, signer = received.alert, received.signer
    kind, why = becomes(alert, now)
    infos = spoken_infos(alert, now)
    where = reach(infos, *places) if places else None
    # As if the commune let this sender's messages sound: what would still stand in the way.
    policy = Policy(senders=frozenset({signer.sender} if signer else ()))
    return Checked(received, kind, why, infos, spoken(alert, infos, kind), where,
                   where and why_a_person(received, policy, where, now))


def _object(checked: Checked) -> dict[str, Any]:
    alert, signer, where = checked.received.alert, checked.received.signer, checked.where
    return {
        "identifier": alert.identifier, "sender": alert.sender, "sent": alert.sent_at.isoformat(),
        "status": alert.status, "msg_type": alert.msg_type, "scope": alert.scope,
        "references": [{"sender": one.sender, "identifier": one.identifier, "sent": one.sent_at.isoformat()}
                       for one in alert.references],
        "becomes": checked.kind, "why_nothing": checked.why_nothing or None,
        "signed_by": signer.sender if signer else None,
        "certificate_sha256": signer.certificate_sha256 if signer else None,
        "infos": [{"language": one.language, "event": one.event, "urgency": one.urgency, "severity": one.severity,
                   "certainty": one.certainty, "ends": ends_at(alert, one).isoformat(),
                   "spoken": one in checked.infos} for one in alert.infos],
        "speech": checked.speech,
        "reach": where and {"communes": list(where.communes), "clusters": [one.id for one in where.clusters],
                            "suspended": [one.id for one in where.suspended], "unplaced": list(where.unplaced)},
        "needs_person": None if checked.needs_person is None else list(checked.needs_person),
    }


def _told(checked: Checked) -> str:
    alert, signer, where = checked.received.alert, checked.received.signer, checked.where
    lines = [f"{alert.identifier} của {alert.sender}, gửi {_time(alert.sent_at)}: {CALLED[checked.kind]}"]
    if checked.why_nothing:
        lines.append(f"  {checked.why_nothing}")
    lines.append(f"  ký bởi {signer.sender}, chứng thư {signer.certificate_sha256[:16]}…" if signer
                 else "  không có chữ ký")
    lines += [f"  {one.event}: {one.severity}, {one.urgency}, {one.certainty}; {one.language}; "
              f"đến {_time(ends_at(alert, one))}" for one in alert.infos]
    if checked.speech:
        lines.append(f"  sẽ đọc: {checked.speech}")
    if where:
        lines.append(f"  địa bàn: {len(where.communes)} xã, phường; {len(where.clusters)} cụm loa"
                     + (f"; tạm dừng: {', '.join(one.name for one in where.suspended)}" if where.suspended else "")
                     + (f"; chưa xác định: {', '.join(where.unplaced)}" if where.unplaced else ""))
    if checked.kind is not Becomes.NOTHING:
        lines += [f"  cần người xác nhận: {one}" for one in checked.needs_person or ()]
    return "\n".join(map(_printable, lines))


def _printable(line: str) -> str:
    """Nothing that a stranger wrote moves the cursor of a terminal or makes a line of its own."""
    return "".join(one if one.isprintable() else " " for one in line)


def _time(at: datetime) -> str:
    return f"{hanoi(at):%H:%M %d/%m/%Y}"
