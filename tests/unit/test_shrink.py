"""What is done to the pole's sources before they are compiled changes their names and nothing that they do."""

import ast
import sys
import types
from contextlib import contextmanager

import pytest

from simulator import runtime
from simulator.shrink import shrink

SOURCES = {
    "low.py": "MOST = 3 * 2\nLOOK_S = 0.5\nON, OFF = 1, 0\nFAR = 1 << 40\nLONG = 'x' * 40\n\n\nclass Base:\n"
    "    _kind = 'base'\n\n    def __init__(self):\n        self._one = 1\n",
    "high.py": "from low import (\n    FAR,\n    MOST,\n    Base,\n)\nimport low\n\n_SHIFT = -2\n\n\nclass Top(Base):\n"
    "    def __init__(self):\n        Base.__init__(self)\n        self._two = MOST + _SHIFT\n\n"
    "    def all(self, _far=FAR):\n        return self._one, self._two, _far, self._kind, low.ON\n\n\n"
    "def main():\n    return Top().all()\n",
    "apart.py": "class Alone:\n    def __init__(self):\n        self._three = 3\n\n    def all(self):\n"
    "        return self._three\n\n\ndef main():\n    return Alone().all()\n",
}


@contextmanager
def loaded(texts):
    """The modules that these texts make."""
    names = [name.removesuffix(".py") for name in texts]
    try:
        for name, text in zip(names, texts.values(), strict=True):
            module = sys.modules[name] = types.ModuleType(name)
            exec(compile(text, name, "exec"), module.__dict__)
        yield {name: sys.modules[name] for name in names}
    finally:
        for name in names:
            sys.modules.pop(name, None)


def results(texts):
    with loaded(texts) as modules:
        return modules["high"].main(), modules["apart"].main()


def test_a_shrunk_program_does_what_it_did():
    assert results(shrink(SOURCES)) == results(SOURCES) == ((1, 4, 1 << 40, "base", 1), 3)


def test_constants_are_put_in_and_are_names_no_more():
    with loaded(shrink(SOURCES)) as modules:
        assert not {"MOST", "LOOK_S", "FAR", "_SHIFT"} & (vars(modules["low"]).keys() | vars(modules["high"]).keys())
        assert "x" * 40 in vars(modules["low"]).values()  # a long text stays one object, under a short name


def test_two_private_names_become_one_only_where_no_object_can_have_both():
    short = shrink(SOURCES)

    def private(name):
        found = [node for node in ast.walk(ast.parse(short[name])) if isinstance(node, ast.Attribute)]
        return {node.attr for node in found if node.attr.startswith("_") and node.attr != "__init__"}

    assert len(private("low.py") | private("high.py")) == 3  # _one, _two, _kind
    assert private("apart.py") < {f"_{n}" for n in range(10)}  # there are more names than that, in three files


def test_exceptions_keep_their_names_because_people_read_them(pole):
    shrunk = shrink(pole)
    assert "class SealError(WireError)" in shrunk["protocol/seal.py"]
    assert "class Dry(Exception)" in shrunk["firmware/app/speaker.py"]


@pytest.fixture(scope="module")
def pole():
    return {str(name): (runtime.ROOT / name).read_text() for name in runtime.sources()}


def test_no_line_of_the_pole_moves(pole):
    for name, text in shrink(pole).items():
        assert text.count("\n") == pole[name].count("\n"), name
        theirs, ours = ast.parse(text), ast.parse(pole[name])
        assert [node.lineno for node in theirs.body] == [node.lineno for node in ours.body], name


def test_the_pole_has_fewer_names_by_a_quarter(pole):
    def names(texts):
        found = set()
        for text in texts.values():
            for node in ast.walk(ast.parse(text)):
                for kind in ("name", "attr", "arg", "id"):
                    found.add(getattr(node, kind, None))
        return len(found)

    assert names(shrink(pole)) < 0.75 * names(pole)
