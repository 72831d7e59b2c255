"""A file can be read in one sitting, a function on one screen."""

import ast

from tests.support.project import PACKAGES, name_of, python_files

FILE_LINES = 400
POLE_FILE_LINES = 250  # what MicroPython can compile in the memory of a small board
FUNCTION_LINES = 50


def test_files_are_short():
    lines = {name_of(path): len(path.read_text().splitlines()) for path in python_files()}
    assert {name: count for name, count in lines.items() if count >= limit_of(name)} == {}


def limit_of(name: str) -> int:
    return POLE_FILE_LINES if name.startswith(("firmware/", "protocol/")) else FILE_LINES


def test_functions_fit_on_a_screen():
    lines = {
        f"{name_of(path)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in python_files(*PACKAGES, "tests")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: count for name, count in lines.items() if count > FUNCTION_LINES} == {}
