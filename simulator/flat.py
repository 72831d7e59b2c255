"""Puts the modules of the pole's program side by side instead of into packages.

A module in a package has three names in the heap of a pole (`firmware.app.agenda`, `agenda`, the path of its file) and
an entry in its package; on its own it has two, and shorter ones. Nothing else changes, nor the number of any line.
"""

import ast
from collections import Counter
from collections.abc import Mapping

TABLE = "modules"  # a file of the image: "firmware.app.agenda agenda", one line for each module
# Modules of the interpreter, which are found before any other.
TAKEN = {"machine", "network", "socket", "select", "time", "json", "os", "sys", "io", "random", "struct", "binascii"}


def flatten(sources: Mapping[str, str]) -> dict[str, str]:
    """Files by path → files by name, and the TABLE."""
    flat = names_of(sources)
    found = {}
    for path, text in sources.items():
        if _module(path) in flat:
            found[flat[_module(path)] + ".py"] = _rewritten(text, flat)
    found[TABLE] = "".join(f"{module} {name}\n" for module, name in sorted(flat.items()))
    return found


def names_of(sources: Mapping[str, str]) -> dict[str, str]:
    """Module → its name on its own: the last part where no other module has that one. Packages are none."""
    modules = [_module(path) for path in sources if not path.endswith("__init__.py")]
    stems = Counter(one.rsplit(".", 1)[-1] for one in modules)
    flat = {}
    for one in modules:
        stem = one.rsplit(".", 1)[-1]
        flat[one] = stem if stems[stem] == 1 and stem not in TAKEN else one.replace(".", "_")
    return flat


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _rewritten(text: str, flat: Mapping[str, str]) -> str:
    lines = text.splitlines(keepends=True)
    for node in ast.walk(ast.parse(text)):
        new = None
        if isinstance(node, ast.ImportFrom):
            new = _from(node, flat)
        elif isinstance(node, ast.Import):
            new = _plain(node, flat)
        if new:
            first, last = node.lineno - 1, node.end_lineno - 1
            # Offsets count bytes, but before a statement there is nothing but blanks.
            tail = lines[last].encode()[node.end_col_offset :].decode()
            lines[first] = lines[first][: node.col_offset] + new + tail
            lines[first + 1 : last + 1] = ["\n"] * (last - first)
    return "".join(lines)


def _from(node: ast.ImportFrom, flat: Mapping[str, str]) -> str | None:
    """`from package import module` becomes an import of the module, `from module import name` keeps its form."""
    if node.module in flat:
        return f"from {flat[node.module]} import {', '.join(ast.unparse(one) for one in node.names)}"
    if f"{node.module}.{node.names[0].name}" not in flat:
        return None
    parts = []
    for one in node.names:
        name, known = flat[f"{node.module}.{one.name}"], one.asname or one.name
        parts.append(f"import {name}" if name == known else f"import {name} as {known}")
    return "; ".join(parts)


def _plain(node: ast.Import, flat: Mapping[str, str]) -> str | None:
    """`import package.module`, which nobody uses but for its being loaded."""
    if all(one.name in flat and not one.asname for one in node.names):
        return "; ".join(f"import {flat[one.name]}" for one in node.names)
    return None
