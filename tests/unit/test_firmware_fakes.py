"""The fakes of an ESP32's modules take exactly what the port takes, by its published stubs: names, order, defaults."""

import ast

import pytest

from tests.support.project import ROOT
from tests.unit.test_firmware_esp32 import HARDWARE, STUBS

FAKES = ROOT / "tests" / "support" / "esp32"
MODULES = sorted(path.stem for path in FAKES.glob("*.py") if path.stem not in ("wires", "bench"))
NOT_OF_THE_PORT = {"machine": {"Reset"}}  # what stands in for things that end the program
LEFT_OUT = {
    # send(msg) to all peers: the board names whom it sends to
    "espnow": ["ESPNow.send: mac has to be given", "ESPNow.send: msg in another place"],
    # ports/esp32/machine_sdcard.c (v1.25 to 1.29): whole sectors only, whatever the stub for all ports says
    "machine": ["SDCard.readblocks: no offset", "SDCard.writeblocks: no offset"],
}
UNKNOWN = object()  # the stub says only that there is a default


def parameters(function: ast.FunctionDef) -> list[tuple[str, str, object]]:
    """(name, "" | "by name only", default; None where there is none)"""
    given = function.args
    plain = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(plain) - len(given.defaults)) + [value(one) for one in given.defaults]
    found = [(one.arg, "", default) for one, default in zip(plain, defaults, strict=True)]
    named = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    return found + [(one.arg, "by name only", None if default is None else value(default)) for one, default in named]


def value(node: ast.expr) -> object:
    """(what a default is,), UNKNOWN where it is no plain value."""
    try:
        found = ast.literal_eval(node)
    except ValueError:
        return UNKNOWN
    return UNKNOWN if found is ... else (found,)


def functions(body: list[ast.stmt]) -> dict[str, list[ast.FunctionDef]]:
    """Overloads by name."""
    found: dict[str, list[ast.FunctionDef]] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(node)
    return found


def differences(fake: str, stub: str, beside: set[str] = frozenset()) -> list[str]:
    """What a fake's text has that a stub's has not, or otherwise."""
    mine, theirs = ast.parse(fake), ast.parse(stub)
    classes = {node.name: node for node in theirs.body if isinstance(node, ast.ClassDef)}
    found = compared("", functions(mine.body), functions(theirs.body))
    for node in mine.body:
        if isinstance(node, ast.ClassDef) and node.name not in beside:
            if node.name not in classes:
                found.append(f"{node.name} is not in the port")
                continue
            found += compared(f"{node.name}.", functions(node.body), functions(classes[node.name].body))
            declared = {one for part in classes[node.name].body for one in names(part)}
            found += [f"{node.name}.{one}" for part in node.body for one in names(part) if one not in declared]
    return found


def names(node: ast.stmt) -> list[str]:
    """Constants that a class sets."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    parts = [part for one in targets if one for part in getattr(one, "elts", [one])]
    return [part.id for part in parts if isinstance(part, ast.Name)]


def compared(where: str, mine: dict, theirs: dict) -> list[str]:
    found = []
    for name, (function,) in mine.items():
        if name.startswith("_") and name not in ("__init__", "__call__"):
            continue  # the fake's own
        if name not in theirs:
            found.append(f"{where}{name} is not in the port")
            continue
        taken = parameters(function)
        forms = [parameters(one) for one in theirs[name]]
        known = {one[0] for form in forms for one in form}
        found += [f"{where}{name}: {one[0]}" for one in taken if one[0] not in known]
        found += [f"{where}{name}: {what}" for form in forms for what in form_differs(taken, form)]
    return sorted(set(found))


def form_differs(taken: list, form: list) -> list[str]:
    """What a fake does not take of one of the port's forms of a call."""
    found = []
    mine = {one[0]: one for one in taken}
    order = [one[0] for one in taken if not one[1]]
    for at, (name, kind, default) in enumerate(form):
        if name not in mine:
            found.append(f"no {name}")
        elif mine[name][1] != kind or (not kind and order.index(name) != at):
            found.append(f"{name} in another place")
        elif default not in (None, UNKNOWN) and mine[name][2] not in (default, UNKNOWN):
            found.append(f"{name} is {mine[name][2]}, not {default}")
        elif default is UNKNOWN and mine[name][2] is None:
            found.append(f"{name} has no default")
    given = {one[0] for one in form}
    return found + [f"{one[0]} has to be given" for one in taken if one[0] not in given and one[2] is None]


@pytest.mark.parametrize("module", MODULES)
def test_a_fake_takes_what_the_port_takes(module):
    fake, stub = (FAKES / f"{module}.py").read_text(), (STUBS / f"{module}.pyi").read_text()
    assert differences(fake, stub, NOT_OF_THE_PORT.get(module, set())) == LEFT_OUT.get(module, [])


def unnamed() -> dict[str, set[str]]:
    """Parameters that the port takes by their place only, by the name of the function or class; no fake can say so."""
    found: dict[str, set[str]] = {}
    for module in MODULES:
        for node in ast.parse((STUBS / f"{module}.pyi").read_text()).body:
            body = node.body if isinstance(node, ast.ClassDef) else [node]
            for name, forms in functions(body).items():
                called = node.name if name == "__init__" else name
                found.setdefault(called, set()).update(one.arg for form in forms for one in form.args.posonlyargs)
    return found


def named_wrongly(text: str) -> list[str]:
    """Arguments that are given by a name that the port does not take."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    given = [(getattr(one.func, "attr", getattr(one.func, "id", "")), {k.arg for k in one.keywords}) for one in calls]
    return [f"{name}: {arg}" for name, args in given for arg in sorted(args & unnamed().get(name, set()))]


@pytest.mark.parametrize("path", HARDWARE, ids=lambda path: path.stem)
def test_the_board_names_no_argument_that_the_port_takes_by_its_place(path):
    assert named_wrongly(path.read_text()) == []


def test_an_argument_that_is_named_wrongly_is_found():
    assert named_wrongly("machine.Pin(id=4)") == ["Pin: id"] and named_wrongly("Pin(4, mode=Pin.IN)") == []


def test_there_is_a_fake_of_each_module_that_the_board_uses():
    assert MODULES == ["esp32", "espnow", "machine", "network"]


STUB = """
class A:
    TX: int = 1
    def __init__(self, id: int, /, mode: int = -1, *, value=None) -> None: ...
    @overload
    def level(self) -> int: ...
    @overload
    def level(self, x: int, /) -> None: ...
def reset() -> None: ...
"""
RIGHT = """
class A:
    TX = 5
    def __init__(self, id, mode=-1, *, value=None): pass
    def level(self, x=None): pass
    def _own(self): pass
def reset(): pass
"""


def test_a_fake_that_is_right_is_right():
    assert differences(RIGHT, STUB) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("mode=-1", "mode=0"),
        ("mode=-1", "mode"),
        ("id, mode=-1", "pin, mode=-1"),
        ("id, mode=-1, *, value=None", "id, *, mode=-1, value=None"),
        ("*, value=None", "value=None"),
        (", *, value=None", ""),
        ("x=None", "x"),
        ("x=None", "x=None, y=None"),
        ("def reset", "def restart"),
        ("class A", "class B"),
        ("TX = 5", "RX = 5"),
    ],
)
def test_a_fake_that_is_wrong_is_found(right, wrong):
    assert right in RIGHT
    assert differences(RIGHT.replace(right, wrong), STUB) != []
