"""A pole that keeps its way to the head-end itself: a real process on MicroPython, a broker, a cable and a modem."""

import json
import time

import pytest

from firmware.app import uplinks
from firmware.app.vigil import SAFE_AFTER
from headend.adapters.broker import MosquittoBroker
from simulator.modem import Modem
from tests.conftest import program
from tests.support.street import Street
from tests.support.twins import runtime
from tests.support.waiting import wait_until

pytestmark = pytest.mark.long


@pytest.fixture
def street(tmp_path):
    with (
        MosquittoBroker(tmp_path / "broker", argv=program("mosquitto").argv) as broker,
        Street(tmp_path, runtime("micropython-i386"), broker) as street,
    ):
        yield street


def carrying(street: Street, name: str, beyond: int = 0) -> object:
    """The first telemetry after the first `beyond` that says that this uplink carries."""

    def told():
        return [one for one in street.desk.telemetry.get("p1", [])[beyond:] if one.uplink == name]

    return wait_until(told, f"telemetry over {name}", limit=120)[0]


@pytest.mark.slow
def test_a_pole_whose_cable_is_pulled_goes_on_over_4g_and_says_so(street: Street):
    with Modem("SIM7600", speed=1) as modem:
        ways = [{"name": "lan"}, {"name": "4g", "path": modem.path, "pins": modem.pins_port}]
        pole = street.pole(uplinks=ways)
        first = carrying(street, "lan")
        assert (first.operator, first.sim, first.dial_dbm) == ("", "", None) and modem.asked == []
        (pole.folder / "uplink-lan").touch()
        pulled_at = time.monotonic()
        street.wait_online(online=0)
        street.wait_online(online=1)
        # The link tries again within its longest pause; nothing of this is a matter of minutes.
        assert time.monotonic() - pulled_at < uplinks.LOST_S + uplinks.SILENT_S
        told = carrying(street, "4g", len(street.desk.telemetry["p1"]))
        assert (told.operator, told.sim, told.dial_dbm) == ("Viettel", "4567", -73)
        assert modem.dialled == 1 and pole.alive
        assert "uplink lan lost" in pole.log and "uplink 4g carries" in pole.log
        assert modem.card not in pole.log


def test_a_pole_in_safe_mode_keeps_its_uplinks_too(street: Street):
    pole = street.pole(uplinks=[{"name": "lan"}], start=False)
    (pole.folder / "data").mkdir(exist_ok=True)
    (pole.folder / "data" / "crash").write_text(json.dumps(["on purpose", SAFE_AFTER, 1]))
    pole.start()
    street.wait_online()
    assert street.desk.states["p1"][-1].firmware == "safe mode"
    assert "uplink lan carries" in pole.log


@pytest.mark.slow
def test_a_pole_with_a_modem_that_is_off_switches_it_on_and_comes_to_its_head_end(street: Street):
    with Modem("A7670", speed=1, on=False) as modem:
        street.pole(uplinks=[{"name": "4g", "path": modem.path, "pins": modem.pins_port}], start=False).start()
        assert carrying(street, "4g").sim == "4567"
        assert (modem.starts, modem.dialled) == (1, 1)
