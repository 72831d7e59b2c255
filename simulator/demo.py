"""Show the whole system at work on this machine: a city, its head-end, its poles, and a bulletin on air.

Without --once it stays until Ctrl-C; with --once it measures what the poles really sounded and ends.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from headend.adapters import audio
from headend.cli import BadInput, Refused
from headend.domain.person import Role
from headend.domain.session import SessionState
from headend.domain.times import HANOI, hanoi, to_ms
from headend.ports import Outgoing
from protocol import messages, seal, topics
from simulator import city as city_
from simulator import desk, evidence, listen, programs
from simulator.desk import Desk
from simulator.fleet import Runtime, find_runtime
from simulator.stage import Plot, Stage, StageFailed, free_port

MOST_POLES = 200
PORT = 8000
TITLE = "Lịch tiêm chủng và thu gom rác cồng kềnh"
TEXT = ("Kính thưa bà con. Sáng thứ bảy tuần này, trạm y tế tổ chức tiêm chủng cho trẻ em, "
        "từ bảy giờ ba mươi đến mười một giờ. Chiều chủ nhật, xe thu gom rác cồng kềnh sẽ đến từng ngõ. Đề nghị bà con để đồ gọn trước cửa nhà. Xin cảm ơn.")

Say = Callable[[str], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="send one bulletin, measure what was heard, and end")
    parser.add_argument("--json", action="store_true", help="print one JSON object (with --once)")
    parser.add_argument("--audio", type=Path, metavar="FILE", help="send this recording instead of the spoken sample")
    parser.add_argument("--poles", type=int, default=city_.DEFAULT_POLES, metavar="N",
                        help=f"number of virtual poles, 1 to {MOST_POLES} (default {city_.DEFAULT_POLES})")
    parser.add_argument("--port", type=int, help=f"port of the page (default {PORT}; with --once a free one)")
    parser.add_argument("--runtime", choices=("auto", "micropython", "cpython"), default="auto",
                        help="what runs the poles' firmware (default: MicroPython where it can be had)")
    parser.add_argument("--data", type=Path, default=Path(".loa/demo"), metavar="DIR",
                        help="where the demonstration keeps its files; made anew at each start (default .loa/demo)")


def run(args: argparse.Namespace) -> int:
    """Exit 0 if every pole was heard and refused the forged order, 1 if not."""
    _check(args)
    begun = time.monotonic()
    say: Say = lambda line: print(f"loa demo: {line}", file=sys.stderr, flush=True)  # noqa: E731
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)
    # A working morning, whatever the hour outside; shortly before noon where somebody will want to plan by hand.
    offset_ms = working_day_offset_ms(6) if args.once or args.audio else working_day_offset_ms(11, 50)
    plot = Plot(args.data.absolute(), city_.build(args.poles), _runtime(args.runtime, say), offset_ms,
                args.port or (free_port() if args.once else PORT))
    try:
        with Stage(plot, say) as stage:
            if args.once:
                return _once(stage, args, begun)
            return _stay(stage, args)
    except StageFailed as why:
        raise Refused(str(why)) from why
    except desk.Refused as why:
        raise Refused(f"the head-end refused: {why}") from why


def _check(args: argparse.Namespace) -> None:
    if not 1 <= args.poles <= MOST_POLES:
        raise BadInput(f"--poles takes a whole number from 1 to {MOST_POLES}")
    if args.audio and not args.audio.is_file():
        raise BadInput(f"there is no file {args.audio}; give --audio the path of a recording")
    if args.json and not args.once:
        raise BadInput("--json goes with --once")
    if args.port is not None and not 1 <= args.port <= 65535:
        raise BadInput("--port takes a whole number from 1 to 65535")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _runtime(wanted: str, say: Say) -> Runtime:
    """MicroPython where it is found or can be unpacked, else CPython; says which."""
    if wanted == "auto" and programs.find("micropython") is None:
        try:
            programs.bring("micropython", say)
        except programs.Missing as why:
            say(f"no MicroPython here ({why}); the poles run the same files under CPython")
            wanted = "cpython"
    return find_runtime(wanted)


def working_day_offset_ms(hour: int, minute: int = 0) -> int:
    """What shifts the host's clock to this hour, Hà Nội time, of today or, at a week-end, of Monday."""
    now = datetime.now(HANOI)
    days = (7 - now.weekday()) if now.weekday() >= 5 else 0
    shown = (now + timedelta(days=days)).replace(hour=hour, minute=minute, second=0, microsecond=0)
    return to_ms(shown) - to_ms(now)


