"""When a pole takes another program, when it tries it, and when it goes back."""

import asyncio
import hashlib
import json

import pytest

from firmware.app import update
from firmware.app.air import Air
from firmware.app.battery import EMPTY_MV, FULL_MV
from firmware.app.fetch import Media
from firmware.app.slots import STARTS, Slots, digest_of, file_of
from firmware.app.update import CHARGE_PERMILLE, FAR_MS, RELEASE, Restart, Updater
from firmware.app.vault import Vault
from firmware.recovery import Console
from protocol import messages
from simulator.hal.files import Files
from tests.support import keys

NOW_MS = 1_767_229_200_000


def image_of(text: bytes) -> messages.Image:
    return messages.Image(media=hashlib.sha256(hashlib.sha256(text).digest()).hexdigest(), bytes=len(text))


class Box:
    """As much of a box as an Updater looks at."""

    def __init__(self, mv=FULL_MV, mains=True, amp=60):
        self.mains, self.battery_mv, self.amp_ma = lambda: mains, lambda: mv, lambda: amp


HALF_EMPTY = EMPTY_MV + (FULL_MV - EMPTY_MV) * CHARGE_PERMILLE // 1000


class Pole:
    """What an Updater looks at; everything may be set."""

    def __init__(self, folder):
        self.files = Files(str(folder / "data"))
        self.player = self.clock = self.agenda = self.hal = self.link = self.report = self
        self.session = self.next = self.box = self.core = None
        self.up, self.source, self.states = True, "net", 0
        self.air = Air()
        self.driver = True
        self.live()

    def live(self):
        """Switched on: the slot that is chosen."""
        self.vault = Vault(self.files)
        self.chosen = Slots(self.vault).choose()
        self.media = Media(self.files)
        self.slots = Slots(self.vault)
        self.refused = []
        self.updater = Updater(self, self.slots, lambda why, count: self.refused.append(why))
        return self.chosen

    amp = lambda self, level: None  # noqa: E731 - the HAL's words
    now_ms = lambda self: NOW_MS  # noqa: E731
    next_ms = lambda self, _: self.next  # noqa: E731

    def open_i2s(self):
        if not self.driver:
            raise OSError
        return self

    def deinit(self):
        pass

    async def tell_state(self):
        self.states += 1

    def offer(self, release, text=b"new", **more):
        return self.updater.offer(messages.Update(release=release, image=image_of(text), **more))

    def fetched(self, text=b"new"):
        with self.files.open("media/" + image_of(text).media, "wb") as file:
            file.write(text)
        self.media.whole.add(image_of(text).media)

    def installed(self, release, text=b"new"):
        assert self.offer(release, text) == ""
        self.fetched(text)
        with pytest.raises(Restart):
            asyncio.run(self.updater.install())
        return self.live()


@pytest.fixture
def pole(tmp_path):
    return Pole(tmp_path)


def test_only_a_newer_program_is_taken_unless_the_order_itself_says_otherwise(pole):
    assert pole.offer(RELEASE) == pole.offer(RELEASE - 1 or 1) == "older"
    assert pole.offer(RELEASE + 1) == "" and [one.media for one in pole.updater.wanted()] == [image_of(b"new").media]
    pole.installed(RELEASE + 5)
    pole.slots.confirm()
    pole.live()
    assert pole.offer(RELEASE + 4) == "older" and pole.offer(RELEASE + 4, downgrade=1) == ""


class LiteBoard:
    """No memory for a slot's image."""

    slots, core, box = False, None, None


def test_where_there_is_no_memory_for_a_slot_no_program_is_taken(pole):
    pole.hal = LiteBoard()
    assert pole.offer(RELEASE + 1) == "no room" and pole.updater.wanted() == []


def test_an_order_is_remembered_over_a_start_and_its_image_is_not_evicted(pole):
    pole.offer(RELEASE + 1)
    pole.live()
    assert pole.updater.named() == {image_of(b"new").media} and pole.updater.wanted()
    pole.fetched()
    pole.media.evict(pole.updater.named())
    assert pole.updater.wanted() == [] and pole.media.has(image_of(b"new").media)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("next", NOW_MS + FAR_MS - 1, False),
        ("next", NOW_MS + FAR_MS, True),
        ("box", Box(HALF_EMPTY - 4, mains=False), False),
        ("box", Box(HALF_EMPTY + 4, mains=False), True),
        ("box", Box(HALF_EMPTY - 4, mains=True), True),
        ("box", Box(None, mains=False), True),
        ("session", "s1", False),
    ],
)
def test_it_is_tried_far_from_any_session_and_with_power_to_spare(pole, name, value, allowed):
    pole.offer(RELEASE + 1)
    pole.fetched()
    setattr(pole, name, value)
    if allowed:
        with pytest.raises(Restart):
            asyncio.run(pole.updater.install())
    else:
        asyncio.run(pole.updater.install())
    assert pole.live() == ("a" if allowed else "")


