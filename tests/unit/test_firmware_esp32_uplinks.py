"""The uplinks of an ESP32 on fakes of `machine` and `network` that take what the port's stubs say, and no more."""

import ast
import asyncio
import importlib
import inspect
import json
import re
import sys
import types
from types import SimpleNamespace

import pytest

from firmware.hal import uplink
from simulator.hal.line import PPP
from simulator.hal.uplinks import Cable
from simulator.runtime import ROOT
from tests.unit.test_firmware_esp32 import STUBS, members, stub_of

MODULES = ("lan", "wifi", "modem")
WIFI = {"ssid": "xã", "password": "12345678"}
ETHERNET = {"spi": 1, "sck": 12, "mosi": 11, "miso": 13, "cs": 10, "int": 14}
MODEM = {"uart": 1, "tx": 17, "rx": 18, "apn": "v-internet"}
# ports/esp32/network_lan.c (v1.25 to 1.29), get_lan: the stubs know only what all ports have.
LAN = {"id", "mdc", "mdio", "reset", "power", "phy_addr", "phy_type", "spi", "cs", "int", "ref_clk_mode", "ref_clk"}


def takes(node: ast.FunctionDef, arguments: tuple, named: dict) -> bool:
    """Whether a function of a stub can be called like this."""
    given, kind = node.args, inspect.Parameter
    made = [kind(one.arg, kind.POSITIONAL_ONLY) for one in given.posonlyargs]
    made += [kind(one.arg, kind.POSITIONAL_OR_KEYWORD) for one in given.args]
    first_default = len(made) - len(given.defaults)
    made = [one.replace(default=None) if at >= first_default else one for at, one in enumerate(made)]
    made += [kind(given.vararg.arg, kind.VAR_POSITIONAL)] if given.vararg else []
    made += [kind(one.arg, kind.KEYWORD_ONLY, default=None) for one in given.kwonlyargs]
    made += [kind(given.kwarg.arg, kind.VAR_KEYWORD)] if given.kwarg else []
    try:
        inspect.Signature(made).bind(None, *arguments, **named)
    except TypeError:
        return False
    return True


def forms(module: str, name: str, method: str) -> list[ast.FunctionDef]:
    """All that a stub says of a method; it may declare a class twice."""
    stub = ast.parse((STUBS / f"{module}.pyi").read_text())
    bodies = [node.body for node in stub.body if isinstance(node, ast.ClassDef) and node.name == name]
    found = [one for body in bodies for one in body if isinstance(one, ast.FunctionDef) and one.name == method]
    assert found, f"{module}.{name}.{method}"
    return found


def check(module: str, name: str, method: str, arguments: tuple, named: dict) -> None:
    """TypeError when no form of the method takes these arguments."""
    if not any(takes(node, arguments, named) for node in forms(module, name, method)):
        raise TypeError(f"{module}.{name}.{method}{arguments}{named}")


class Nic:
    """LAN or WLAN: `joins` says whether it gets an address."""

    IF_STA = 0

    def __init__(self, board, kind, arguments, named):
        if kind == "LAN":
            assert set(named) <= LAN and arguments == ()
        else:
            check("network", kind, "__init__", arguments, named)
        self.board, self.kind, self.named = board, kind, named
        self.switched, self.asked, self.joined = False, [], False
        board.nics.append(self)

    def __getattr__(self, method):
        def call(*arguments, **named):
            check("network", self.kind, method, arguments, named)
            self.asked.append((method, *arguments))
            return getattr(self, "do_" + method)(*arguments)

        return call

    def do_active(self, on=None):
        if on is None:
            return self.switched
        self.switched = bool(on)
        self.joined = self.switched and self.kind == "LAN" and self.board.joins
        return None

    def do_connect(self, ssid, password):
        self.joined = self.switched and self.board.joins

    def do_disconnect(self):
        self.joined = False

    def do_isconnected(self):
        return self.joined

    def do_ifconfig(self):
        return ("10.0.0.9", "255.0.0.0", "10.0.0.1", "10.0.0.53") if self.joined else ("0.0.0.0",) * 4

    def do_status(self, what):
        assert what == "rssi"
        return -61


