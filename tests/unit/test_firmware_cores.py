"""When a pole takes another core image, when the chip is sent to it, and when it goes back."""

import asyncio
import hashlib

import pytest

from firmware.app import cores, update
from firmware.app.cores import BLOCK_BYTES, PIECE_BYTES, STARTS, Cores
from firmware.app.slots import CORES
from firmware.app.update import FAR_MS, Restart
from firmware.start import restart
from protocol import messages
from tests.unit.test_firmware_update import NOW_MS, Pole

ROOM = 40
PLACES = ("ota_0", "ota_1")


def image_of(text: bytes) -> messages.Image:
    """As media is named: chunks of 64 KB."""
    size = messages.CHUNK_BYTES
    hashes = b"".join(hashlib.sha256(text[at : at + size]).digest() for at in range(0, len(text), size))
    return messages.Image(media=hashlib.sha256(hashes).hexdigest(), bytes=len(text))


class Chip:
    """Two places in memory and a bootloader. `rollback`: it leaves a core that was never confirmed after one start."""

    release = 1
    blocks = ROOM

    def __init__(self, rollback=True):
        self.rollback = rollback
        self.places = {name: bytearray(b"\xff" * (BLOCK_BYTES * ROOM)) for name in PLACES}
        self.boots, self.state, self.back, self.running = PLACES[0], "valid", PLACES[0], PLACES[0]
        self.written, self.bad_block = [], None

    @property
    def spare(self):
        return PLACES[1 - PLACES.index(self.running)]

    def reset(self):
        """What the bootloader does."""
        if self.state == "pending":
            self.boots, self.state = self.back, "valid"
        elif self.state == "new":
            self.state = "pending" if self.rollback else "valid"
        self.running = self.boots
        return self.running

    def read(self, at, buffer):
        buffer[:] = self.places[self.spare][at : at + len(buffer)]

    def erase(self, block):
        self.written.append(block)
        self.places[self.spare][block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES] = b"\xff" * BLOCK_BYTES

    def write(self, at, buffer):
        place = self.places[self.spare]
        assert set(place[at : at + len(buffer)]) == {0xFF}, "written twice without erasing"
        place[at : at + len(buffer)] = bytes(len(buffer)) if at // BLOCK_BYTES == self.bad_block else buffer

    def boot(self, place):
        if self.places[place][:1] == b"\xff" and place != PLACES[0]:
            raise OSError
        self.boots, self.state, self.back = place, "new", self.running

    def confirm(self):
        self.boots, self.state = self.running, "valid"


class CorePole(Pole):
    """A pole whose chip has room for two cores."""

    def __init__(self, folder, chip):
        self.chip = chip
        super().__init__(folder)

    def live(self):
        self.core = self.chip
        return super().live()

    def on(self):
        """Switched on: the place whose core comes to run the program."""
        for _ in range(9):
            self.chip.reset()
            if not restart(self.files, lambda: self.chip):
                self.live()
                return self.chip.running
        raise AssertionError("it starts anew for ever")

    def offer_core(self, release, text, **more):
        order = messages.Update(release=release, what=messages.CORE, image=image_of(text), **more)
        return self.updater.offer(order)

    def fetched_core(self, text):
        with self.files.open("media/" + image_of(text).media, "wb") as file:
            file.write(text)
        self.media.whole.add(image_of(text).media)

    def install(self):
        """True when the pole has to start anew."""
        try:
            asyncio.run(self.updater.install())
        except Restart:
            return True
        return False

    def installed(self, release, text):
        assert self.offer_core(release, text) == ""
        self.fetched_core(text)
        assert self.install()
        return self.on()

    @property
    def cores(self):
        return Cores(self.vault, self.chip)


NEW = bytes(range(256)) * 400  # 100 KB: two chunks, 25 blocks
NEWER = NEW[7:] + NEW[:7]


@pytest.fixture(params=[True, False], ids=["the bootloader goes back", "the bootloader stays"])
def pole(tmp_path, request, monkeypatch):
    monkeypatch.setattr(cores, "BLOCK_S", 0)
    made = CorePole(tmp_path, Chip(request.param))
    assert made.on() == "ota_0"
    return made


def proved(pole):
    pole.cores.confirm()
    return [pole.on() for _ in range(STARTS + 2)]


