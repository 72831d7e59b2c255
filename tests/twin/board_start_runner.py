"""Runs on a fake chip what decides which core and which program a device starts: `board_start_runner.py ROOT GIVEN`.
MicroPython only; GIVEN: {"profile", "slot", "program": images in hexadecimal}; on standard input are the lines that
somebody types who mends a pole by cable. It prints {name of the check: what is wrong with it}.
"""

import asyncio
import json
import sys

sys.path.insert(0, sys.argv[1] + "/tests/support/esp32")
import bench  # first: it makes a chip of this process  # isort: split
import machine
import vfs
from bench import GIVEN, WIRING, chip, save

from firmware import start
from firmware.app.cores import BLOCK_BYTES, Cores
from firmware.app.slots import Slots, digest_of
from firmware.app.vault import Vault
from firmware.hal.esp32 import board
from firmware.hal.esp32.core import place

IMAGE = b"\xe9" + bytes(range(256)) * 20


# Core images


def check_a_chip_with_room_for_one_image_has_no_core():
    new = chip()
    del new.partitions["ota_1"]
    assert place(1) is None
    new.partitions["ota_0"].subtype = 0  # a factory's
    assert place(1) is None


def check_the_other_partition_is_read_erased_and_written_and_never_the_running_one():
    new = chip()
    core = place(3)
    assert (core.release, core.running, core.spare, core.blocks) == (3, "ota_0", "ota_1", 8)
    before = bytes(new.partitions["ota_0"].bytes)
    core.write(BLOCK_BYTES + 512, b"\x0f" * 512)
    core.write(BLOCK_BYTES + 512, b"\xf1" * 512)
    got = bytearray(512)
    core.read(BLOCK_BYTES + 512, got)
    assert got == b"\x01" * 512  # programming only clears bits
    core.erase(1)
    core.read(BLOCK_BYTES + 512, got)
    assert got == b"\xff" * 512 and new.partitions["ota_0"].bytes == before
    for at in (8 * BLOCK_BYTES, 9 * BLOCK_BYTES):
        try:
            core.write(at, got)
            raise AssertionError("written behind the end")
        except OSError:
            pass


def check_a_core_flashed_by_cable_gets_a_record_to_go_back_to():
    new = chip()
    core = place(1)
    core.confirm()
    assert new.otadata[:2] == ["ota_0", "valid"]
    record = list(new.otadata)
    core.confirm()
    assert new.otadata == record


def check_no_image_is_no_boot():
    new = chip()
    try:
        place(1).boot("ota_1")
    except OSError:
        assert new.otadata is None
        return
    raise AssertionError("set to boot")


def check_a_core_that_the_bootloader_could_not_load_is_not_confirmed_by_the_one_that_runs():
    new = chip()
    new.otadata = ["ota_1", "pending", "ota_0"]  # and ota_0 runs: ota_1 is not whole
    place(1).confirm()
    assert new.otadata[:2] == ["ota_0", "valid"]


def installed(new):
    """The record of a core that was copied to the other partition."""
    vault = Vault(board.Files("/data"))
    vault.save("image", IMAGE)

    async def nothing():
        pass

    async def copy():
        cores = Cores(vault, place(1))
        with open("/data/image", "rb") as file:
            await cores.write(file, len(IMAGE), nothing)
        assert cores.put(2, digest_of(vault.files, "image"), len(IMAGE))

    asyncio.run(copy())
    assert new.partitions["ota_1"].bytes[: len(IMAGE)] == IMAGE
    return vault


def starts(new, vault):
    """Partitions that run the program, one for each of six times that it is switched on."""
    ran = []
    for _ in range(6):
        new.restart()
        while start.restart(vault.files, lambda: place(1)):
            new.restart()
        ran.append(new.running)
    return ran


def check_a_core_that_is_never_confirmed_is_left_after_three_starts_with_esp_idf_s_rollback_or_without():
    for rollback in (True, False):
        new = chip()
        new.rollback = rollback
        place(1).confirm()
        assert starts(new, installed(new)) == ["ota_1"] * 3 + ["ota_0"] * 3, rollback


def check_a_core_that_proves_itself_stays():
    new = chip()
    place(1).confirm()
    vault = installed(new)
    new.restart()
    assert start.restart(vault.files, lambda: place(1))
    new.restart()
    assert not start.restart(vault.files, lambda: place(1)) and new.otadata[1] == "pending"
    Cores(vault, place(1)).confirm()
    assert new.otadata[:2] == ["ota_1", "valid"] and starts(new, vault) == ["ota_1"] * 6


# The device's entry


def switched_on(new):
    """Run boot.py as the port does; the chip has to start anew at its end."""
    sys.modules.pop("firmware.boot", None)
    try:
        __import__("firmware.boot")
    except machine.Reset:
        assert new.reset and new.hz == 240000000
        new.reset = False
        return
    raise AssertionError("boot.py came to an end")


def with_slot(new, image="slot"):
    """A slot that was confirmed; its program writes down that it ran."""
    vault = Vault(board.Files("/data"))
    vault.save("incoming", bytes.fromhex(GIVEN[image]))
    slots = Slots(vault)
    slots.put("incoming", 7, digest_of(vault.files, "incoming"))
    slots.confirm()
    return vault


def there(path):
    try:
        with open(path):
            return True
    except OSError:
        return False


def ran(new):
    """Switched on, the program of a slot runs and is told the core's release."""
    switched_on(new)
    vfs.umount(start.AT)
    sys.path.remove(start.AT)
    start.forget()
    with open("/data/ran") as file:
        assert file.read() == "core %d" % start.CORE_RELEASE


def check_boot_starts_the_program_in_the_slot_and_tells_it_the_core_s_release():
    new = chip()
    with_slot(new)
    ran(new)
    assert new.otadata[:2] == ["ota_0", "valid"]


def check_the_program_that_is_built_for_slots_starts_on_the_board():
    new = chip()
    save("/board.json", WIRING)
    save("/profile.json", dict(GIVEN["profile"], root="05"))  # whose keys nobody has sealed: it gets that far
    with_slot(new, "program")
    switched_on(new)
    vfs.umount(start.AT)
    sys.path.remove(start.AT)
    start.forget()
    with open("/data/crash") as file:
        text = json.load(file)[0]
    assert "SealError" in text, text


def check_boot_starts_the_program_of_the_core_where_there_is_no_slot_and_again_when_it_fails():
    new = chip()
    save("/board.json", WIRING)
    save("/profile.json", dict(GIVEN["profile"], root="05"))  # whose keys nobody has sealed
    switched_on(new)
    with open("/data/crash") as file:
        text = json.load(file)[0]
    assert "SealError" in text, text


def check_boot_opens_the_console_on_the_cable_where_no_program_is_whole():
    new = chip()
    with with_slot(new).files.open("slot-a", "r+b") as file:
        file.write(b"broken")
    switched_on(new)  # until the program that is typed in has come to its end
    assert not there("/data/ran")
    ran(new)
    assert Slots(Vault(board.Files("/data"))).trial == "b"


def check_boot_leaves_the_flash_alone_and_goes_to_the_other_core_when_one_is_to_be_tried():
    new = chip()
    place(1).confirm()
    installed(new)
    new.restart()
    switched_on(new)
    assert new.otadata[:2] == ["ota_1", "new"] and new.restart() == "ota_1"


bench.run(globals())
