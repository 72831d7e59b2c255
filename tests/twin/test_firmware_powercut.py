"""The power goes at every single write of every operation of a pole, on the real littlefs."""

import hashlib
import json

import numpy as np
import pytest

from protocol import messages
from tests.support import keys
from tests.support.project import ROOT
from tests.support.twins import run_on

NOW_MS = 1_767_229_200_000  # 08:00 of a working day in Hà Nội
HOUR_MS = 3_600_000
GROUP = "g/00070"
STORIES = 14


def offered(size: int, seed: int, chunk: int) -> tuple[messages.Item, dict[str, str]]:
    """(item, what a media server has of it) of so many bytes of audio."""
    raw = np.random.default_rng(seed).bytes(size)
    hashes = b"".join(hashlib.sha256(raw[i : i + chunk]).digest() for i in range(0, size, chunk))
    digest = hashlib.sha256(hashes).hexdigest()
    item = messages.Item(media=digest, bytes=size, frames=size // messages.BLOCK_BYTES * messages.BLOCK_FRAMES)
    return item, {digest: raw.hex(), digest + ".chunks": hashes.hex()}


def session(name: str, in_hours: int, *items: messages.Item) -> messages.Session:
    return messages.Session(id=name, at_ms=NOW_MS + in_hours * HOUR_MS, length_ms=60_000, items=list(items))


def given(chunk: int) -> dict:
    """Everything that reaches the pole in these stories."""
    short, media = offered(512, 1, chunk)
    long, more = offered(chunk * 5 // 2 // 512 * 512, 2, chunk)
    now = session("s0", 0, short)
    now.at_ms -= 1000  # it is on air
    one, two, three = session("s1", 1, short), session("s2", 8, long), session("s3", 20, short)
    plans = {
        "plan 0": (1, []),
        "plan 1": (2, [one, two]),
        "plan 2": (3, [one, two, three]),
        "plan 3": (4, [one]),
        "plan 5": (5, [now, one, two]),
        "plan 9": (9, [one, two]),
    }
    orders = {
        name: keys.order(GROUP, seq, messages.Plan(version=seq, rules=[messages.Rules()], sessions=many), NOW_MS)
        for name, (seq, many) in plans.items()
    }
    orders["stop s1"] = keys.order(GROUP, 1, messages.Stop(session="s1"), NOW_MS)
    orders["stop s9"] = keys.order(GROUP, 2, messages.Stop(session="s9"), NOW_MS)
    orders["forged"] = keys.order(GROUP, 50, messages.Stop(session="s1"), NOW_MS, key="stranger")
    nowhere = {"broker": {"host": "127.0.0.1", "port": 1}, "media": "http://127.0.0.1/media", "time": ("127.0.0.1", 1)}
    return {
        "now_ms": NOW_MS,
        "profile": keys.profile("p1", **nowhere, groups=("00070",)),
        "orders": {name: raw.hex() for name, raw in orders.items()},
        "sessions": {name: [one.id for one in many] for name, (_, many) in plans.items()},
        "media": {**media, **more},
        "short": short.media,
        "long": long.media,
    }


def cut_everywhere(runtime: str, tmp_path, chunk: int, ways: int) -> dict:
    path = tmp_path / "given.json"
    path.write_text(json.dumps(given(chunk)))
    return run_on(runtime, ROOT / "tests" / "twin" / "powercut_runner.py", path, chunk, ways, heap="8M")


@pytest.mark.parametrize(
    ("runtime", "chunk", "ways"),
    [("micropython", 2048, 1), pytest.param("micropython-i386", 8192, 2, marks=pytest.mark.slow)],
)
def test_wherever_the_power_goes_the_pole_starts_again_stands_by_its_word_and_plays_nothing_twice(
    runtime, chunk, ways, tmp_path
):
    told = cut_everywhere(runtime, tmp_path, chunk, ways)
    assert told["wrong"] == []
    assert len(told["operations"]) == STORIES and min(told["operations"].values()) >= 2, told["operations"]
