"""A chip to run the board's code on: fakes of the port's modules, the real littlefs. MicroPython only.

It is imported before anything of the project: it mounts the chip's file system where the port does, and the project
beside it. `sys.argv`: the runner, the project's root, and a JSON file that the checks find in GIVEN.
"""

import io
import json
import sys

import vfs

with open(sys.argv[2]) as given:
    GIVEN = json.load(given)
vfs.umount("/")
vfs.mount(vfs.VfsPosix(sys.argv[1]), "/project")
sys.path[:] = ["/project/tests/support/esp32", "/project", ".frozen"]

import wires

from firmware.hal.esp32 import board
from tests.support.dying_flash import Flash

WIRING = {"bck": 4, "ws": 5, "data": 6, "ssid": "loa", "password": "secret"}
BLOCKS = 128


def save(path, value):
    with open(path, "w") as file:
        json.dump(value, file)


def chip():
    """A new one, and nothing on its flash but the profile."""
    try:
        vfs.umount("/")
    except OSError:
        pass
    flash = Flash(BLOCKS)
    flash.format()
    vfs.mount(vfs.VfsLfs2(flash), "/")
    save("/profile.json", GIVEN["profile"])
    return wires.renew()


def made(**wiring):
    """(the chip, the board) of this wiring."""
    new = chip()
    save("/board.json", dict(WIRING, **wiring))
    return new, board.Board(1)


def run(checks):
    """Call what is named check_…; print {name: what is wrong}."""
    told = {}
    for name, check in sorted(checks.items()):
        if name.startswith("check_"):
            try:
                check()
                told[name] = ""
            except Exception as why:
                out = io.StringIO()
                sys.print_exception(why, out)
                told[name] = out.getvalue()
    print(json.dumps(told))