@pytest.mark.parametrize("box", [None, Box(), Box(amp=None)], ids=["no box", "a box", "no shunt"])
def test_a_program_that_proves_itself_stays(pole, monkeypatch, box):
    monkeypatch.setattr(update, "LOOK_S", 0.001)
    monkeypatch.setattr(update, "SETTLE_S", 0)
    pole.box = box
    assert pole.installed(RELEASE + 1) == "a" and pole.updater.release == RELEASE + 1

    async def live():
        task = asyncio.create_task(pole.updater.run())
        while pole.slots.trial:
            await asyncio.sleep(0.001)
        task.cancel()

    asyncio.run(live())
    assert [pole.live() for _ in range(STARTS + 2)] == ["a"] * (STARTS + 2) and pole.states == 1


@pytest.mark.parametrize(("name", "value"), [("up", False), ("source", "rtc"), ("driver", False), ("box", Box(amp=0))])
def test_without_broker_time_or_amplifier_it_goes_back_after_three_starts_and_is_not_tried_again(
    pole, monkeypatch, name, value
):
    monkeypatch.setattr(update, "LOOK_S", 0.001)
    monkeypatch.setattr(update, "PROOF_S", 0.02)
    monkeypatch.setattr(update, "SETTLE_S", 0)
    pole.installed(RELEASE + 1, b"good")
    pole.slots.confirm()
    setattr(pole, name, value)
    slots = [pole.installed(RELEASE + 2, b"bad")]
    for _ in range(STARTS):
        with pytest.raises(Restart):
            asyncio.run(pole.updater.run())
        slots.append(pole.live())
    assert slots == ["b"] * STARTS + ["a"]
    assert pole.vault.load_json("crash", None) == [f"release {RELEASE + 2} did not prove itself", 0, 0]
    assert pole.updater.release == RELEASE + 1 and pole.updater.wanted() == []
    assert pole.offer(RELEASE + 2, b"bad") == "failed before"
    assert pole.installed(RELEASE + 3, b"better") == "b"


def broken(pole, slot):
    with pole.files.open(file_of(slot), "r+b") as file:
        file.write(b"#")


def test_a_broken_program_is_never_started_but_the_other_one_or_none(pole):
    pole.installed(RELEASE + 1, b"one")
    pole.slots.confirm()
    pole.installed(RELEASE + 2, b"two")
    pole.slots.confirm()
    broken(pole, "b")
    assert pole.live() == "a"
    broken(pole, "a")
    assert pole.live() is None


@pytest.fixture
def console(pole):
    pole.installed(RELEASE + 1, b"one")
    broken(pole, "a")
    pole.slots.confirm()
    assert pole.live() is None
    nowhere = {"broker": {}, "media": "http://h/m", "time": ("h", 1)}
    made = Console(keys.profile("p1", **nowhere), pole.files)
    made.say = lambda **line: json.loads(made.answer(json.dumps(line)))
    return made


def order(release=RELEASE + 2, text=b"cable", to="p/p1", key="update", kid=3, **more) -> str:
    message = messages.Update(release=release, image=image_of(text), **more)
    return keys.order(to, 1, message, NOW_MS, key=key, kid=kid).hex()


def test_by_cable_a_sealed_program_is_taken_in_pieces_and_started(pole, console):
    assert console.say(do="hello") == {"ok": 1, "recovery": 1, "releases": [RELEASE + 1, 0]}
    assert console.say(do="order", hex=order())["bytes"] == 5
    assert console.say(do="data", hex=b"cab".hex())["at"] == 3
    assert console.say(do="end") == {"error": "bytes"} and not console.over
    assert console.say(do="data", hex=b"le".hex())["ok"] and console.say(do="end")["ok"]
    assert console.over and pole.live() == "b"
    assert digest_of(pole.files, file_of("b")) == image_of(b"cable").media


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ({"do": "data", "hex": "00"}, "order"),
        ({"do": "end"}, "bytes"),
        ({"do": "order", "hex": order(key="stranger")}, "seal"),
        ({"do": "order", "hex": order(key="plan", kid=1)}, "key"),
        ({"do": "order", "hex": order(kid=9)}, "key"),
        ({"do": "order", "hex": order(to="p/p2")}, "audience"),
        ({"do": "order", "hex": order(release=1)}, "older"),
        ({"do": "order", "hex": order(what=messages.CORE)}, "core"),
        ({"do": "order", "hex": "4c31"}, "format"),
        ({"do": "order", "hex": "xyz"}, "line"),
        ({"do": "dance"}, "line"),
        ({"hex": ""}, "line"),
    ],
)
def test_what_is_not_sealed_for_this_pole_is_refused_by_cable_too(console, line, word):
    assert console.say(**line) == {"error": word}


@pytest.mark.parametrize("line", ["", "[]", "{", "7", "null", '"do"', "x" * 9000])
def test_no_line_ends_the_console(console, line):
    assert json.loads(console.answer(line)) == {"error": "line"}


def test_more_bytes_than_the_order_says_are_refused(console):
    console.say(do="order", hex=order())
    assert console.say(do="data", hex=b"cable!".hex()) == {"error": "order"}
