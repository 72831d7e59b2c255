"""The pole's talk with a modem on a pty: what it takes for an answer, and how it gets up again after every fault."""

import asyncio
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from firmware.hal import cellular, modem, uplink
from firmware.hal.cellular import Cellular
from firmware.hal.modem import Chat, Deaf, Refused
from simulator.hal.line import PPP, Line
from simulator.modem import KINDS, Modem
from simulator.ppp import Frames, frame
from tests.support.waiting import wait_until

SPEED = 10


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    """The pole's side waits as much less as the modem is faster."""
    hurried = SimpleNamespace(sleep=lambda seconds: asyncio.sleep(seconds / SPEED))
    for module in (modem, cellular, uplink):
        monkeypatch.setattr(module, "asyncio", hurried)


class Pin:
    """One of the modem's, pressed through its UDP port."""

    def __init__(self, fake: Modem, name: str):
        self._fake, self._name = fake, name

    def __call__(self, level: int) -> None:
        self._fake.pin(self._name, level)


@contextmanager
def street(kind="SIM7600", pins=("key",), on=True):
    """A modem and the pole's uplink over it."""
    with Modem(kind, SPEED, on) as fake:
        line = Line(fake.path)
        try:
            yield fake, Cellular(line, PPP, "v-internet", **{name: Pin(fake, name) for name in pins})
        finally:
            line.close()


def up(pole: Cellular) -> None:
    asyncio.run(pole.up())


class Script:
    """A port that says what the test wrote down, whatever it is asked."""

    def __init__(self, *said: bytes):
        self._said, self.told = [None, *said], b""

    def read(self):
        return self._said.pop(0) if self._said else None

    def write(self, raw):
        self.told += raw


def ask(command: str, *said: bytes) -> list[str]:
    return asyncio.run(Chat(Script(*said)).ask(command, 1))


@pytest.mark.parametrize(
    "said",
    [
        [b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"],
        [b"AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n"],  # echo
        [b"\r\n+CS", b"Q: 20", b",99\r", b"\n\r\nO", b"K\r\n"],
        [b"\r\n\xff\xfe+CSQ:\x00 20,99\r\n\r\n\x80OK\r\n"],
        [b"\r\nNO CARRIER\r\n\r\n+CSQ: 20,99\r\n\r\nOK\r\n"],  # of the connection before
        [b"\x7d" * 2000, b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"],  # PPP that nobody wanted
    ],
)
def test_an_answer_is_found_in_whatever_comes(said):
    assert "+CSQ: 20,99" in ask("AT+CSQ", *said)


@pytest.mark.parametrize(
    "said", [b"\r\nERROR\r\n", b"\r\n+CME ERROR: SIM not inserted\r\n", b"\r\n+CMS ERROR: 500\r\n", b"\r\nRDY\r\n"]
)
def test_a_no_is_told_with_its_reason(said):
    with pytest.raises(Refused, match=said.decode().strip().replace("+", r"\+")):
        ask("AT+CPIN?", said)


@pytest.mark.parametrize("said", [[], [b"OK"], [b"\r\nOKAY\r\n"], [b"\x00" * 9000]])
def test_without_an_answer_it_is_deaf_after_its_time(said):
    with pytest.raises(Deaf):
        ask("AT", *said)


def test_what_was_said_before_the_question_is_no_answer_to_it():
    port = Script()
    port._said = [b"\r\nOK\r\n"]
    with pytest.raises(Deaf):
        asyncio.run(Chat(port).ask("AT", 1))


@pytest.mark.parametrize(
    ("said", "stat"),
    [("+CEREG: 0,1", 1), ("+CEREG: 2,5,\"1A2B\",\"01\",7", 5), ("+CEREG: 1", 1), ("+CEREG: 1,\"1A2B\"", 1),
     ("+CEREG: 0,2", 2), ("+CEREG: x", -1), ("", -1)],
)  # fmt: skip
def test_registration_is_read_from_what_was_asked_and_from_what_is_told_by_itself(said, stat):
    port = Script(b"\r\n%s\r\n\r\nOK\r\n" % said.encode())
    assert asyncio.run(Chat(port)._registration("CEREG")) == stat


@pytest.mark.parametrize(("level", "dbm"), [(0, -113), (20, -73), (31, -51), (99, None), ("", None)])
def test_the_signal_in_dbm_is_that_of_the_standard(level, dbm):
    port = Script(f"\r\n+CSQ: {level},99\r\n\r\nOK\r\n".encode())
    assert asyncio.run(Chat(port)._signal_dbm()) == dbm


@pytest.mark.parametrize("kind", KINDS)
def test_a_pole_dials_and_bytes_flow_both_ways(kind):
    with street(kind) as (fake, pole):
        up(pole)
        assert pole.alive() and fake.dialled == 1
        assert pole.facts() == {"address": "10.64.0.2", "sim": "4567", "operator": "Viettel", "dial_dbm": -73}
        assert pole.servers() == ["203.113.131.1"]
        assert 'AT+CGDCONT=1,"IP","v-internet"' in fake.asked
        pole._nic.echo()
        wait_until(lambda: pole._nic.echoed == 1, "an answer through PPP")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "fault",
    [
        {"slow": True},
        {"noise": b"\xff\x00\xfe\x81"},
        {"noise": b"\x7e\xff\x7d\x23" * 300},
        {"news": ("+CREG: 1", "+CGEV: NW DETACH", "PB DONE", "+CPIN: READY")},
        {"registration": 5},
        {"csq": 99},
    ],
    ids=str,
)
def test_what_does_not_matter_does_not_keep_it_from_dialling(kind, fault):
    with street(kind) as (fake, pole):
        for name, value in fault.items():
            setattr(fake, name, value)
        up(pole)
        assert pole.alive() and pole.facts()["dial_dbm"] == (None if "csq" in fault else -73)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"sim": ""}, "SIM: .*not inserted"),
        ({"sim": "SIM PIN"}, "SIM: locked"),
        ({"registration": 2}, "no network"),
        ({"registration": 3}, "no network"),
        ({"no_carrier": True}, "NO CARRIER"),
    ],
    ids=str,
)
def test_what_keeps_it_from_dialling_is_named(fault, why, monkeypatch):
    monkeypatch.setattr(modem, "REGISTER_S", 5)
    with street() as (fake, pole):
        for name, value in fault.items():
            setattr(fake, name, value)
        with pytest.raises(Refused, match=why):
            up(pole)
        assert not pole.alive() and fake.dialled == 0


