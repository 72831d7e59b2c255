"""The ESP32's side of the contract runs, on the real MicroPython and littlefs and on fakes of the port's modules."""

import ast
import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

import pytest

from protocol import messages
from simulator import program, romfs
from tests.support import keys
from tests.support.project import ROOT
from tests.support.twins import runtime

RUNNERS = [ROOT / "tests" / "twin" / f"{name}_runner.py" for name in ("board", "board_start")]
PROGRAM = """
def main(core_release):
    with open("/data/ran", "w") as file:
        file.write("core %d" % core_release)
"""
NOW_MS = 1_767_229_200_000
TYPED_BYTES = 512
CHECKS = [
    node.name
    for runner in RUNNERS
    for node in ast.parse(runner.read_text()).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
]


def slot() -> bytes:
    """An image whose program says that it ran."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder, "firmware")
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "main.py").write_text(PROGRAM)
        return romfs.image(Path(folder))


def typed(image: bytes) -> str:
    """What somebody types who gives a pole this program by cable."""
    media = hashlib.sha256(hashlib.sha256(image).digest()).hexdigest()
    order = messages.Update(release=9, image=messages.Image(media=media, bytes=len(image)))
    sealed = keys.order("p/p1", 1, order, NOW_MS, key="update", kid=3)
    core = messages.Update(release=9, what=messages.CORE, image=order.image)
    lines = [{"do": "order", "hex": keys.order("p/p1", 2, core, NOW_MS, key="update", kid=3).hex()}]  # refused
    lines += [{"do": "order", "hex": sealed.hex()}]
    pieces = range(0, len(image), TYPED_BYTES)
    lines += [{"do": "data", "hex": image[at : at + TYPED_BYTES].hex()} for at in pieces]
    return "".join(json.dumps(line) + "\n" for line in [*lines, {"do": "end"}])


@pytest.fixture(scope="module", params=["micropython", "micropython-i386"])
def told(request, tmp_path_factory):
    """{check: what is wrong}"""
    nowhere = {"broker": {"host": "127.0.0.1", "port": 1}, "media": "http://127.0.0.1/m", "time": ("127.0.0.1", 1)}
    image, arch = slot(), runtime(request.param).arch
    images = {"slot": image.hex(), "program": program.build(arch).hex()}
    given = tmp_path_factory.mktemp("board") / "given.json"
    given.write_text(json.dumps(images | {"profile": keys.profile("p1", **nowhere)}))
    found = {}
    for runner in RUNNERS:
        command = [*runtime(request.param).argv, "-X", "heapsize=8M", str(runner), str(ROOT), str(given)]
        done = subprocess.run(command, input=typed(image), capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        found |= json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("check", CHECKS)
def test_the_board(told, check):
    assert told[check] == ""


def test_there_are_checks_of_each_part():
    words = " ".join(CHECKS)
    for part in ("amplifier", "clock", "reset", "watchdog", "alarm", "box", "wifi", "beacon", "partition", "boot"):
        assert part in words
