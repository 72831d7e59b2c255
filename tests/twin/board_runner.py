"""Runs the ESP32's side of the contract on fakes of the port's modules: `board_runner.py ROOT GIVEN`. MicroPython only.

The chip's file system is the real littlefs, mounted where the port mounts it. GIVEN: {"profile", "slot": image in
hexadecimal}; on standard input are the lines that somebody types who mends a pole by cable. It prints
{name of the check: what is wrong with it}.
"""

import asyncio
import io
import json
import sys

import vfs

with open(sys.argv[2]) as given:
    GIVEN = json.load(given)
vfs.umount("/")
vfs.mount(vfs.VfsPosix(sys.argv[1]), "/project")
sys.path[:] = ["/project/tests/support/esp32", "/project", ".frozen"]

import machine
import wires

from firmware import start
from firmware.app.cores import BLOCK_BYTES, Cores
from firmware.app.slots import Slots, digest_of
from firmware.app.vault import Vault
from firmware.hal.esp32 import board, espnow, net
from firmware.hal.esp32.core import place
from tests.support.dying_flash import Flash

WIRING = {"bck": 4, "ws": 5, "data": 6, "ssid": "loa", "password": "secret"}
FULL = {"amp": 7, "mute": 8, "alarm": 9, "ibuf": 4096, "espnow": True, "box": {"mains": 10, "amp_ma": [1, 1000]}}
UNIX_US = 1767229200123456  # 2026-01-01 01:00:00.123456
BLOCKS = 64
IMAGE = b"\xe9" + bytes(range(256)) * 20
net.JOIN_S = 1


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


def driven(new):
    """What was done to pins since the last look."""
    found = [(pin, level) for what, pin, level in (one for one in new.told if one[0] == "level")]
    new.told.clear()
    return found


def check_the_amplifier_is_off_and_mute_from_the_beginning():
    new, _ = made(**FULL)
    assert new.levels[7] == 0 and new.levels[8] == 1


def check_the_amplifier_s_pins_follow_each_other_so_that_nothing_clicks():
    new, it = made(**FULL)
    new.told.clear()
    it.amp(1)
    assert driven(new) == [(8, 1), (7, 1)]  # mute before it is on
    it.amp(2)
    assert driven(new) == [(8, 0), (7, 1)]
    it.amp(1)
    assert driven(new) == [(8, 1), (7, 1)]
    it.amp(0)
    assert driven(new) == [(8, 1), (7, 0)]  # still mute when it goes off


def check_a_board_without_an_amplifier_s_pins_drives_none():
    new, it = made()
    for level in (0, 1, 2):
        it.amp(level)
    assert driven(new) == [] and it.box is None and it.beacon is None


def check_the_loudspeaker_is_opened_as_the_contract_says():
    new, it = made(**FULL)
    it.open_i2s()
    assert ("i2s", 0, [4, 5, 6], machine.I2S.TX, 16, machine.I2S.MONO, 16000, 4096) in new.told
    assert it.i2s_bytes == 4096 and it.i2s_bytes % 512 == 0


def check_a_board_that_names_no_memory_for_sound_takes_8_kb():
    assert made()[1].i2s_bytes == 8192


class Time:
    """The port's `time`: its epoch is 2000-01-01, unless it was built otherwise."""

    def __init__(self, epoch_s, ns):
        import time

        self._epoch_s = epoch_s
        self._gmtime = time.gmtime
        self.ticks_us = time.ticks_us
        self._ns = ns

    def gmtime(self, seconds):
        return self._gmtime(seconds + self._epoch_s)[:8]  # this one tells of summer time too

    def time_ns(self):
        return self._ns


def clock_of(epoch_s):
    """(what the clock was set to, what it says) on a port with this epoch."""
    kept = board.time
    board.time = Time(epoch_s, UNIX_US * 1000 - epoch_s * 1000000000)
    try:
        new, it = made()
        new.cause = machine.HARD_RESET
        it.set_rtc_us(UNIX_US)
        return new.rtc, it.rtc_us()
    finally:
        board.time = kept


def check_the_clock_is_set_and_read_on_a_port_that_counts_from_2000():
    assert clock_of(board.UNIX_OF_2000) == ((2026, 1, 1, 3, 1, 0, 0, 123456), UNIX_US)


def check_the_clock_is_set_and_read_on_a_port_that_counts_from_1970():
    assert clock_of(0) == ((2026, 1, 1, 3, 1, 0, 0, 123456), UNIX_US)


def check_after_a_power_cut_the_clock_says_nothing():
    new, it = made()
    new.cause = machine.PWRON_RESET
    assert it.rtc_us() is None


def check_each_cause_of_a_reset_has_its_word():
    new, it = made()
    words = []
    for new.cause in (machine.PWRON_RESET, machine.WDT_RESET, machine.HARD_RESET, machine.SOFT_RESET, 0):
        words.append(it.woken_by)
    assert words == ["power", "watchdog", "reset", "reset", "reset"]


def check_the_watchdog_is_the_chip_s_with_the_time_that_is_asked_for():
    new, it = made()
    it.watchdog(30000).feed()
    assert new.told[-2:] == [("watchdog", 30000), ("feed",)]


