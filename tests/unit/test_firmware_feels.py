"""What a pole concludes from what it feels: of horns, of sound, of its battery."""

import asyncio
import json
from types import SimpleNamespace

import numpy as np
import pytest

from firmware.app.battery import LOW_MV, Battery
from firmware.app.body import Body
from firmware.app.ear import LAG_FRAMES, Ear, moves_with
from firmware.app.faults import SOUNDING, Faults
from firmware.app.panel import LAMPS, STEPS
from firmware.app.selftest import LEVEL, MEAN_LEVEL, Calibration
from firmware.app.sweep import QUARTER, tone
from firmware.app.verdict import everything, horn, ratios
from firmware.app.volume import mean_level
from protocol import felt
from simulator.bench import selftest as bench

TRIALS = 100


def test_the_silent_test_finds_what_fails_and_nothing_else():
    found = bench.measure(TRIALS)
    assert found["trials"] == TRIALS
    assert found["found_percent"] >= 99 and found["false_alarms_percent"] <= 1, found


def test_a_horn_that_lost_no_more_than_half_the_threshold_is_not_called_weak():
    assert [horn([permille]) for permille in (1000, 800, 700, 140, 2600)] == [
        None, None, felt.HORN_WEAK, felt.HORN_OPEN, felt.HORN_SHORT,
    ]


def test_one_reading_that_is_far_off_changes_no_verdict():
    assert horn([1000, 990, 20, 1010, 980]) is None
    assert horn(ratios([0, 100, 100, 100], [5, 100, 99, 101])) is None


def test_an_amplifier_is_blamed_for_the_silence_of_all_its_horns():
    gone = felt.HORN_OPEN
    assert everything([gone, gone], 60, 60) == [(felt.AMP_DEAD, None)]
    assert everything([gone], 60, 0) == [(felt.AMP_DEAD, None)]
    assert everything([gone], 60, 60) == [(gone, 1)]
    assert everything([None, gone], 60, None) == [(gone, 2)]
    assert everything([], 60, 60) == []


def test_a_membrane_that_takes_its_current_and_is_not_heard_is_weak():
    then = Calibration([[160] * 8], 60, 40)
    assert then.wrong(Calibration([[160] * 8], 60, 15)) == [(felt.HORN_WEAK, None)]
    assert then.wrong(Calibration([[160] * 8], 60, 30)) == []


def test_a_box_without_current_is_no_calibration():
    assert Calibration([[160] * 8], 60, None).plausible
    assert not Calibration([[160] * 8, [8] * 8], 60, None).plausible
    assert not Calibration([], 60, None).plausible and not Calibration([[160] * 8], 0, None).plausible


def test_the_sweep_is_a_sine_that_goes_on_where_it_was():
    out = [bytearray(2 * 4000) for _ in range(2)]
    phase = tone(out[0], 4000, 0, 4000, LEVEL, QUARTER)  # 976 Hz
    tone(out[1], 4000, phase, 4000, LEVEL, QUARTER)
    heard = np.concatenate([np.frombuffer(one, "<i2") for one in out]).astype(float)
    ideal = LEVEL * np.sin(2 * np.pi * np.arange(8000) * 4000 / 65536)
    assert np.abs(heard - ideal).max() < LEVEL // 30
    assert abs(mean_level(out[0], 4000) - MEAN_LEVEL) <= 4


class Speaker:
    """As far as an ear needs one: frames that were given away and frames that have left."""

    is_open = True

    def __init__(self):
        self.next = self.gone = 0

    def left(self):
        return self.gone


def listen(levels, current, horns=2, mic=None, calibration=None):
    """(permille, what was found) of a session in blocks of 1280 frames; `current(i, place, level)`: mA of horn i."""
    speaker, found, now = Speaker(), [], [0, 0]
    box = SimpleNamespace(
        horns=horns, horn_ma=lambda i: current(i, *now), mic=lambda: mic and mic(*now), amp_ma=lambda: 60
    )
    ear = Ear(speaker, box)
    ear.calibration, ear.found = calibration, found.append
    ear.begin()
    speaker.next = 8000
    for frame in range(0, 8000 - 2 * 1280, 1280):
        ear._take(frame)
    for place, level in enumerate(levels):
        speaker.next += 1280
        ear.given(memoryview(np.full(1280, level, "<i2").tobytes()), 1280)
        speaker.gone = speaker.next - 1280 + LAG_FRAMES + 640
        now[:] = [place, level]
        ear._take(speaker.gone - LAG_FRAMES)
    return ear.permille(), found


SPEECH = [8000, 300, 5000, 9000, 100, 7000, 2000, 11000] * 8