@dataclass(frozen=True)
class Aired:
    """A session that the demonstration planned at one station."""

    commune: str
    session: str
    bulletin: str


def air(stage: Stage, audio_file: Path | None) -> list[Aired]:
    """Two people of each station press their buttons; all stations go on air at the same instant."""
    made = [_make_bulletin(stage, one.code, audio_file) for one in stage.plot.city.stations]
    longest_ms = max(stage.house.ports.sound.programme_ms([told["duration_ms"]]) for _, told in made)
    start_at = _start_at(stage, longest_ms)
    return [_plan_and_approve(stage, broadcaster, told, start_at) for broadcaster, told in made]


def _make_bulletin(stage: Stage, commune: str, audio_file: Path | None) -> tuple[Desk, dict[str, Any]]:
    broadcaster = desk_of(stage, Role.BROADCASTER, commune)
    words = {"commune": commune, "title": TITLE if audio_file is None else audio_file.name[:100], "field": "notice"}
    if audio_file is None:
        told = broadcaster.post("/api/bulletins", {**words, "text": TEXT})
    else:
        told = broadcaster.upload("/api/bulletins", words, audio_file)
    broadcaster.post(f"/api/bulletins/{told['id']}/submit")
    return broadcaster, told


def _plan_and_approve(stage: Stage, broadcaster: Desk, told: dict[str, Any], start_at: datetime) -> Aired:
    session = broadcaster.post("/api/sessions", {"commune": told["commune"], "start_at": start_at.isoformat(),
                                                 "clusters": [], "bulletins": [told["id"]]})
    desk_of(stage, Role.APPROVER, told["commune"]).post(f"/api/bulletins/{told['id']}/approve")
    return Aired(told["commune"], session["id"], told["id"])


def desk_of(stage: Stage, role: Role, commune: str) -> Desk:
    return Desk(stage.base, stage.plot.city.person(role, commune).username, city_.PASSWORD)


def _start_at(stage: Stage, length_ms: int) -> datetime:
    """As soon as order and audio can have arrived everywhere; not over noon, where the half-days meet."""
    poles, stations = len(stage.plot.city.clusters), len(stage.plot.city.stations)
    lead = timedelta(seconds=8 + 0.15 * poles + 1.5 * stations + length_ms / 30_000)
    start = (stage.house.clock.now() + lead).replace(microsecond=0)
    local, length = hanoi(start), timedelta(milliseconds=length_ms)
    noon = local.replace(hour=12, minute=0, second=0)
    return noon if local < noon < local + length else local


def _stay(stage: Stage, args: argparse.Namespace) -> int:
    stage.say(f"open {stage.base} — log in with one press; Ctrl-C ends the demonstration")
    try:
        stage.wait(stage.opened, "the page to be opened", 365 * 24 * 3600)
        for one in air(stage, args.audio):
            stage.say(f"a bulletin is on its way: {stage.base}/sessions/{one.session}")
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        stage.say("ending")
        return 0


def _once(stage: Stage, args: argparse.Namespace, begun: float) -> int:
    aired = air(stage, args.audio)
    forged = forge(stage)
    stage.say("waiting for the broadcast to end and for every receipt")
    wait_for_end(stage, aired)
    found = evidence.summary(soundings(stage, aired, args.audio))
    refusing = refused(stage, forged)
    with stage.house.ports.db() as db:
        receipts = sum(len(db.receipts(session=one.session)) for one in aired)
    found |= {"receipts": receipts, "refused_unsigned": refusing, "seconds": round(time.monotonic() - begun, 1),
              "runtime": stage.plot.runtime.name}
    print(json.dumps(found) if args.json else "\n".join(f"{name}: {value}" for name, value in found.items()))
    return 0 if found["heard"] == found["poles"] == refusing else 1


