"""What can be known of the ESP32's side without one: it compiles for the chip, and the port has what it uses."""

import ast
import importlib
import re
import sys
import types
from pathlib import Path

import pytest

import simulator.runtime
from simulator.hal.box import SimBox
from simulator.runtime import ROOT, cross_compile

FILES = sorted([*(ROOT / "protocol").glob("*.py"), *(ROOT / "firmware").rglob("*.py")])
ON_THE_POLE = [path for path in FILES if path.name != "manifest.py"]
STUBS = Path(pytest.__file__).resolve().parents[1]
CHECKED = ("machine", "network", "esp32", "time", "gc", "tls", "socket", "espnow")
NOT_IN_APP = {"os", "socket", "time", "machine", "network", "select", "ffi", "tls", "ssl"}


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", ON_THE_POLE, ids=shown)
def test_every_file_of_the_pole_compiles_for_the_chip(path, tmp_path):
    cross_compile(path, tmp_path / "out.mpy", "xtensawin", path.name)
    assert (tmp_path / "out.mpy").stat().st_size > 0


def test_the_compiler_refuses_what_is_no_python(tmp_path):
    (tmp_path / "bad.py").write_text("def broken(:\n")
    with pytest.raises(ValueError, match="SyntaxError"):
        cross_compile(tmp_path / "bad.py", tmp_path / "out.mpy", "xtensawin", "bad.py")


def names_of(tree: ast.Module) -> dict[str, ast.AST]:
    """What a stub declares at its top, by name."""
    found: dict[str, ast.AST] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node in tree.body:
            found.update({alias.asname or alias.name: node for alias in node.names})
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
        elif isinstance(node, ast.Assign):
            found.update({target.id: node for target in node.targets if isinstance(target, ast.Name)})
    return found


def stub_of(module: str) -> dict[str, ast.AST]:
    for path in (STUBS / f"{module}.pyi", STUBS / module / "__init__.pyi"):
        if path.exists():
            return names_of(ast.parse(path.read_text()))
    pytest.fail(f"no stub of {module}")


def uses(path: Path) -> set[tuple[str, str]]:
    """(module, attribute) of each `module.attribute` and `from module import attribute`."""
    tree = ast.parse(path.read_text())
    modules, found = {}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in CHECKED}
        elif isinstance(node, ast.ImportFrom) and node.module in CHECKED:
            found |= {(node.module, alias.name) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            found.add((modules[node.value.id], node.attr))
    return found


HARDWARE = sorted([*(ROOT / "firmware" / "hal").rglob("*.py"), ROOT / "firmware" / "boot.py"])


@pytest.mark.parametrize("path", HARDWARE, ids=shown)
def test_everything_that_the_board_uses_is_in_the_port(path):
    for module, attribute in uses(path):
        assert attribute in stub_of(module), f"{module}.{attribute}"


def members(module: str, name: str) -> set[str]:
    """What a class of a stub declares."""
    node = stub_of(module)[name]
    assert isinstance(node, ast.ClassDef)
    return set(names_of(ast.Module(node.body, [])))


def test_the_classes_of_the_port_have_what_the_board_calls():
    assert {"TX", "MONO", "write", "irq", "deinit", "__init__"} <= members("machine", "I2S")
    assert {"datetime"} <= members("machine", "RTC")
    assert {"active", "add_peer", "send", "any", "recv"} <= members("espnow", "ESPNow")
    assert {"OUT", "__init__", "__call__"} <= members("machine", "Pin")
    assert {"IF_STA", "active", "connect", "isconnected"} <= members("network", "WLAN")


def test_the_arguments_of_the_loudspeaker_are_those_of_the_port():
    node = stub_of("machine")["I2S"]
    accepted = set()
    for part in ast.walk(node):
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            accepted |= {one.arg for one in [*part.args.args, *part.args.kwonlyargs]}
    board = ast.parse((ROOT / "firmware" / "hal" / "esp32" / "board.py").read_text())
    given = {
        keyword.arg
        for node in ast.walk(board)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "I2S"
        for keyword in node.keywords
    }
    assert given and given <= accepted


@pytest.mark.parametrize("path", sorted((ROOT / "firmware" / "app").glob("*.py")), ids=shown)
def test_the_pole_s_mind_touches_no_hardware_and_stays_readable(path):
    text = path.read_text()
    imported = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
            assert not node.module.startswith("firmware.hal")
    assert not imported & NOT_IN_APP
    assert text.count("\n") < 250


def test_what_a_virtual_pole_is_made_of_is_found():
    names = {str(path) for path in simulator.runtime.sources()}
    assert {"firmware/main.py", "firmware/hal/sockets.py", "protocol/seal.py", "simulator/station.py"} <= names
    assert "simulator/fleet.py" not in names and "firmware/boot.py" not in names


class Wires:
    """What fakes of `machine` and `esp32` are joined to: levels of pins, and millivolts at converters."""

    def __init__(self):
        self.levels, self.millivolts = {}, {}

    def modules(self) -> dict[str, types.ModuleType]:
        wires = self

        class Pin:
            IN, OUT, PULL_UP = 1, 3, 2

            def __init__(self, number, mode=-1, pull=None, *, value=None):
                self.number = number
                if value is not None:
                    wires.levels[number] = value

            def value(self, level=None):
                if level is None:
                    return wires.levels.get(self.number, 1)
                wires.levels[self.number] = level

        class Adc:
            ATTN_11DB = 3

            def __init__(self, pin, *, atten):
                self.number = pin.number

            def read_uv(self):
                return wires.millivolts[self.number] * 1000

        machine, esp32 = types.ModuleType("machine"), types.ModuleType("esp32")
        machine.Pin, machine.ADC = Pin, Adc
        esp32.raw_temperature = lambda: 131
        return {"machine": machine, "esp32": esp32}


@pytest.fixture
def box(monkeypatch):
    """The board's box class on fakes, and their wires."""
    wires = Wires()
    for name, module in wires.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "firmware.hal.esp32.box", raising=False)
    module = importlib.import_module("firmware.hal.esp32.box")
    yield module.Box, wires
    sys.modules.pop("firmware.hal.esp32.box")


