"""The pole's 4G uplink on the interpreter that it runs on, over a real line to a modem that is none."""

import json

import pytest

from simulator.modem import Modem
from tests.support.project import ROOT
from tests.support.twins import run_on

RUNNER = ROOT / "tests" / "twin" / "modem_runner.py"
RUNTIMES = ("micropython", "micropython-i386")  # CPython: tests/unit/test_firmware_modem.py
SPEED = 5  # the limits of the talk are a fifth of what they are: a busy machine still answers within them
FACTS = {"address": "10.64.0.2", "sim": "4567", "operator": "Viettel", "dial_dbm": -73}


def outcome(name: str, fake: Modem, *deeds: str) -> list:
    given = {"path": fake.path, "pins_port": fake.pins_port, "speed": SPEED, "deeds": deeds}
    return run_on(name, RUNNER, json.dumps(given))


@pytest.mark.parametrize("name", RUNTIMES)
@pytest.mark.parametrize("kind", ["SIM7600", "A7670"])
def test_it_dials_bytes_flow_it_hangs_up_and_dials_again(name, kind):
    with Modem(kind, SPEED) as fake:
        told = outcome(name, fake, "up", "echo", "facts", "down", "up", "echo")
        assert told == [None, True, FACTS, True, None, True]
        assert fake.dialled == 2


@pytest.mark.parametrize("name", RUNTIMES)
def test_garbage_news_and_slow_lines_do_not_keep_it_from_dialling(name):
    with Modem("A7670", SPEED) as fake:
        fake.slow, fake.noise, fake.news = True, b"\xff\x00~\x80", ("+CGEV: NW DETACH", "PB DONE")
        assert outcome(name, fake, "up", "echo") == [None, True]


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNTIMES)
def test_a_deaf_modem_comes_back_when_its_power_is_taken(name):
    with Modem("SIM7600", SPEED) as fake:
        fake.deaf = True
        told = outcome(name, fake, "up", "restart", "up", "echo")
        assert told == ["after power", None, None, True]
        assert fake.starts == 1


@pytest.mark.parametrize("name", RUNTIMES)
def test_what_keeps_it_from_dialling_is_named(name):
    with Modem("SIM7600", SPEED) as fake:
        fake.sim = ""
        (why,) = outcome(name, fake, "up")
        assert "SIM not inserted" in why