def wait_for_end(stage: Stage, aired: list[Aired]) -> None:
    ports = stage.house.ports
    with ports.db() as db:
        sessions = [db.session(one.session) for one in aired]
    seconds = max((one.end_at - ports.clock.now()).total_seconds() for one in sessions if one)

    def over() -> bool:
        with ports.db() as db:
            states = [one.state for one in map(db.session, (a.session for a in aired)) if one]
            told = [one.kind for a in aired for one in (r.receipt for r in db.receipts(session=a.session))]
        if any(state is SessionState.REFUSED for state in states):
            raise StageFailed("a session was refused after approval; see the page of the session")
        ended = sum(kind in (messages.FINISHED, messages.STOPPED, messages.MISSED, messages.REFUSED) for kind in told)
        return all(state is SessionState.DONE for state in states) and ended >= len(stage.plot.city.clusters)

    try:
        stage.wait(over, "the last receipts", max(0.0, seconds) + 30)
    except StageFailed as why:
        if "in vain" not in str(why):
            raise
        stage.say("not every pole has told its end; measuring what was heard")


def soundings(stage: Stage, aired: list[Aired], audio_file: Path | None) -> list[evidence.Sounding]:
    """Compare each pole's sink with the recording as it was handed in."""
    soundings = []
    for one in aired:
        with stage.house.ports.db() as db:
            session, bulletin = db.session(one.session), db.bulletin(one.bulletin)
        assert session and bulletin and session.programme
        source = listen.decode(audio_file or stage.house.ports.sound.recording(bulletin.sha256))
        programme = audio.decode_media(stage.house.ports.sound.media(session.programme.media), session.programme.frames)
        planned_us = (to_ms(session.start_at) - stage.plot.offset_ms) * 1000
        for pole in session.clusters:
            soundings.append(evidence.listen_to(pole, stage.fleet.poles[pole].captures(), planned_us, source, programme))
    return soundings


def forge(stage: Stage) -> str:
    """Publish, with the head-end's own rights at the broker, a plan that a stranger has sealed; returns its session."""
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kid = stage.house.ports.sealer.kid(messages.Plan.TYPE)
    now_ms = to_ms(stage.house.ports.clock.now())
    item = messages.Item(media="00" * 32, bytes=messages.BLOCK_BYTES, frames=messages.BLOCK_FRAMES)
    session = messages.Session(id="forged", at_ms=now_ms + 3000, length_ms=1000, items=[item])
    plan = messages.Plan(version=1 << 30, rules=messages.Rules(), sessions=[session])
    with stage.house.ports.db() as db:
        for commune in stage.plot.city.stations:
            to = topics.group(commune.code)
            body = seal.body(1 << 40, now_ms, now_ms + 600_000, to, plan)
            signature = stranger.sign(seal.signed_bytes(kid, body), padding.PKCS1v15(), hashes.SHA256())
            db.post(Outgoing(topics.topic(to, topics.ORDER), seal.pack(kid, signature, body)))
    return session.id


def refused(stage: Stage, forged: str) -> int:
    """Poles that told us that they refused an order with a broken seal; waits a little for the last of them."""

    def count() -> int:
        with stage.house.ports.db() as db:
            told = [one.receipt for one in db.receipts(kinds=(messages.REFUSED,))]
        return len({one.pole for one in told if one.why == "seal"})

    try:
        stage.wait(lambda: count() == len(stage.plot.city.clusters), "all poles to refuse the forged order", 15)
    except StageFailed:
        stage.say(f"not every pole has refused the forged order “{forged}”")
    return count()
