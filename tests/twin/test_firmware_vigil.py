"""Tasks that hang or fail on purpose, in real processes: the pole ends, remembers why, tells it, and knows when to stop
trying.
"""

import json
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

from firmware.app.vigil import SAFE_AFTER
from protocol import messages
from simulator.fleet import Fleet
from simulator.runtime import Runtime
from tests.support import keys
from tests.support.headside import TimeServer, encode, noise
from tests.support.project import ROOT
from tests.support.twins import runtime
from tests.support.waiting import wait_until

RUNTIMES = ("micropython", pytest.param("cpython", marks=pytest.mark.slow))


@pytest.fixture
def time_server():
    server = TimeServer()
    yield server
    server.close()


def made(tmp_path, kind: Runtime, time_server: TimeServer):
    """A pole that knows the time and nothing else of the world."""
    broker = {"host": "127.0.0.1", "port": 1}
    profile = keys.profile("p1", broker=broker, media="http://127.0.0.1:1/m", time=time_server.address)
    pole = Fleet(tmp_path / "poles", kind).add(profile)
    world = json.loads((pole.folder / "world.json").read_text())
    (pole.folder / "world.json").write_text(json.dumps({**world, "watchdog_ms": 4000}))
    return pole


def life(pole, part: str) -> int:
    """How the process ended in which this part is broken."""
    script = str(ROOT / "tests" / "twin" / "vigil_runner.py")
    heap = ["-X", "heapsize=4M"] if pole.runtime.arch else []
    command = [*pole.runtime.argv, *heap, script, str(ROOT), str(pole.folder), part]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode


def crash(pole) -> tuple[str, int]:
    text, count, _ = json.loads((pole.folder / "data" / "crash").read_text())
    return text, count


def faults(pole) -> list[dict]:
    lines = (pole.folder / "data" / "journal").read_bytes().splitlines()
    return [told for told in (json.loads(line[1:]) for line in lines) if told["kind"] == messages.FAULT]


@pytest.mark.parametrize("name", RUNTIMES)
def test_a_task_that_waits_for_ever_ends_the_program_and_is_named_after_the_start(name, tmp_path, time_server):
    pole = made(tmp_path, runtime(name), time_server)
    assert life(pole, "waits") == 1
    assert "stock hangs" in crash(pole)[0] and crash(pole)[1] == 1
    assert life(pole, "lives") == 0
    (told,) = faults(pole)
    assert "stock hangs" in told["why"] and told["boot"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNTIMES)
def test_a_task_that_holds_up_everything_is_ended_by_the_watchdog(name, tmp_path, time_server):
    pole = made(tmp_path, runtime(name), time_server)
    assert life(pole, "holds up") == -signal.SIGALRM
    world = json.loads((pole.folder / "world.json").read_text())
    (pole.folder / "world.json").write_text(json.dumps({**world, "woken_by": "watchdog"}))
    assert life(pole, "lives") == 0
    assert [told["why"] for told in faults(pole)] == ["watchdog"]


@pytest.mark.slow
def test_a_pole_that_crashes_again_and_again_ends_up_in_safe_mode_and_still_sounds_its_alarm(tmp_path, time_server):
    pole = made(tmp_path, runtime("micropython"), time_server)
    raw = encode(noise(1))
    for count in range(1, SAFE_AFTER + 1):
        assert life(pole, "fails") == 1
        assert "on purpose" in crash(pole)[0] and crash(pole)[1] == count
    (pole.folder / "data" / "keep" / "alarm").write_bytes(raw)
    for path in (pole.folder / "data").glob("plan-*"):
        path.unlink()
    (pole.folder / "world.json").write_text("{}")
    pole.start()
    try:
        (pole.folder / "alarm").touch()
        wait_until(lambda: heard(pole.folder) > messages.RATE // 2, "half a second of the alarm")
        (pole.folder / "alarm").unlink()
        wait_until(lambda: any(capture.closed for capture in pole.captures()), "the end of the alarm")
        assert pole.alive, pole.log
    finally:
        pole.stop()


def heard(folder: Path) -> int:
    """Frames that were not silent."""
    found = [np.frombuffer(path.read_bytes()[: path.stat().st_size // 2 * 2], "<i2")
             for path in (folder / "captures").glob("*.pcm")]
    return sum(int(np.count_nonzero(samples)) for samples in found)
