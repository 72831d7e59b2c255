"""A pole on the street gets another core image: fetched, copied, tried, kept or left again. Here a core image is what
the simulated bootloader starts (simulator/bootloader.py): all the modules, with the choice of the program among them.
"""

import json
import time

import pytest

from headend.adapters.broker import MosquittoBroker
from protocol import messages
from tests.conftest import program
from tests.contract.test_pole_update import ended, runs
from tests.support import keys
from tests.support.images import FIRMWARE, STATION, image
from tests.support.street import Street
from tests.support.twins import runtime
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
STARTS = 3


class CoreStreet:
    """A street with one pole, and the orders that it gets."""

    def __init__(self, street: Street, **world: object):
        self.street = street
        self.pole = street.pole(start=False)
        about = json.loads((self.pole.folder / "world.json").read_text())
        (self.pole.folder / "world.json").write_text(json.dumps({**about, **world}))
        self.on()

    def on(self) -> None:
        """Switched on, as often as the chip starts anew by itself before the program runs."""
        self.pole.start()

    def send(self, seq: int, release: int, raw: bytes, **more: object) -> None:
        item = self.street.media.add(raw, 1)
        order = messages.Update(
            release=release,
            what=messages.CORE,
            image=messages.Image(media=item.media, bytes=item.bytes),
            **more,
        )
        sealed = keys.order("g/all", seq, order, int(time.time() * 1000), key="update", kid=3)
        self.street.desk.publish("loa/g/all/order", sealed)

    def bootloader(self) -> dict:
        return json.loads((self.pole.folder / "otadata").read_text())

    def record(self) -> dict:
        path = self.pole.folder / "data" / "cores"
        return json.loads(path.read_text()) if path.exists() else {}

    def starts_until(self, done) -> list[str]:
        """The place that ran at each start, until `done(record)`; the last one goes on running."""
        places = []
        while True:
            self.on()
            wait_until(lambda: not self.pole.alive or done(self.record()), "a start and its end", 90)
            places.append(self.bootloader()["running"])
            if done(self.record()):
                return places

    def refusals(self) -> list[str]:
        return [one.why for one in self.street.desk.receipts.get("p1", {}).values() if one.kind == messages.REFUSED]


@pytest.fixture
def street(tmp_path):
    with (
        MosquittoBroker(tmp_path / "broker", argv=program("mosquitto").argv) as broker,
        Street(tmp_path, runtime("micropython-i386"), broker) as made,
    ):
        yield made


def test_a_new_core_is_tried_and_kept_and_an_older_one_only_taken_when_signed_as_such(street):
    chip = CoreStreet(street)
    arch = street.fleet.runtime.arch
    runs(street, "0.1 (1)")
    newer = image(arch, new='FIRMWARE = "0.9"')
    chip.send(1, 5, newer)
    ended(chip.pole)
    assert (chip.pole.folder / "core-1").read_bytes()[: len(newer)] == newer
    assert chip.starts_until(lambda record: record["trial"] == "") == ["core-0", "core-1"]
    runs(street, "0.9 (1)")
    assert chip.bootloader()["state"] == "valid" and chip.bootloader()["boot"] == "core-1"
    chip.send(2, 4, image(arch))
    wait_until(lambda: "update: older" in chip.refusals(), "the refusal of an older core")
    chip.send(3, 4, image(arch), downgrade=1)
    ended(chip.pole)
    assert chip.record()["held"]["core-0"][0] == 4 and chip.record()["trial"] == "core-0"


IN_THE_PROGRAM = (STATION, FIRMWARE, "FIRMWARE = 1 // 0")
BEFORE_OUR_CODE = ("firmware/start.py", "import sys\n", "import nowhere\n")


# Before our code only the bootloader can go back: docs/firmware.md says how it has to be built.
@pytest.mark.parametrize(
    ("rollback", "broken"),
    [(True, IN_THE_PROGRAM), (False, IN_THE_PROGRAM), (True, BEFORE_OUR_CODE)],
    ids=["in the program", "in the program, the bootloader stays", "before our code"],
)
def test_a_core_that_never_starts_properly_is_left_after_three_starts(street, rollback, broken):
    name, old, new = broken
    chip = CoreStreet(street, rollback=rollback)
    runs(street, "0.1 (1)")
    chip.send(1, 2, image(street.fleet.runtime.arch, new, old, name))
    ended(chip.pole)
    places = chip.starts_until(lambda record: record["trial"] == "")
    assert places.count("core-1") == STARTS + (0 if rollback else 1)  # the last one only to send the chip back
    chip.on()
    told = street.desk.wait_for("p1", messages.FAULT, seconds=60)
    assert told.why == "core 2 did not prove itself"
    assert chip.bootloader()["running"] == "core-0" and chip.record()["failed"] == 2


def test_the_power_goes_while_a_core_is_copied_and_the_running_one_is_whole_and_the_copy_goes_on(street):
    chip = CoreStreet(street)
    runs(street, "0.1 (1)")
    newer = image(street.fleet.runtime.arch, new='FIRMWARE = "0.9"')
    place = chip.pole.folder / "core-1"
    chip.send(1, 2, newer)
    for blocks in (2, 9, 16):
        wait_until(lambda enough=blocks * 4096: place.exists() and place.stat().st_size >= enough, "blocks", 60)
        chip.pole.kill()
        assert chip.bootloader()["running"] == "core-0" and not (chip.pole.folder / "core-0").exists()
        chip.on()
    ended(chip.pole)
    assert place.read_bytes()[: len(newer)] == newer
    assert chip.starts_until(lambda record: record["trial"] == "") == ["core-0", "core-1"]
    runs(street, "0.9 (1)")


def test_a_core_whose_bytes_are_not_those_of_the_order_is_never_written(street):
    chip = CoreStreet(street)
    runs(street, "0.1 (1)")
    street.media.fault = lambda name, start, body: bytes(len(body)) if len(body) == 65536 else body
    chip.send(1, 2, image(street.fleet.runtime.arch, new='FIRMWARE = "0.9"'))
    wait_until(lambda: len(street.media.requests) > 3, "some attempts to fetch it", 60)
    assert not (chip.pole.folder / "core-1").exists() and chip.pole.alive
