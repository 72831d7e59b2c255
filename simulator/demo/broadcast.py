"""One broadcast of the demonstration: people press, poles play, a stranger forges; and what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from headend.adapters import audio
from headend.domain.person import Role
from headend.domain.session import SessionState
from headend.domain.times import HANOI, hanoi, to_ms
from headend.ports import Outgoing
from protocol import messages, seal, topics
from simulator import listen
from simulator.demo import city as city_
from simulator.demo import evidence
from simulator.demo.desk import Desk
from simulator.demo.stage import Stage, StageFailed, TimedOut

TITLE = "Lịch tiêm chủng và thu gom rác cồng kềnh"
TEXT = ("Kính thưa bà con. Sáng thứ bảy tuần này, trạm y tế tổ chức tiêm chủng cho trẻ em, "
        "từ bảy giờ ba mươi đến mười một giờ. Chiều chủ nhật, xe thu gom rác cồng kềnh sẽ đến từng ngõ. "
        "Đề nghị bà con để đồ gọn trước cửa nhà. Xin cảm ơn.")


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


def air(stage: Stage, audio_file: Path | None, text: str = TEXT) -> list[Aired]:
    """Two people of each station press their buttons; all stations go on air at the same instant."""
    made = [_make_bulletin(stage, one.code, audio_file, text) for one in stage.plot.city.stations]
    longest_ms = max(stage.house.ports.sound.programme_ms([told["duration_ms"]]) for _, told in made)
    start_at = _start_at(stage, longest_ms)
    return [_plan_and_approve(stage, broadcaster, told, start_at) for broadcaster, told in made]


def _make_bulletin(stage: Stage, commune: str, audio_file: Path | None, text: str) -> tuple[Desk, dict[str, Any]]:
    broadcaster = desk_of(stage, Role.BROADCASTER, commune)
    words = {"commune": commune, "title": TITLE if audio_file is None else audio_file.name[:100], "field": "local_news"}
    if audio_file is None:
        told = broadcaster.post("/api/bulletins", {**words, "text": text})
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
    except TimedOut:
        stage.say("not every pole has told its end; measuring what was heard")


def soundings(stage: Stage, aired: list[Aired], audio_file: Path | None) -> list[evidence.Sounding]:
    """Compare each pole's sink with the recording as it was handed in."""
    found = []
    for one in aired:
        with stage.house.ports.db() as db:
            session, bulletin = db.session(one.session), db.bulletin(one.bulletin)
        assert session and bulletin and session.programme
        source = listen.decode(audio_file or stage.house.ports.sound.recording(bulletin.sha256))
        programme = audio.decode_media(stage.house.ports.sound.media(session.programme.media), session.programme.frames)
        planned_us = (to_ms(session.start_at) - stage.plot.offset_ms) * 1000
        for pole in session.clusters:
            captures = stage.fleet.poles[pole].captures()
            found.append(evidence.listen_to(pole, captures, planned_us, source, programme))
    return found


def forge(stage: Stage) -> str:
    """Publish, with the head-end's own rights at the broker, a plan that a stranger has sealed; returns its session."""
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kid = stage.house.ports.sealer.kid(messages.Plan.TYPE)
    now_ms = to_ms(stage.house.ports.clock.now())
    item = messages.Item(media="00" * 32, bytes=messages.BLOCK_BYTES, frames=messages.BLOCK_FRAMES)
    session = messages.Session(id="forged", at_ms=now_ms + 3000, length_ms=1000, items=[item])
    plan = messages.Plan(version=1 << 30, rules=[messages.Rules()], sessions=[session])
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
    except TimedOut:
        stage.say(f"not every pole has refused the forged order “{forged}”")
    return count()
