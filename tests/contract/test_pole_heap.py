"""Everything at once in a small heap of 32-bit objects: 112 KB, what a plain ESP32 has."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from headend.adapters.broker import MosquittoBroker
from headend.adapters.broker.certs import Authority
from headend.adapters.broker.mosquitto import BrokerTls
from protocol import messages
from simulator.runtime import find_runtime
from tests.conftest import program
from tests.contract.test_pole_fetch import audio, plan_far_ahead
from tests.support.headside import decode, encode, noise
from tests.support.street import Street, assert_heard, sleep_until
from tests.support.twins import runtime

WEEK = 14  # sessions: seven days with the two that the law allows


@dataclass(frozen=True)
class Board:
    """`live_bytes`: what may be in use at the end, after a collection."""

    heap: str
    live_bytes: int
    sessions: int
    box: bool = False
    tls: bool = False


LITE = Board("112K", 92_000, WEEK)
OVER_TLS = Board("160K", 94_000, WEEK, tls=True)
WITH_PSRAM = Board("192K", 140_000, messages.MAX_SESSIONS)  # far less than a board with PSRAM has
FEELS = Board("192K", 140_000, WEEK, box=True)


BOARDS = {"112K": LITE, "160K, TLS": OVER_TLS, "192K": WITH_PSRAM, "192K, it feels itself": FEELS}


@pytest.mark.slow
@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_a_full_agenda_orders_a_download_telemetry_and_playing_together_fit_the_heap(tmp_path, board):
    assert runtime("micropython-i386").heap == LITE.heap
    small = find_runtime("micropython-i386", board.heap)
    authority = Authority(tmp_path / "ca", datetime.now(UTC))
    tls = BrokerTls(authority, authority.issue_server("broker", ["127.0.0.1"])) if board.tls else None
    with (
        MosquittoBroker(tmp_path / "broker", argv=program("mosquitto").argv, tls=tls) as broker,
        Street(tmp_path, small, broker, {"ca": str(authority.certificate)} if tls else False) as street,
    ):
        pole = street.pole(box=board.box)
        raw = encode(noise(8))
        source = decode(raw)[: 8 * messages.RATE]
        session = street.session(source, raw, in_seconds=3)
        week = [session, *(later(session, day) for day in range(1, board.sessions))]
        street.desk.plan("00070", week)
        street.desk.wait_for("p1", "ready", "s1")
        street.media.delay_seconds = 0.05
        download = plan_far_ahead(street, audio(60, 9), "s2")
        street.desk.plan("all", [download])
        sleep_until(session.at_ms)
        while time.time() * 1000 < session.at_ms + session.length_ms:
            street.desk.stop("p/p1", "nothing")
            street.desk.plan("00070", week)
            time.sleep(0.25)
        street.desk.wait_for("p1", "finished", "s1")
        assert street.desk.telemetry["p1"]
        (capture,) = pole.captures()
        assert_heard(capture, source, session.at_ms)
        assert capture.underruns == 0
        street.desk.wait_for("p1", "ready", "s2", seconds=60)
        assert len({state.boot for state in street.desk.states["p1"]}) == 1
        pole.stop()
        assert "not taken" not in pole.log and "too big" not in pole.log
        live = int(re.search(r"(\d+) bytes of heap in use", pole.log)[1])
        assert live < board.live_bytes, pole.log


def later(session: messages.Session, day: int) -> messages.Session:
    """The same programme on another day."""
    return messages.Session(
        id=f"{session.id}-{day}",
        at_ms=session.at_ms + day * 86_400_000,
        length_ms=session.length_ms,
        items=session.items,
    )