def test_a_core_is_copied_to_the_idle_place_tried_and_kept(pole):
    before = bytes(pole.chip.places["ota_0"])
    assert pole.installed(2, NEW) == "ota_1"
    assert pole.chip.places["ota_1"][: len(NEW)] == NEW and pole.chip.places["ota_0"] == before
    assert pole.updater._on_trial().release == 2
    assert proved(pole) == ["ota_1"] * (STARTS + 2) and pole.updater._on_trial() is None
    assert pole.offer_core(2, NEW) == "older" and pole.updater.wanted() == []


def test_the_next_one_goes_to_the_other_place(pole):
    pole.installed(2, NEW)
    proved(pole)
    assert pole.installed(3, NEWER) == "ota_0" and proved(pole)[-1] == "ota_0" and pole.cores.release == 3


def test_a_program_and_a_core_are_numbered_apart(pole):
    pole.installed(7, NEW)
    proved(pole)
    assert pole.updater.release == update.RELEASE
    assert pole.offer(update.RELEASE + 1) == ""


def test_a_core_that_does_not_prove_itself_is_left_after_three_starts_and_not_tried_again(pole):
    starts = [pole.installed(2, NEW)]
    while starts[-1] == "ota_1" and len(starts) < 9:
        starts.append(pole.on())
    assert starts == ["ota_1"] * STARTS + ["ota_0"]
    assert pole.vault.load_json("crash", None) == ["core 2 did not prove itself", 0, 0]
    assert [pole.on() for _ in range(3)] == ["ota_0"] * 3
    assert pole.offer_core(2, NEW) == "failed before" and pole.cores.release == 1
    assert pole.installed(3, NEWER) == "ota_1" and proved(pole)[-1] == "ota_1"


def test_a_core_that_never_comes_to_our_code_is_left_after_three_starts(tmp_path, monkeypatch):
    monkeypatch.setattr(cores, "BLOCK_S", 0)
    pole = CorePole(tmp_path, Chip())
    pole.on()
    pole.offer_core(2, NEW)
    pole.fetched_core(NEW)
    pole.install()
    dead_starts = 0
    while pole.chip.reset() == "ota_1" or restart(pole.files, lambda: pole.chip):
        dead_starts += pole.chip.running == "ota_1"
        assert dead_starts < 9
    assert dead_starts == STARTS and pole.cores.failed == 2


def test_a_trial_that_the_power_ends_counts_and_goes_on(pole):
    assert pole.installed(2, NEW) == "ota_1"
    assert pole.on() == "ota_1"  # the plug was pulled
    assert proved(pole)[-1] == "ota_1"


def test_only_a_newer_core_is_taken_unless_the_order_itself_says_otherwise(pole):
    pole.installed(5, NEW)
    proved(pole)
    assert pole.offer_core(4, NEWER) == pole.offer_core(5, NEWER) == "older"
    assert pole.offer_core(4, NEWER, downgrade=1) == ""


def test_what_has_no_place_is_refused(pole):
    assert pole.offer_core(2, bytes(ROOM * BLOCK_BYTES + 1)) == "no room"
    pole.core = pole.updater._cores = None
    assert pole.offer_core(2, NEW) == "no room"


@pytest.mark.parametrize(("coming", "allowed"), [(FAR_MS - 1, False), (FAR_MS, True)])
def test_a_core_is_written_only_far_from_any_session(pole, coming, allowed):
    pole.offer_core(2, NEW)
    pole.fetched_core(NEW)
    pole.next = NOW_MS + coming
    assert pole.install() is allowed and bool(pole.chip.written) is allowed


def test_a_session_interrupts_the_writing_which_then_goes_on(pole, monkeypatch):
    monkeypatch.setattr(cores, "LOOK_S", 0.001)
    pole.offer_core(2, NEW)
    pole.fetched_core(NEW)

    async def emergency():
        writing = asyncio.create_task(pole.updater.install())
        while len(pole.chip.written) < 3:
            await asyncio.sleep(0)
        pole.session = "emergency"
        await asyncio.sleep(0.02)
        during = len(pole.chip.written)
        await asyncio.sleep(0.02)
        assert len(pole.chip.written) == during < 25
        pole.session = None
        with pytest.raises(Restart):
            await writing

    asyncio.run(emergency())
    assert pole.chip.written == list(range(25)) and pole.on() == "ota_1"


