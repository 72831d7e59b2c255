"""Thirty days of a pole's life without a restart, in virtual time on the ESP32's object model."""

import hashlib
import json

import pytest

from protocol import messages
from simulator.runtime import rom
from tests.support import keys
from tests.support.headside import encode, noise
from tests.support.project import ROOT
from tests.support.twins import run_on, runtime

pytestmark = pytest.mark.long

BEGIN_MS = 1_767_200_400_000  # 00:00 in Hà Nội, 2026-01-01
DAY_MS = 86_400_000
AT_MINUTES = (6 * 60, 17 * 60)  # two sessions a day
SECONDS = 4
HEAP = "144K"  # the pole's, and what stands for the head-end in the same process
GROUP = "g/00070"
TOLERANCE_MS = 5  # of the sounds' instants: a clock that hears from its head-end over 20 to 40 ms each way
GROWN_BYTES = 1000
COLLECTED_BYTES = 4096  # half of what may be allocated between two collections


def written(folder, days: int) -> list[int]:
    """The world of so many days; the instants (ms) at which something has to sound."""
    (folder / "media").mkdir(parents=True)
    size, items = messages.CHUNK_BYTES, []
    for day in range(days + 8):
        raw = encode(noise(SECONDS, seed=day))
        hashes = b"".join(hashlib.sha256(raw[at : at + size]).digest() for at in range(0, len(raw), size))
        digest = hashlib.sha256(hashes).hexdigest()
        (folder / "media" / digest).write_bytes(raw)
        (folder / "media" / (digest + ".chunks")).write_bytes(hashes)
        items.append(messages.Item(media=digest, bytes=len(raw), frames=SECONDS * messages.RATE))
    sessions = [
        messages.Session(
            id=f"d{day}-{minute}", at_ms=BEGIN_MS + day * DAY_MS + minute * 60_000, length_ms=SECONDS * 1000,
            items=[items[day]],
        )
        for day in range(days + 8)
        for minute in AT_MINUTES
    ]
    (folder / "plans").mkdir()
    for day in range(days + 1):
        now_ms = BEGIN_MS + day * DAY_MS
        week = [one for one in sessions if now_ms <= one.at_ms < now_ms + 7 * DAY_MS]
        plan = messages.Plan(version=day + 1, rules=[messages.Rules()], sessions=week)
        sealed = keys.order(GROUP, day + 1, plan, now_ms, lasts_ms=2 * DAY_MS)
        (folder / "plans" / str(day)).write_bytes(sealed)
    broker = {"host": "10.0.0.1", "port": 1883}
    profile = keys.profile("p1", broker=broker, media="http://10.0.0.1:80/m", time=("10.0.0.1", 1), groups=("00070",))
    (folder / "given.json").write_text(json.dumps({"profile": profile, "begin_ms": BEGIN_MS}))
    return [one.at_ms for one in sessions if one.at_ms < BEGIN_MS + days * DAY_MS]


def live(folder, days: int, heap: str = HEAP) -> dict:
    """What the days were like."""
    kind = runtime("micropython-i386")
    script = ROOT / "tests" / "twin" / "month_runner.py"
    return run_on("micropython-i386", script, rom(kind.arch, small=False), folder, days, heap=heap, limit=580)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("days", [30])
def test_a_pole_that_lives_for_a_month_neither_grows_nor_loses_its_time(days, tmp_path):
    expected = written(tmp_path, days)
    told = live(tmp_path, days)
    assert told["boots"] == 1
    sounded = [int(line) / 1000 + BEGIN_MS for line in (tmp_path / "sounded").read_text().splitlines()]
    assert len(sounded) == len(expected) == 2 * days
    assert max(abs(at - due) for at, due in zip(sounded, expected, strict=True)) < TOLERANCE_MS
    assert told["kinds"]["finished"] == 2 * days and told["kinds"].keys() <= set(KINDS), told["kinds"]
    assert told["hungry_ms"] < 10_000
    assert max(told["live"][3:]) < told["live"][2] + GROWN_BYTES, told["live"]
    # The most at any moment hangs on when the collector last ran: the first ten days against the last ten.
    assert max(told["peak"][-10:]) < max(told["peak"][2:12]) + COLLECTED_BYTES, told["peak"]


KINDS = ("received", "ready", "begun", "started", "finished")
