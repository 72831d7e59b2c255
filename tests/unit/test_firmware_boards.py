"""What an image for a board is built from: the manifest, the boards' definitions, the program for a slot."""

import hashlib
import json
import os
import re
import subprocess
import sys

import pytest

from simulator import program
from simulator.romfs import HEADER
from tests.support.project import ROOT

BOARDS = ROOT / "firmware" / "boards"
NAMES = sorted(path.name for path in BOARDS.iterdir())
MANIFEST = ROOT / "firmware" / "manifest.py"


@pytest.fixture(scope="module")
def frozen() -> dict[str, list[str]]:
    """What the manifest asks the build for, by the names of its functions."""
    asked: dict[str, list[str]] = {"include": [], "package": [], "module": []}

    def package(name, files, base_path, opt):
        assert (base_path, opt) == ("..", 2)
        asked["package"] += [f"{name}/{one}" for one in files]

    words = {
        "include": asked["include"].append,
        "package": package,
        "module": lambda name, base_path, opt: asked["module"].append(name),
    }
    here = os.getcwd()
    os.chdir(MANIFEST.parent)  # as the build does
    try:
        exec(compile(MANIFEST.read_text(), str(MANIFEST), "exec"), words)
    finally:
        os.chdir(here)
    return asked


def test_everything_that_runs_on_a_board_is_frozen_and_nothing_else(frozen):
    sources = [*(ROOT / "protocol").rglob("*.py"), *(ROOT / "firmware").rglob("*.py")]
    ours = {str(path.relative_to(ROOT)) for path in sources} - {"firmware/boot.py", "firmware/manifest.py"}
    assert set(frozen["package"]) == ours and len(frozen["package"]) == len(ours)


def test_boot_is_frozen_at_the_top_where_the_port_runs_it_first(frozen):
    assert frozen["module"] == ["boot.py"]
    assert frozen["include"] == ["$(MPY_DIR)/ports/esp32/boards/manifest.py"]


@pytest.mark.parametrize("name", NAMES)
def test_a_board_freezes_our_manifest_and_has_two_places_and_the_bootloader_s_way_back(name):
    cmake = (BOARDS / name / "mpconfigboard.cmake").read_text()
    path = re.search(r"MICROPY_FROZEN_MANIFEST \$\{MICROPY_BOARD_DIR\}/(\S+)\)", cmake)[1]
    assert (BOARDS / name / path).resolve() == MANIFEST
    assert "${MICROPY_BOARD_DIR}/sdkconfig.board" in cmake and "boards/sdkconfig.240mhz" in cmake
    config = (BOARDS / name / "sdkconfig.board").read_text()
    assert "CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y" in config and "-ota.csv" in config


def test_a_board_with_psram_mounts_slots_and_one_without_does_not():
    mounts = {name for name in NAMES if "MICROPY_VFS_ROM (1)" in (BOARDS / name / "mpconfigboard.h").read_text()}
    psram = {name for name in NAMES if "spiram" in (BOARDS / name / "mpconfigboard.cmake").read_text()}
    assert mounts == psram == {"LOA_S3"} and set(NAMES) == {"LOA_LITE", "LOA_S3"}


def test_the_program_for_a_slot_is_built_by_one_command(tmp_path):
    out = tmp_path / "program.rom"
    command = [sys.executable, "-m", "simulator.program", str(out)]
    told = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    raw = out.read_bytes()
    assert raw.startswith(HEADER) and told["bytes"] == len(raw) > 50_000
    parts = [raw[at : at + 65536] for at in range(0, len(raw), 65536)]
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    assert told["media"] == hashlib.sha256(digests).hexdigest()
    for name in (b"main.mpy", b"station.mpy", b"board.mpy", b"seal.mpy"):
        assert name in raw


def test_a_slot_s_program_has_all_modules_but_what_only_the_core_runs():
    sources = [*(ROOT / "protocol").rglob("*.py"), *(ROOT / "firmware").rglob("*.py")]
    assert set(program.texts()) == {str(path.relative_to(ROOT)) for path in sources} - set(program.OF_THE_CORE)
