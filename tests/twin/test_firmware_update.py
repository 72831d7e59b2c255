"""A pole's program is replaced, on the real littlefs: whatever write the power goes at, a whole program starts."""

import hashlib
import json

import numpy as np
import pytest

from protocol import messages
from tests.support import keys
from tests.support.project import ROOT
from tests.support.twins import run_on

NOW_MS = 1_767_229_200_000


def image_of(seed: int, size: int = 3000) -> tuple[str, bytes]:
    raw = np.random.default_rng(seed).bytes(size)
    return hashlib.sha256(hashlib.sha256(raw).digest()).hexdigest(), raw


def update(release: int, media: str, size: int, seq: int = 0, **more) -> bytes:
    """A sealed order for every pole."""
    image = messages.Image(media=media, bytes=size)
    order = messages.Update(release=release, image=image, **more)
    return keys.order("g/all", seq or release, order, NOW_MS, key="update", kid=3)


@pytest.mark.slow
def test_wherever_the_power_goes_a_whole_program_starts_and_the_update_gets_on(tmp_path):
    given = {"orders": {}, "images": {}, "releases": {}}
    nowhere = {"broker": {"host": "127.0.0.1", "port": 1}, "media": "http://127.0.0.1/m", "time": ("127.0.0.1", 1)}
    given["profile"] = keys.profile("p1", **nowhere)
    for name, release in (("one", 2), ("two", 3)):
        digest, raw = image_of(release)
        given["orders"][name] = update(release, digest, len(raw)).hex()
        given["images"][digest] = raw.hex()
        given["releases"][name] = [release, digest]
    (tmp_path / "given.json").write_text(json.dumps(given))
    told = run_on("micropython", ROOT / "tests" / "twin" / "update_runner.py", tmp_path / "given.json", heap="8M")
    assert told["wrong"] == []
    assert len(told["operations"]) == 11 and min(told["operations"].values()) >= 2, told["operations"]
