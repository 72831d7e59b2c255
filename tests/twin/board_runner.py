"""Runs the board of an ESP32 on a fake chip, all that the contract says of it: `board_runner.py ROOT GIVEN`.
MicroPython only; GIVEN: {"profile"}. It prints {name of the check: what is wrong with it}.
"""

import asyncio
import sys

sys.path.insert(0, sys.argv[1] + "/tests/support/esp32")
import bench  # first: it makes a chip of this process  # isort: split
import machine
import vfs
import wires
from bench import made

from firmware.hal.esp32 import board, espnow, net, wifi

FULL = {"amp": 7, "mute": 8, "alarm": 9, "ibuf": 4096, "espnow": True, "box": {"mains": 10, "amp_ma": [1, 1000]}}
UNIX_US = 1767229200123456  # 2026-01-01 01:00:00.123456
net.WAIT_S = wifi.JOIN_S = 1
wifi.REST_S = 0


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


def check_a_board_takes_programs_where_it_can_mount_them():
    assert made()[1].slots is True  # as this interpreter
    kept = board.vfs
    board.vfs = None
    try:
        assert made()[1].slots is False
    finally:
        board.vfs = kept


def check_random_bytes_ticks_and_words_are_what_the_contract_says():
    _, it = made()
    assert len(it.random(8)) == 8 and it.random(8) != it.random(8)
    assert 0 <= it.ticks_us() and it.runtime.startswith("MicroPython ") and len(it.runtime) <= 40


# Files


def with_card(raw):
    """(the chip, the board) with this card in its slot."""
    bench.chip()
    try:
        vfs.umount("/card")
    except OSError:
        pass
    wires.chip.card = raw
    bench.save("/board.json", dict(bench.WIRING, card={"slot": 2, "sck": 18, "miso": 19, "mosi": 23, "cs": 5}))
    return wires.chip, board.Board(1)


def written(it, name, text):
    with it.files.open(name, "wb") as file:
        file.write(text)
        it.files.flush(file)


def check_audio_lies_on_the_card_and_survives_a_start_and_what_is_kept_moves_to_the_chip():
    raw = bytearray(2 << 20)
    new, it = with_card(raw)
    assert ("card", 2, 18, 19, 23, 5) in new.told
    assert it.files.free() > 1 << 20
    text = bytes(range(256)) * 300
    written(it, "media/a.part", text)
    written(it, "boot", b"1")
    it.files.rename("media/a.part", "media/a")
    _, it = with_card(raw)  # its flash is new, its card is not
    assert it.files.size("boot") == -1 and it.files.names("media/") == ["a"] and it.files.size("media/a") == len(text)
    it.files.rename("media/a", "keep/a")
    with it.files.open("keep/a", "rb") as file:
        assert file.read() == text
    assert it.files.names("media/") == [] and it.files.names("keep/") == ["a"]


def check_a_card_with_something_else_on_it_is_formatted():
    _, it = with_card(bytearray(b"\xeb\x3c\x90FAT16" * 131072))
    assert it.files.names("media/") == [] and it.files.free() > 500000


def check_a_card_that_is_pulled_gives_errors_and_no_lies():
    new, it = with_card(bytearray(2 << 20))
    written(it, "media/a", b"1" * 2000)
    new.card = None
    for act in (lambda: written(it, "media/b", b"2" * 2000), lambda: it.files.open("media/a", "rb").read()):
        try:
            act()
        except OSError:
            continue
        raise AssertionError("no error")
    written(it, "boot", b"2")  # what is on the chip goes on


def check_without_its_card_a_pole_lives_on_the_chip_s_flash():
    _, it = with_card(None)
    written(it, "media/a", b"1")
    assert it.files.size("media/a") == 1 and type(it.files).__name__ == "Files"


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


def raises(act):
    """Whether a coroutine ends in an OSError."""
    try:
        asyncio.run(act)
    except OSError:
        return True
    return False


def asked(new):
    """What Wi-Fi was asked for since the last look."""
    found = [one for one in new.told if one[0] in ("wifi", "join", "leave")]
    new.told.clear()
    return found


def check_wifi_is_joined_lost_and_joined_again():
    new, it = made()
    (uplink,) = it.uplinks
    assert uplink.name == "wifi" and not uplink.alive() and it.net.rssi_dbm() is None
    asyncio.run(uplink.up())
    assert asked(new) == [("wifi", True), ("join", "loa")] and uplink.alive() and it.net.rssi_dbm() == -61
    new.access_point = None
    assert not uplink.alive() and raises(uplink.up())
    new.access_point = ("loa", "secret")
    new.told.clear()
    uplink.down()
    asyncio.run(uplink.restart())
    asyncio.run(uplink.up())
    assert asked(new) == [("leave",), ("wifi", False), ("wifi", True), ("join", "loa")] and uplink.alive()


def check_a_wrong_password_is_no_wifi():
    new, it = made(password="guessed")
    assert raises(it.uplinks[0].up()) and it.net.rssi_dbm() is None


def check_what_is_opened_waits_for_an_uplink_and_fails_without():
    new, it = made()
    assert raises(it.net.udp("127.0.0.1", 9))
    asyncio.run(it.uplinks[0].up())
    asyncio.run(it.net.udp("127.0.0.1", 9)).close()


def check_dhcp_s_name_server_is_asked_and_none_is_none():
    new, it = made()
    asyncio.run(it.uplinks[0].up())
    assert it.net._servers() == []
    new.name_server = "192.168.4.1"
    assert it.net._servers() == ["192.168.4.1"]


def check_a_name_that_nobody_knows_is_an_os_error():
    _, it = made()
    asyncio.run(it.uplinks[0].up())
    assert raises(it.net.udp("media.example", 80))


# ESP-NOW


def check_beacons_go_to_everybody_without_waiting_and_only_while_the_radio_is_on():
    new, it = made(**FULL)
    it.beacon.send(b"LB1")  # the board has switched it on
    assert new.sent == [(b"\xff" * 6, b"LB1", False)]
    new.wifi_on = False
    try:
        it.beacon.send(b"LB1")
    except OSError:
        return
    raise AssertionError("sent without a radio")


def check_a_beacon_that_has_come_is_handed_on_and_silence_is_none():
    new, it = made(**FULL)
    new.air.append([b"\x01" * 6, b"LB1 p2"])
    assert asyncio.run(it.beacon.receive(1)) == b"LB1 p2"
    assert asyncio.run(it.beacon.receive(4 * espnow.LOOK_S)) is None


bench.run(globals())