def test_a_locked_sim_is_never_tried_with_a_number():
    with street() as (fake, pole):
        fake.sim = "SIM PIN"
        with pytest.raises(Refused):
            up(pole)
        assert not [line for line in fake.asked if line.startswith("AT+CPIN=")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_pole_that_hangs_up_can_dial_again(kind):
    with street(kind) as (fake, pole):
        for count in (1, 2):
            up(pole)
            assert pole.alive() and fake.dialled == count
            pole.down()
            wait_until(lambda: not pole.alive(), "the end of PPP")


def test_a_pole_that_started_anew_gets_the_modem_out_of_the_connection_that_it_left():
    with street() as (fake, pole):
        up(pole)
        again = Cellular(pole._port, PPP, "v-internet")
        up(again)
        assert again.alive() and fake.dialled == 2 and "ATH" in fake.asked


def test_a_lost_carrier_is_no_reason_not_to_dial_again():
    with street() as (fake, pole):
        up(pole)
        fake.lose_carrier()
        up(pole)
        assert pole.alive() and fake.dialled == 2


def test_a_connection_that_the_network_ends_is_seen():
    with street() as (fake, pole):
        up(pole)
        fake.end_connection()
        wait_until(lambda: not pole.alive(), "the end of PPP")


def test_a_modem_that_restarts_by_itself_is_dialled_when_it_is_back():
    with street() as (fake, pole):
        up(pole)
        fake.reset()
        up(pole)
        assert pole.alive() and fake.starts == 1


def test_a_modem_that_is_off_is_switched_on():
    with street(on=False) as (fake, pole):
        up(pole)
        assert pole.alive() and fake.starts == 1


@pytest.mark.parametrize(
    ("kind", "pins"), [("SIM7600", ("key",)), ("A7670", ("key",)), ("SIM7600", ("supply", "key"))], ids=str
)
@pytest.mark.slow
def test_a_deaf_modem_comes_back_when_its_power_is_taken_and_not_before(kind, pins, monkeypatch):
    monkeypatch.setattr(cellular, "BOOT_S", KINDS[kind].boot_s + 2)
    with street(kind, pins) as (fake, pole):
        fake.deaf = True
        with pytest.raises(Deaf):
            up(pole)
        asyncio.run(pole.restart())
        assert fake.starts == 1
        up(pole)
        assert pole.alive()


def test_where_no_pin_is_wired_a_modem_is_asked_to_restart():
    with street(pins=()) as (fake, pole):
        asyncio.run(pole.restart())
        assert fake.asked.count("AT+CRESET") == fake.starts == 1


@pytest.mark.slow
def test_a_modem_that_not_even_the_power_helps_is_an_error_within_the_limit():
    with street() as (fake, pole):
        fake.hung = True
        begun = time.monotonic()
        with pytest.raises(Deaf):
            asyncio.run(pole.restart())
        assert time.monotonic() - begun < 90 / SPEED * 2


def test_frames_are_those_of_a_real_modem():
    """As a user's modem sent it, https://github.com/micropython/micropython/issues/7021."""
    raw = b"~\xff}#\xc0!}!}!} }2}\"}&} }*} } }#}$\xc0#}'}\"}(}\"U\x83~~"
    frames = Frames()
    ((protocol, packet),) = frames.feed(raw)
    assert (protocol, packet[:4], frames.bad) == (0xC021, b"\x01\x01\x00\x12", 0)
    assert frame(protocol, packet) == raw[:-1]
    assert Frames().feed(raw.replace(b"\x83", b"\x84")) == []