def check_the_alarm_key_pulls_its_pin_down():
    new, it = made(**FULL)
    assert ("pin", 9, machine.Pin.IN, machine.Pin.PULL_UP) in new.told
    assert it.alarm_key() is False
    new.levels[9] = 0
    assert it.alarm_key() is True
    assert made()[1].alarm_key() is False


def check_the_box_is_felt_through_the_board():
    new, it = made(**FULL)
    new.levels[10], new.millivolts[1] = 0, 420
    assert it.box.mains() is True and it.box.amp_ma() == 420 and it.box.rssi_dbm() is None
    assert it.box.temperature_c() == 55 and it.box.battery_mv() is None


def check_random_bytes_ticks_and_words_are_what_the_contract_says():
    _, it = made()
    assert len(it.random(8)) == 8 and it.random(8) != it.random(8)
    assert 0 <= it.ticks_us() and it.runtime.startswith("MicroPython ") and len(it.runtime) <= 40


# Files


def check_a_file_replaces_another_and_what_is_gone_is_gone():
    _, it = made()
    for name, text in (("one", b"1"), ("two", b"22")):
        with it.files.open(name, "wb") as file:
            file.write(text)
            it.files.flush(file)
    it.files.rename("one", "two")
    assert it.files.size("one") == -1 and it.files.size("two") == 1 and it.files.stalls_audio
    assert sorted(it.files.names("")) == ["keep", "media", "two"] and it.files.free() > 0
    it.files.remove("two")
    try:
        it.files.remove("two")
    except OSError:
        return
    raise AssertionError("removed twice")


# Network


async def joined(it, port):
    """A connection is opened; what Wi-Fi was asked for meanwhile."""
    wires.chip.told.clear()
    try:
        reader, _ = await it.net.open("127.0.0.1", port, False)
        reader.close()
    except OSError as why:
        if str(why) == "no Wi-Fi":
            return "no Wi-Fi"
    return [one for one in wires.chip.told if one[0] in ("wifi", "join")]


JOINS = [("wifi", False), ("wifi", True), ("join", "loa")]


def check_wifi_is_joined_once_lost_and_joined_again():
    new, it = made()

    async def story():
        assert await joined(it, 9) == JOINS
        assert await joined(it, 9) == []  # it still is
        new.access_point = None
        assert await joined(it, 9) == "no Wi-Fi"
        new.access_point = ("loa", "secret")
        assert await joined(it, 9) == JOINS
        assert it.net.rssi_dbm() == -61

    asyncio.run(story())


def check_a_wrong_password_is_no_wifi():
    new, it = made(password="guessed")
    assert asyncio.run(joined(it, 9)) == "no Wi-Fi" and it.net.rssi_dbm() is None


def check_two_who_open_at_once_join_once():
    _, it = made()

    async def both():
        return await asyncio.gather(it.net.udp("127.0.0.1", 9), it.net.udp("127.0.0.1", 9))

    one, other = asyncio.run(both())
    assert [told for told in wires.chip.told if told[0] == "join"] == [("join", "loa")]
    one.close()
    other.close()


def check_dhcp_s_name_server_is_asked_and_none_is_none():
    new, it = made()
    assert it.net._servers() == []
    new.name_server = "192.168.4.1"
    assert it.net._servers() == ["192.168.4.1"]


def check_a_name_that_nobody_knows_is_an_os_error():
    _, it = made()
    try:
        asyncio.run(it.net.udp("media.example", 80))
    except OSError:
        return
    raise AssertionError("found")


# ESP-NOW


def check_beacons_go_to_everybody_without_waiting_and_only_while_the_radio_is_on():
    new, it = made(**FULL)
    try:
        it.beacon.send(b"LB1")
        raise AssertionError("sent without a radio")
    except OSError:
        pass
    new.wifi_on = True
    it.beacon.send(b"LB1")
    assert new.sent == [(b"\xff" * 6, b"LB1", False)]


def check_a_beacon_that_has_come_is_handed_on_and_silence_is_none():
    new, it = made(**FULL)
    new.air.append([b"\x01" * 6, b"LB1 p2"])
    assert asyncio.run(it.beacon.receive(1)) == b"LB1 p2"
    assert asyncio.run(it.beacon.receive(4 * espnow.LOOK_S)) is None


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
    assert (core.release, core.running, core.other, core.blocks) == (3, "ota_0", "ota_1", 8)
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
        while start.another_core(vault.files, place(1)):
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
    assert start.another_core(vault.files, place(1))
    new.restart()
    assert not start.another_core(vault.files, place(1)) and new.otadata[1] == "pending"
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


def with_slot(new):
    """A slot that was confirmed; its program writes down that it ran."""
    vault = Vault(board.Files("/data"))
    vault.save("incoming", bytes.fromhex(GIVEN["slot"]))
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


def main():
    told = {}
    for name, check in sorted(globals().items()):
        if name.startswith("check_"):
            try:
                check()
                told[name] = ""
            except Exception as why:
                out = io.StringIO()
                sys.print_exception(why, out)
                told[name] = out.getvalue()
    print(json.dumps(told))


main()
