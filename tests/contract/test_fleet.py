"""The fleet's processes: they start, end, and never outlive who started them."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.fleet import Fleet
from simulator.runtime import ROOT, NoRuntime, find_runtime
from tests.support import keys
from tests.support.waiting import wait_until


def lonely(pole: str) -> dict:
    """A profile whose servers do not exist: enough for a process that lives."""
    broker = {"host": "127.0.0.1", "port": 9, "user": pole, "password": "x", "tls": False}
    return keys.profile(pole, broker=broker, media="http://127.0.0.1:9/media", time=("127.0.0.1", 9))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def parent_of(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


@pytest.mark.parametrize("name", ["auto", "cpython"])
def test_a_pole_is_switched_on_and_off_and_its_folder_stays(tmp_path, name):
    with Fleet(tmp_path, name) as fleet:
        pole = fleet.add(lonely("p1"))
        assert not pole.alive and pole.captures() == []
        pole.start()
        wait_until(lambda: "pole p1, start 1" in pole.log, "its first words")
        assert pole.alive and fleet.runtime.name.split()[0] in pole.log
        pole.restart()
        wait_until(lambda: "pole p1, start 2" in pole.log, "its second start")
        pid = pole.pid
        pole.kill()
        assert not pole.alive and not alive(pid)
        pole.start()
        wait_until(lambda: "pole p1, start 3" in pole.log, "its third start")
        pid = pole.pid
    assert not alive(pid)
    assert (tmp_path / "p1" / "profile.json").stat().st_mode & 0o777 == 0o600
    assert list(Fleet(tmp_path, name).poles) == ["p1"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["auto", "cpython"])
def test_poles_end_when_the_process_that_started_them_is_killed(tmp_path, name):
    with Fleet(tmp_path, name) as fleet:
        for number in range(3):
            fleet.add(lonely(f"p{number}"))
    command = [sys.executable, "-m", "simulator.fleet", str(tmp_path), "--json", "--runtime", name]
    parent = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert json.loads(parent.stdout.readline())["poles"] == 3
    poles = [int(path.name) for path in Path("/proc").glob("[0-9]*") if parent_of(path) == parent.pid]
    assert len(poles) == 3
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not any(alive(pid) for pid in poles), "the poles to end")


def test_a_folder_without_poles_is_bad_input(tmp_path):
    command = [sys.executable, "-m", "simulator.fleet", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "holds no pole" in done.stderr and not done.stdout


def test_a_runtime_that_is_not_there_is_named():
    with pytest.raises(NoRuntime, match="micropython-vax"):
        find_runtime("micropython-vax")