@pytest.mark.parametrize("levels", [SPEECH, [6000] * 64], ids=["speech", "one level"])
def test_sound_that_comes_out_is_felt_whole_and_none_of_a_mute_amplifier(levels):
    assert listen(levels, lambda i, place, level: level // 60)[0] == 1000
    assert listen(levels, lambda i, place, level: 1)[0] == 0


def test_half_of_a_session_is_half_heard():
    heard, _ = listen(SPEECH, lambda i, place, level: level // 60 if place < 32 else 1)
    assert 450 <= heard <= 550


def test_a_converter_that_hangs_proves_nothing():
    assert listen(SPEECH, lambda i, place, level: 400 if place >= 0 and level else 0)[0] < 100


def test_a_silent_programme_gives_no_figure():
    assert listen([0] * 40, lambda i, place, level: 0)[0] is None


def test_without_currents_the_microphone_is_listened_to():
    assert listen(SPEECH, None, horns=0, mic=lambda place, level: 5 + level // 50)[0] >= 950
    assert listen(SPEECH, None, horns=0)[0] is None


def test_what_breaks_while_it_sounds_is_found_in_the_second_stretch():
    known = Calibration([[MEAN_LEVEL * 16 // 60] * 8] * 2, 60, None)
    _, found = listen(SPEECH, lambda i, place, level: level // 60 if i == 0 or place < 16 else 0, calibration=known)
    assert found[-1] == ((felt.HORN_OPEN, 2),) and () in found[:1] + [()]
    _, found = listen(SPEECH, lambda i, place, level: level // 60, calibration=known)
    assert set(found) <= {()}


def test_levels_that_do_not_change_need_no_current_that_does():
    assert moves_with([5] * 16, [7] * 16) and not moves_with([1, 9] * 8, [9, 1] * 8)


def test_faults_are_told_when_they_come_and_when_they_go_and_never_twice():
    told = []
    faults = Faults([], lambda kind, horn: told.append((kind, horn)))
    for found in ([(felt.HORN_OPEN, 2)], [(felt.HORN_OPEN, 2)], [(felt.HORN_WEAK, 1)], []):
        faults.horns(found)
    assert told == [
        (felt.HORN_OPEN, 2), (felt.HORN_FINE, 2), (felt.HORN_WEAK, 1), (felt.HORN_FINE, 1),
    ]


def test_what_only_a_test_can_find_is_not_called_fine_by_sound():
    faults = Faults(["horn_weak 1", "battery_weak"], lambda kind, horn: None)
    faults.horns((), SOUNDING)
    assert faults.words == ["horn_weak 1", "battery_weak"]


class Cell:
    """A battery whose voltage under load is `fall(seconds)`."""

    def __init__(self, fall, mains=True):
        self.relays, self._fall, self._mains, self._seconds = [], fall, mains, 0

    def mains(self):
        return self._mains

    def relay(self, mains):
        self.relays.append(mains)

    def battery_ma(self):
        return 400 if self.relays and not self.relays[-1] else 0

    def battery_mv(self):
        self._seconds += 1
        return self._fall(self._seconds) if self.battery_ma() else 12_700


def after_test(cell, give_up=lambda: False):
    loop = bench.Loop()
    try:
        battery = Battery(cell, 7000)
        return (*loop.run_until_complete(battery.test(give_up)), battery)
    finally:
        loop.close()


def test_a_battery_is_tested_under_load_and_its_hours_follow():
    cell = Cell(lambda seconds: 12_660)
    sag_mv, word, battery = after_test(cell)
    assert (sag_mv, word, cell.relays) == (40, "", [False, True])
    assert battery.known == [100, 400]
    assert battery.minutes() == 7000 * 60 // 400  # full: 17 and a half hours


def test_a_worn_battery_is_weak_and_an_empty_one_is_given_its_mains_back_at_once():
    assert after_test(Cell(lambda seconds: 12_000))[:2] == (700, "weak")
    cell = Cell(lambda seconds: LOW_MV - 1)
    assert after_test(cell)[1] == "low" and cell.relays == [False, True] and cell._seconds < 10


def test_a_battery_test_gives_way_and_needs_mains():
    cell = Cell(lambda seconds: 12_660)
    assert after_test(cell, give_up=lambda: True)[1] == "busy" and cell.relays == [False, True]
    assert after_test(Cell(lambda seconds: 0, mains=False))[1] == "mains"


def test_no_two_states_of_the_door_look_the_same():
    def lit(lamps):
        return tuple(tuple(pattern >> step & 1 for pattern in lamps) for step in range(STEPS))

    shown = [lit(lamps) for lamps in LAMPS.values()]
    assert len(set(shown)) == len(LAMPS) and all(any(map(any, one)) for one in shown)


def test_a_bench_s_loop_takes_no_time():
    loop = bench.Loop()
    loop.run_until_complete(asyncio.sleep(3600))
    assert loop.time() == pytest.approx(3600)
    loop.close()


class Flash(dict):
    """Small files and a journal that die at one of their writes, and are whole again at the next start."""

    name = "ab" * 6
    writes_left = 99

    def __init__(self):
        super().__init__()
        self.told = []

    @property
    def last_seq(self):
        return len(self.told)

    def _write(self):
        self.writes_left -= 1
        if self.writes_left < 0:
            raise OSError("power")

    def load_json(self, name, default):
        return json.loads(self.get(name, "null")) or default

    def save_json(self, name, value):
        self._write()
        self[name] = json.dumps(value)

    def note(self, kind, **fields):
        self._write()
        self.told.append(kind)


class Door:
    """A box with a door, and mains that come and go with it."""

    def __init__(self):
        self.open = False

    def __getattr__(self, name):
        return lambda *_: None

    horns = 0

    def cabinet_open(self):
        return self.open

    def mains(self):
        return not self.open


def body_on(flash, door):
    hal = SimpleNamespace(
        box=door, profile={"pole": "p"}, files=SimpleNamespace(stalls_audio=False), alarm_key=lambda: False
    )
    player = SimpleNamespace(speaker=Speaker(), session=None, ear=None, air=None)
    return Body(SimpleNamespace(
        hal=hal, player=player, vault=flash, journal=flash, report=flash, on_air=SimpleNamespace(halted=None)
    ))


@pytest.mark.parametrize("cut_after", range(8))
def test_a_power_cut_at_any_write_neither_repeats_nor_swallows_an_event(cut_after):
    flash, door = Flash(), Door()
    body = body_on(flash, door)
    door.open, flash.writes_left = True, cut_after
    try:
        for _ in range(3):
            body.look()
    except OSError:
        pass
    flash.writes_left = 99
    body = body_on(flash, door)
    for _ in range(3):
        body.look()
    door.open = False
    for _ in range(3):
        body.look()
    assert flash.told == [felt.MAINS_LOST, felt.CABINET_OPENED, felt.MAINS_BACK, felt.CABINET_CLOSED]