def test_the_fakes_take_what_the_port_takes():
    assert {"ATTN_11DB", "read_uv"} <= members("machine", "ADC")
    assert {"IN", "PULL_UP", "value"} <= members("machine", "Pin")
    assert "raw_temperature" in stub_of("esp32") and "status" in members("network", "WLAN")


def test_a_box_reads_its_wires(box):
    make, wires = box
    wires.millivolts.update({1: 2500, 2: 330, 3: 12, 4: 45})
    made = make(
        {"mains": 10, "cabinet": 11, "stop": 12, "relay": 13, "green": 14, "yellow": 15, "red": 16,
         "battery": [1, 5000], "amp_ma": [2, 1000], "horns": [[3, 2000], [4, 2000]]},
        lambda: -70,
    )  # fmt: skip
    wires.levels.update({10: 0, 11: 0, 12: 1})
    assert (made.mains(), made.cabinet_open(), made.stop_key()) == (True, False, False)
    wires.levels.update({10: 1, 11: 1, 12: 0})
    assert (made.mains(), made.cabinet_open(), made.stop_key()) == (False, True, True)
    assert (made.battery_mv(), made.amp_ma(), made.horns) == (12_500, 330, 2)
    assert [made.horn_ma(0), made.horn_ma(1)] == [24, 90]
    assert (made.temperature_c(), made.rssi_dbm()) == (55, -70)
    assert wires.levels[13] == 0  # a pole that starts anew has its mains
    made.relay(False)
    made.lights(1, 0, 1)
    assert wires.levels[13] == 1 and [wires.levels[pin] for pin in (14, 15, 16)] == [1, 0, 1]


def test_a_box_without_wires_says_that_it_feels_nothing(box):
    made = box[0]({}, lambda: None)
    figures = (made.mains(), made.battery_mv(), made.battery_ma(), made.amp_ma(), made.mic(), made.cabinet_open())
    assert set(figures) == {None} and made.horns == 0 and made.stop_key() is False
    made.relay(False)
    made.lights(1, 1, 1)


def test_the_simulated_box_and_the_board_s_have_the_same_members(box, tmp_path):
    contract = (ROOT / "firmware" / "hal" / "contract.md").read_text()
    section = contract[contract.index("## What it feels") : contract.index("## Files")]
    named = set(re.findall(r"`(\w+)(?:\([^)]*\))?`", section)) - {"None", "box"}
    assert {"mains", "horn_ma", "relay", "lights", "stop_key"} <= named
    simulated = SimBox(str(tmp_path), lambda: 0, lambda: None)
    for name in named:
        assert hasattr(simulated, name) and hasattr(box[0]({}, lambda: None), name), name
