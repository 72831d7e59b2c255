"""A pole on the street gets another program: by a sealed order, tried, kept or left again."""

import json
import time

import pytest

from headend.adapters.broker import MosquittoBroker
from protocol import messages
from tests.conftest import program
from tests.support import keys
from tests.support.images import FIRMWARE, image
from tests.support.street import Street
from tests.support.twins import runtime
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def installed(street: Street, pole, release: int, raw: bytes) -> None:
    """As an update has left it that has proved itself; the pole is off."""
    (pole.folder / "data").mkdir()
    (pole.folder / "data" / "slot-a").write_bytes(raw)
    held = {"a": [release, street.media.add(raw, 1).media]}
    (pole.folder / "data" / "slots").write_text(json.dumps({"active": "a", "held": held}))


def send(street: Street, release: int, raw: bytes, **how) -> None:
    item = street.media.add(raw, 1)
    order = messages.Update(release=release, image=messages.Image(media=item.media, bytes=item.bytes))
    how = how or {"key": "update", "kid": 3}
    sealed = keys.order("g/all", release, order, int(time.time() * 1000), **how)
    street.desk.publish("loa/g/all/order", sealed)


def ended(pole, code: int = 0) -> None:
    """The program has come to its end by itself, not by a starving watchdog."""
    wait_until(lambda: not pole.alive, "the end of the program", 60)
    assert pole.process.returncode == code, pole.log


def record(pole) -> dict:
    path = pole.folder / "data" / "slots"
    return json.loads(path.read_text()) if path.exists() else {}


def runs(street: Street, firmware: str) -> None:
    states = street.desk.states
    wait_until(lambda: "p1" in states and states["p1"][-1].firmware == firmware, f"firmware {firmware}", 60)


def test_a_pole_in_safe_mode_says_why_and_takes_another_program_and_keeps_its_other_orders(tmp_path):
    small = runtime("micropython-i386")
    with (
        MosquittoBroker(tmp_path / "broker", argv=program("mosquitto").argv) as broker,
        Street(tmp_path, small, broker) as street,
    ):
        pole = street.pole(start=False)
        installed(street, pole, 2, image(small.arch, FIRMWARE))
        (pole.folder / "data" / "crash").write_text('["ValueError: on purpose", 3, 0]')
        pole.start()
        runs(street, "safe mode")
        assert street.desk.states["p1"][-1].why == "ValueError: on purpose"
        street.desk.plan("00070", [])
        send(street, 3, image(small.arch, 'FIRMWARE = "0.2"'))
        ended(pole)
        pole.start()
        runs(street, "0.2 (3)")
        wait_until(lambda: street.desk.states["p1"][-1].plan_version == 1, "the plan that had to wait")


def test_a_new_program_is_tried_and_kept_and_a_broken_one_is_left_after_three_starts(tmp_path):
    small = runtime("micropython-i386")
    with (
        MosquittoBroker(tmp_path / "broker", argv=program("mosquitto").argv) as broker,
        Street(tmp_path, small, broker) as street,
    ):
        pole = street.pole()
        runs(street, "0.1 (1)")
        good = image(small.arch, 'FIRMWARE = "0.2"')
        send(street, 2, good, key="plan", kid=1)  # a key for plans is none for programs
        wait_until(lambda: "key" in [one.why for one in street.desk.receipts.get("p1", {}).values()], "refused: key")
        send(street, 3, good)
        ended(pole)
        pole.start()
        runs(street, "0.2 (3)")
        wait_until(lambda: record(pole).get("active") == "a", "that it has proved itself", 60)
        send(street, 4, image(small.arch, "FIRMWARE = 1 // 0"))
        ended(pole)
        for _ in range(3):
            assert record(pole)["trial"] == "b"
            pole.start()
            ended(pole, 1)
        pole.start()
        told = street.desk.wait_for("p1", messages.FAULT, seconds=60)
        assert told.why == "release 4 did not prove itself"
        runs(street, "0.2 (3)")
        assert record(pole)["active"] == "a" and not record(pole)["trial"]