def test_writing_goes_on_where_the_power_went(pole):
    pole.offer_core(2, NEW)
    pole.fetched_core(NEW)
    write, left = pole.chip.write, 10 * BLOCK_BYTES // PIECE_BYTES + 3

    def dying(at, buffer):
        nonlocal left
        left -= 1
        if left < 0:
            write(at, bytes(100))
            raise OSError
        write(at, buffer)

    pole.chip.write = dying
    with pytest.raises(OSError):
        pole.install()
    pole.chip.write = write
    assert pole.on() == "ota_0"
    pole.chip.written.clear()
    assert pole.install() and pole.chip.written == list(range(10, 25)) and pole.on() == "ota_1"


def test_a_core_that_does_not_read_back_is_not_tried_and_the_refusal_is_told(pole):
    pole.offer_core(2, NEW)
    pole.fetched_core(NEW)
    pole.chip.bad_block = 7
    assert not pole.install() and pole.refused == ["update: core does not read back"]
    assert pole.on() == "ota_0" and pole.offer_core(2, NEW) == "failed before"


def test_a_core_that_rots_before_its_start_is_not_started(pole):
    pole.offer_core(2, NEW)
    pole.fetched_core(NEW)
    assert pole.install()
    pole.chip.places["ota_1"][5000] ^= 1
    assert pole.on() == "ota_0" and pole.cores.failed == 2


def test_what_the_bootloader_does_not_take_for_an_image_is_left(pole):
    bad = b"\xff" + NEW
    assert pole.installed(2, bad) == "ota_0"
    assert pole.vault.load_json("crash", None) == ["core 2 can not be started", 0, 0]


def test_where_the_old_core_has_gone_the_new_one_stays_after_all(tmp_path, monkeypatch):
    monkeypatch.setattr(cores, "BLOCK_S", 0)
    pole = CorePole(tmp_path, Chip(rollback=False))
    pole.on()
    starts = [pole.installed(2, NEW)]
    boot = pole.chip.boot

    def only_new(place):
        if place == "ota_0":
            raise OSError
        boot(place)

    pole.chip.boot = only_new
    starts += [pole.on() for _ in range(STARTS + 2)]
    assert starts == ["ota_1"] * (STARTS + 3) and pole.cores.release == 2


def test_a_pole_that_never_had_another_core_is_not_asked_about_any(pole):
    assert not restart(pole.files, None) and pole.files.size(CORES) == -1
    assert pole.updater._cores is None


class PowerCut(Exception):
    """Nothing of the program runs on."""


class Plug:
    """Pulled before the operation number `last` on flash, the chip's or the file system's."""

    CUTS = {"chip": ("erase", "write", "boot", "confirm"), "files": ("rename", "remove", "flush")}

    def __init__(self, pole):
        self.last = None
        self.done = 0
        for part, names in self.CUTS.items():
            thing = getattr(pole, part)
            for name in names:
                setattr(thing, name, self.watched(getattr(thing, name)))

    def watched(self, act):
        def acting(*arguments):
            if self.last is not None and self.done >= self.last:
                raise PowerCut
            self.done += 1
            return act(*arguments)

        return acting

    def cut(self, last, life):
        """Live until the plug is pulled; False if it was over before."""
        self.last, self.done = last, 0
        try:
            life()
        except PowerCut:
            return True
        finally:
            self.last = None
        return False


SMALL = b"core" + bytes(range(256)) * 16  # two blocks


def whole_life(pole, release):
    """From the order to the proof."""
    pole.live()
    pole.offer_core(release, SMALL)
    pole.fetched_core(SMALL)
    if pole.install():
        assert pole.on() == "ota_1"
        pole.cores.confirm()
        pole.on()


@pytest.mark.parametrize("rollback", [True, False], ids=["the bootloader goes back", "the bootloader stays"])
def test_wherever_the_power_goes_a_whole_core_runs_and_the_update_gets_to_its_end(tmp_path, monkeypatch, rollback):
    monkeypatch.setattr(cores, "BLOCK_S", 0)
    cuts, going_on = 0, True
    while going_on:
        folder = tmp_path / str(cuts)
        folder.mkdir()
        pole = CorePole(folder, Chip(rollback))
        pole.on()
        plug = Plug(pole)
        going_on = plug.cut(cuts, lambda pole=pole: whole_life(pole, 2))
        place = pole.on()
        assert place == "ota_0" or pole.chip.places["ota_1"].startswith(SMALL)
        for _ in range(STARTS):
            if pole.updater._on_trial():
                pole.cores.confirm()
            elif pole.cores.release == 1:
                whole_life(pole, 2)
            pole.on()
        assert (pole.chip.running, pole.chip.state, pole.cores.release) == ("ota_1", "valid", 2), cuts
        cuts += 1
    assert cuts > 25