class Board:
    """What the fakes are joined to."""

    def __init__(self):
        self.joins, self.nics, self.parts = True, [], []

    def part(self, name):
        def make(*arguments, **named):
            check("machine", name, "__init__", arguments, named)
            self.parts.append((name, arguments, named))
            return SimpleNamespace(name=name, number=arguments[0])

        return make

    def nic(self, kind):
        def make(*arguments, **named):
            return Nic(self, kind, arguments, named)

        make.IF_STA = Nic.IF_STA
        return make

    def modules(self) -> dict[str, types.ModuleType]:
        machine, network = types.ModuleType("machine"), types.ModuleType("network")
        machine.SPI, machine.UART, machine.Pin = (self.part(name) for name in ("SPI", "UART", "Pin"))
        machine.Pin.OUT = 3
        network.LAN, network.WLAN, network.PPP = self.nic("LAN"), self.nic("WLAN"), PPP
        network.PHY_W5500 = 102
        return {"machine": machine, "network": network}


@pytest.fixture
def board(monkeypatch):
    """Fakes in place of the port's modules; nothing of them is left afterwards."""
    made = Board()
    for name, module in made.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    names = [f"firmware.hal.esp32.{name}" for name in (*MODULES, "net")]
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(uplink, "asyncio", SimpleNamespace(sleep=lambda seconds: asyncio.sleep(0)))
    # MicroPython's sockets, which CPython does not have
    monkeypatch.setitem(sys.modules, "firmware.hal.sockets", types.ModuleType("firmware.hal.sockets"))
    yield made
    for name in names:
        sys.modules.pop(name, None)


def net():
    return importlib.import_module("firmware.hal.esp32.net")


def test_the_fakes_have_what_the_port_has():
    assert {"LAN", "WLAN", "PPP", "PHY_W5500"} <= set(stub_of("network"))
    assert {"connect", "disconnect", "isconnected", "ifconfig", "status", "poll"} <= members("network", "PPP")
    for method in ("connect", "disconnect", "isconnected", "ifconfig", "status", "poll"):
        ours = inspect.signature(getattr(PPP, method)).parameters
        (stub,) = forms("network", "PPP", method)
        assert set(list(ours)[1:]) <= {one.arg for one in stub.args.args}, method
    assert {"read", "write", "irq", "IRQ_RXIDLE"} <= members("machine", "UART")


def test_the_fakes_refuse_what_the_port_would_refuse():
    with pytest.raises(TypeError):
        check("network", "WLAN", "connect", ("ssid", "key", "more"), {})
    with pytest.raises(TypeError):
        check("machine", "UART", "__init__", (1,), {"speed": 115200})


@pytest.mark.parametrize(
    ("wiring", "names"),
    [
        (WIFI, ["wifi"]),
        ({**WIFI, "ethernet": ETHERNET, "modem": MODEM}, ["lan", "wifi", "4g"]),
        ({"modem": MODEM}, ["4g"]),
        ({"ethernet": ETHERNET}, ["lan"]),
    ],
    ids=str,
)
def test_a_board_has_the_uplinks_that_are_wired_best_first_and_loads_no_others(board, wiring, names):
    assert [one.name for one in net().uplinks_of(wiring)] == names
    loaded = {"lan": "lan", "wifi": "wifi", "4g": "modem"}
    for name, module in loaded.items():
        assert (f"firmware.hal.esp32.{module}" in sys.modules) == (name in names)


@pytest.mark.parametrize(
    ("wiring", "facts"),
    [({"ethernet": ETHERNET}, {"address": "10.0.0.9"}), (WIFI, {"address": "10.0.0.9", "rssi_dbm": -61})],
    ids=str,
)
def test_an_uplink_rises_tells_of_itself_and_goes_down(board, wiring, facts):
    (made,) = net().uplinks_of(wiring)
    assert not made.alive() and made.facts() == {} and made.servers() == []
    asyncio.run(made.up())
    assert made.alive() and made.facts() == facts and made.servers() == ["10.0.0.53"]
    made.down()
    assert not made.alive()
    asyncio.run(made.up())
    assert made.alive() and len(board.nics) == 1


