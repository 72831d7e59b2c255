"""The pole's mind and the contract count in whole numbers: an ESP32's floats have 24 bits, which is minutes beside µs,
and a PC's doubles hide it. A float may only be how long a task rests, and nothing is reckoned from it. Nobody asks the
host what time it is: `time.time()` jumps, and has another epoch on the chip.
"""

import ast
from pathlib import Path

import pytest

from tests.support.project import name_of, python_files

COUNTED = python_files("firmware/app", "protocol")
RESTING = {"sleep", "wait", "wait_for"}  # calls whose arguments may be floats
CLOCKS = {"time", "utime", "datetime", "math", "cmath"}
MAKES_FLOATS = {"float", "complex"}


def complaints(text: str) -> list[str]:
    """ "line: what" of everything that is not counted in whole numbers."""
    tree = ast.parse(text)
    resting = {id(part) for node in ast.walk(tree) for part in rests(node)}
    durations = {node.id for node in ast.walk(tree) if id(node) in resting and isinstance(node, ast.Name)}
    reckoned = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in resting
    }
    for node in tree.body:  # NAME_S = 0.1, used only to rest
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            if names and names <= durations - reckoned and all(name.endswith("_S") for name in names):
                resting.add(id(node.value))
    found = [(node.lineno, what) for node in ast.walk(tree) if (what := wrong(node, resting))]
    return [f"{line}: {what}" for line, what in sorted(found)]


def rests(node: ast.AST) -> list[ast.AST]:
    """Everything within the arguments of a call that waits."""
    if not isinstance(node, ast.Call):
        return []
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    given = [*node.args, *(one.value for one in node.keywords)] if name in RESTING else []
    return [part for argument in given for part in ast.walk(argument)]


def wrong(node: ast.AST, resting: set[int]) -> str:
    """What is wrong with one node, or ""."""
    if isinstance(node, ast.Import):
        return "".join(one.name for one in node.names if one.name.split(".")[0] in CLOCKS)
    if isinstance(node, ast.ImportFrom):
        return node.module if node.module and node.module.split(".")[0] in CLOCKS else ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKES_FLOATS:
        return node.func.id
    if id(node) in resting:
        return ""
    if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
        return repr(node.value)
    return "/" if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div) else ""


@pytest.mark.parametrize("path", COUNTED, ids=name_of)
def test_a_pole_counts_in_whole_numbers(path: Path):
    assert complaints(path.read_text()) == []


def test_no_duration_that_is_a_float_is_handed_to_another_file():
    handed = {name for path in COUNTED for name in imported(ast.parse(path.read_text()))}
    floats = {
        (path.stem, target.id)
        for path in COUNTED
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign) and isinstance(getattr(node.value, "value", None), float)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert floats and not floats & handed


def imported(tree: ast.Module) -> set[tuple[str, str]]:
    """(last part of the module, name) of each `from module import name`."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {(node.module.rpartition(".")[2], one.name) for node in nodes for one in node.names}


def test_there_is_something_to_look_at():
    names = {name_of(path) for path in COUNTED}
    timing = ("clocksync", "timesync", "beacon", "pace", "programme", "speaker", "player", "volume", "cores", "vigil")
    assert {f"firmware/app/{name}.py" for name in timing} <= names
    assert {"protocol/airtime.py", "protocol/civil.py", "protocol/receipt.py"} <= names


PLANTED = (
    ("late_ms = 0.5", "0.5"),
    ("late_ms = us / 1000", "/"),
    ("late_ms /= 1000", "/"),
    ("import time", "time"),
    ("from time import time", "time"),
    ("import math", "math"),
    ("def f():\n    from datetime import datetime", "datetime"),
    ("late = float(ms)", "float"),
    ("await_s = 1e3", "1000.0"),
    ("LOOK_S = 0.1\nleft = 600 // LOOK_S\nsleep(LOOK_S)", "0.1"),  # reckoned with
    ("RATE = 0.1\nsleep(RATE)", "0.1"),  # no duration by its name
    ("LOOK_S = 0.1", "0.1"),  # who knows what for
    ("sleep(now_us() / 1000)\nnow_us() / 1000", "/"),
)


@pytest.mark.parametrize(("text", "what"), PLANTED)
def test_what_is_planted_is_found(text, what):
    assert [one.split(": ")[1] for one in complaints(text)] == [what]


@pytest.mark.parametrize(
    "text",
    [
        "sleep(0.1)",
        "asyncio.sleep(ms / 1000)",
        "LOOK_S = 0.1\nasyncio.sleep(LOOK_S)",
        "half = ms // 2",
        "wait(a, ms / 9)",
    ],
)
def test_how_long_a_task_rests_may_be_a_float(text):
    assert complaints(text) == []
