"""What is done to the pole's sources before they are compiled changes their names and nothing that they do."""

import ast
import sys
import types
from contextlib import contextmanager

import pytest

from simulator import runtime
from simulator.flat import TABLE, flatten
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
        return {node.attr for node in found} - {"__init__", "all", "ON"}

    assert len(private("low.py") | private("high.py")) == 3  # _one, _two, _kind
    assert len(private("low.py") | private("high.py") | private("apart.py")) == 4  # main and all are entrances


def test_what_is_for_another_interpreter_is_gone_and_names_that_are_known_anyway_are_not_taken():
    text = "import sys\nif sys.implementation.name == 'x':\n    pass\n" + (
        'MICROPYTHON = sys.implementation.name == "micropython"\n\n\ndef main(_one, _two):\n'
        '    return MICROPYTHON and _one.erf, _two, "to acos"\n'
    )
    small = shrink({"one.py": text})["one.py"]
    assert "MICROPYTHON" not in small and "(True)" in small
    assert "asin" in small and "_one" not in small and small.count("acos") == text.count("acos") == 1


def test_modules_side_by_side_do_what_they_did_in_packages():
    sources = {
        "a/__init__.py": '"""A."""\n',
        "a/one.py": "def two():\n    return 2\n",
        "a/b/one.py": "def three():\n    return 3\n",
        "a/json.py": "FOUR = 4\n",
        "top.py": "import a.json\nfrom a import (\n    one,\n    json as four,\n)\nfrom a.b.one import three as drei\n"
        "def main():\n    from a.b import one as other\n    return one.two(), drei(), other.three(), four.FOUR\n",
    }
    flat = flatten(sources)
    table = dict(line.split() for line in flat.pop(TABLE).splitlines())
    assert table == {"a.one": "a_one", "a.b.one": "a_b_one", "a.json": "a_json", "top": "top"}
    assert flat["top.py"].count("\n") == sources["top.py"].count("\n")
    with loaded({name: flat[name] for name in ("a_one.py", "a_b_one.py", "a_json.py", "top.py")}) as modules:
        assert modules["top"].main() == (2, 3, 3, 4)


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


def test_a_constant_that_can_not_be_reckoned_fails_where_it_stands():
    assert "1 // 0" in shrink({"a.py": "WRONG = 1 // 0\n"})["a.py"]