@pytest.mark.parametrize("wiring", [{"ethernet": ETHERNET}, WIFI], ids=str)
def test_an_uplink_without_a_network_is_an_error_and_rises_once_there_is_one(board, wiring):
    board.joins = False
    (made,) = net().uplinks_of(wiring)
    with pytest.raises(OSError):
        asyncio.run(made.up())
    made.down()
    board.joins = True
    asyncio.run(made.up())
    assert made.alive()


def test_a_radio_that_hangs_is_switched_off_and_on(board, monkeypatch):
    (made,) = net().uplinks_of(WIFI)
    asyncio.run(made.up())
    monkeypatch.setattr(sys.modules["firmware.hal.esp32.wifi"], "REST_S", 0)
    asyncio.run(made.restart())
    asyncio.run(made.up())
    assert [one for one in board.nics[0].asked if one[0] == "active"] == [
        ("active", True), ("active", False), ("active", True)
    ]  # fmt: skip


def test_ethernet_is_made_with_the_pins_of_the_wiring(board):
    (made,) = net().uplinks_of({"ethernet": {**ETHERNET, "reset": 9}})
    asyncio.run(made.up())
    named = board.nics[0].named
    pins = {name: named[name].number for name in ("cs", "int", "reset")}
    assert pins == {"cs": 10, "int": 14, "reset": 9} and named["phy_type"] == 102
    (spi,) = (one for one in board.parts if one[0] == "SPI")
    assert {name: spi[2][name].number for name in ("sck", "mosi", "miso")} == {"sck": 12, "mosi": 11, "miso": 13}


def test_a_modem_s_line_has_room_for_a_stall_of_a_second_and_never_waits(board):
    net().uplinks_of({"modem": {**MODEM, "key": 4, "supply": 5}})
    (uart,) = (one for one in board.parts if one[0] == "UART")
    assert uart[2]["timeout"] == 0 and uart[2]["rxbuf"] > uart[2]["baudrate"] // 10
    pins = {arguments[0]: named.get("value") for name, arguments, named in board.parts if name == "Pin"}
    assert pins == {17: None, 18: None, 4: 0, 5: 1}  # the key is not pressed, and there is power


def test_names_are_asked_of_the_uplinks_that_are_there_and_the_best_radio_tells_its_signal(board):
    made = net().uplinks_of({**WIFI, "ethernet": ETHERNET})
    sockets = net().Net(made)
    assert sockets.rssi_dbm() is None and sockets._servers() == []
    asyncio.run(made[1].up())
    assert sockets.rssi_dbm() == -61 and sockets._servers() == ["10.0.0.53"]
    asyncio.run(made[0].up())
    assert sockets.rssi_dbm() is None  # a cable has none


def test_nothing_is_opened_without_an_uplink(board):
    with pytest.raises(OSError):
        asyncio.run(net().Net(net().uplinks_of(WIFI)).udp("10.0.0.1", 123))


def test_every_uplink_has_the_members_of_the_contract(board, tmp_path):
    text = (ROOT / "firmware" / "hal" / "contract.md").read_text()
    section = text[text.index("## Uplinks") :].split("\n## ")[0]
    named = set(re.findall(r"^\| `(?:await )?(\w+)", section, re.MULTILINE)) - {"member"}
    assert {"name", "up", "down", "alive", "restart", "facts"} == named
    made = [*net().uplinks_of({**WIFI, "ethernet": ETHERNET, "modem": MODEM}), Cable("lan", str(tmp_path))]
    assert {one.name for one in made} == set(re.findall(r"`(lan|wifi|4g)`", section))
    for one in made:
        assert all(hasattr(one, name) for name in named), one


def test_the_wiring_in_the_documents_is_taken(board):
    text = (ROOT / "docs" / "firmware.md").read_text()
    lines = re.findall(r'^    ("(?:ssid|ethernet|modem)": .*)$', text, re.MULTILINE)
    wiring = json.loads("{" + ",".join(lines) + "}")
    made = net().uplinks_of(wiring)
    assert [one.name for one in made] == ["lan", "wifi", "4g"]
    asyncio.run(made[0].up())
