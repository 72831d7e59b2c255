"""Makes the pole's program cheaper in memory without changing what it does, nor the number of any line.

Every name that a program uses has an entry in a table in the heap, also when the code itself is mapped from flash, and
that table grows by doubling: a few hundred names decide over 9 KB of an ESP32. So, before the sources are compiled:

- It runs on MicroPython: what is for another interpreter is left out.
- A constant (a number, or a short text) is put in where it is used, and is then no name any more.
- A private name (`_name`) becomes a short one, or one of those that the interpreter brings along. Two of them may
  become the same if no file, and no file together with those that it takes base classes from, knows both: then no
  object can have both.
- So does the name of a function, a class or an object of a module that is never read as an attribute. Exceptions keep
  theirs: people read them.
- So does a name that is nowhere more than an argument or a variable, and never named by a caller.
"""

import ast
import io
import itertools
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

PRIVATE = re.compile(r"_[A-Za-z][A-Za-z0-9_]*\Z")
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*\Z")
TARGET = re.compile(r'sys\.implementation\.name (==|!=) "micropython"')
LONGEST_TEXT = 16  # a longer one would be there once for each module
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
# Known outside: to who starts it (simulator/rom.py), to the compiler.
ENTRANCES = ("main", "live", "restart", "choose", "file_of", "mount", "place", "run", "Files")
ENTRANCES += ("micropython", "ptr8", "ptr16")
# Names that every build of MicroPython knows (of math, heapq and uctypes): they lie in its own flash and cost nothing.
# Those that a program uses are not taken.
FREE = """
acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh degrees erf erfc exp expm1 fabs floor fmod frexp gamma
isfinite isinf isnan ldexp lgamma log10 log2 modf pi radians sin sinh sqrt tan tanh trunc heapify heappop heappush
ARRAY BFINT16 BFINT32 BFINT8 BFUINT16 BFUINT32 BFUINT8 INT16 INT32 INT64 INT8 LONG LONGLONG NATIVE PTR SHORT UINT
UINT16 UINT32 UINT64 UINT8 ULONG ULONGLONG USHORT VOID
"""
THEIRS = {"asyncio", "core", "gc", "machine", "os", "sys", "time"}

Value = int | float | str | bytes


def shrink(sources: Mapping[str, str]) -> dict[str, str]:
    """The same files, by their names, with fewer names in them. They must be all that runs together."""
    told = {name: TARGET.sub(lambda found: str(found[1] == "=="), text) for name, text in sources.items()}
    files = {name: File(name, text, ast.parse(text)) for name, text in told.items()}
    modules = {one.module: one for one in files.values()}
    for one in files.values():
        one.find_constants()
    news = True
    while news:  # a constant may be handed on by several modules
        news = sum(one.take_over(modules) for one in files.values()) > 0
    kept = set().union(*(one.unresolved(modules) for one in files.values()))
    texts = {name: one.rewritten(modules, kept) for name, one in files.items()}
    trees = {name: one.tree for name, one in files.items()}
    own = _of_modules(trees.values())
    free = _free(texts.values())
    short = _colours({name: _private(tree, own) for name, tree in trees.items()}, _families(trees), free)
    short.update((one, new) for one, new in _arguments(trees.values()).items() if one not in short)
    return {name: _renamed(text, short) for name, text in texts.items()}


@dataclass
class File:
    """One source file: its constants, and what it knows of others."""

    name: str
    text: str
    tree: ast.Module
    own: dict[str, Value] = field(default_factory=dict)  # defined here
    known: dict[str, Value] = field(default_factory=dict)  # defined here or imported
    imported: dict[str, str] = field(default_factory=dict)  # name in this file → module
    lines: dict[str, ast.Assign] = field(default_factory=dict)

    @property
    def module(self) -> str:
        return self.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def find_constants(self) -> None:
        """What is set once, at the top of the file, to a number or text."""
        given: dict[str, int] = {}
        for node in ast.walk(self.tree):
            for name in _given(node):
                given[name] = given.get(name, 0) + 1
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                pairs = [(name, _value(value, self.own)) for name, value in _pairs(node.targets[0], node.value)]
                if pairs and all(v is not None and CONSTANT.match(n) and given[n] == 1 for n, v in pairs):
                    self.own.update(pairs)
                    self.lines.update({name: node for name, _ in pairs})
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        self.known = dict(self.own)

    def take_over(self, modules: Mapping[str, "File"]) -> bool:
        """Constants that this file imports; True if there was a new one."""
        new = False
        for node in self.tree.body:
            for alias in node.names if isinstance(node, ast.ImportFrom) else ():
                source = modules.get(node.module)
                if source and alias.name in source.known and alias.name not in self.known and not alias.asname:
                    self.known[alias.name] = source.known[alias.name]
                    new = True
        return new

    def _of_module(self, node: ast.AST, modules: Mapping[str, "File"]) -> Value | None:
        """The value of `module.NAME`."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self.imported:
            source = modules.get(self.imported[node.value.id])
            return source.known.get(node.attr) if source else None
        return None

    def unresolved(self, modules: Mapping[str, "File"]) -> set[str]:
        """Names that this file reads of something and that are not put in: whoever defines them keeps them."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute) and self._of_module(node, modules) is None:
                found.add(node.attr)
            elif isinstance(node, ast.ImportFrom) and node not in self.tree.body:
                found.update(alias.name for alias in node.names)
        return found

    def rewritten(self, modules: Mapping[str, "File"], kept: set[str]) -> str:
        """The text with each constant's value in its place, and nothing where it was defined or imported."""
        raw = [line.encode() for line in self.text.splitlines(keepends=True)]
        changes: list[tuple[ast.AST, str]] = []
        stays = {id(self.lines[name]) for name in self.own if name in kept}
        gone = {id(node): node for node in self.lines.values() if id(node) not in stays}
        skipped = {id(part) for node in gone.values() for part in ast.walk(node)}
        changes += [(node, "pass") for node in gone.values()]
        inside = set()
        kept = kept | {name for name, node in self.lines.items() if id(node) in stays}
        for node in ast.walk(self.tree):
            if id(node) in skipped or id(node) in inside:
                continue
            if isinstance(node, ast.ImportFrom) and node in self.tree.body:
                left = [one for one in node.names if one.asname or one.name not in self.known or one.name in kept]
                if len(left) < len(node.names):
                    changes.append((node, _import(node.module, left)))
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in self.known:
                changes.append((node, _literal(self.known[node.id])))
            elif (value := self._of_module(node, modules)) is not None:
                changes.append((node, _literal(value)))
                inside.add(id(node.value))
        for node, new in sorted(changes, key=lambda one: (one[0].lineno, one[0].col_offset), reverse=True):
            _put(raw, node, new)
        return b"".join(raw).decode()


def _given(node: ast.AST) -> Iterable[str]:
    """Names that a node sets."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.arg | ast.keyword) and node.arg:
        yield node.arg
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name for alias in node.names)


def _import(module: str, names: list[ast.alias]) -> str:
    parts = [one.name + (f" as {one.asname}" if one.asname else "") for one in names]
    return f"from {module} import {', '.join(parts)}" if parts else "pass"


def _literal(value: Value) -> str:
    return f"({value!r})"


def _put(raw: list[bytes], node: ast.AST, new: str) -> None:
    """In place of a node; the lines that it took beyond its first become empty."""
    first, last = node.lineno - 1, node.end_lineno - 1
    tail = raw[last][node.end_col_offset :]
    raw[first] = raw[first][: node.col_offset] + new.encode() + tail
    for line in range(first + 1, last + 1):
        raw[line] = b"\n"


def _value(node: ast.expr, known: Mapping[str, Value]) -> Value | None:
    """A number or short text that an expression stands for, or None."""
    if isinstance(node, ast.Constant) and type(node.value) in (bool, int, float, str, bytes):
        return node.value if isinstance(node.value, int | float) or len(node.value) <= LONGEST_TEXT else None
    allowed = (ast.BinOp, ast.UnaryOp, ast.Constant, ast.Name, ast.operator, ast.unaryop, ast.Load)
    if not isinstance(node, ast.BinOp | ast.UnaryOp) or not all(isinstance(one, allowed) for one in ast.walk(node)):
        return None
    if not {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} <= known.keys():
        return None
    try:
        value = eval(compile(ast.Expression(node), "constant", "eval"), {"__builtins__": {}}, dict(known))
    except ArithmeticError:
        return None  # it fails on the pole, where it stands
    return value if type(value) in (int, float) else None


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[str, ast.expr]]:
    """Name and value of an assignment, of each name of one like `A, B = 1, 2`; nothing where it is another kind."""
    if isinstance(target, ast.Name):
        return [(target.id, value)]
    both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts)
    if not both or not all(isinstance(one, ast.Name) for one in target.elts):
        return []
    return [(one.id, of) for one, of in zip(target.elts, value.elts, strict=True)]


def _private(tree: ast.Module, own: set[str]) -> set[str]:
    """Names in this file that are private, or of `own`."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and _of_ours(node):
            found.add(node.attr)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.ImportFrom):
            found.update(alias.name for alias in node.names)
    return {one for one in found if PRIVATE.match(one) or one in own}


def _of_modules(trees: Iterable[ast.Module]) -> set[str]:
    """Names that modules give to their own things, and that are nothing else anywhere."""
    given, otherwise = set(), set(ENTRANCES)
    for tree in trees:
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or (
                isinstance(node, ast.ClassDef) and not any(_exception(base) for base in node.bases)
            ):
                given.add(node.name)
            elif isinstance(node, ast.Assign):
                given.update(name for target in node.targets for part in ast.walk(target) for name in _given(part))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                otherwise.add(node.attr)
            elif isinstance(node, ast.arg | ast.keyword):
                otherwise.add(node.arg)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                otherwise.add(node.value)
            elif isinstance(node, ast.Import):
                otherwise.update(part for alias in node.names for part in (alias.asname or alias.name).split("."))
            elif isinstance(node, ast.ImportFrom):
                otherwise.update((node.module or "").split("."))
                otherwise.update(alias.asname for alias in node.names if alias.asname)
            elif isinstance(node, ast.ClassDef):
                otherwise.update(name for part in node.body for name in _defined(part))
    return given - otherwise


def _exception(base: ast.expr) -> bool:
    return isinstance(base, ast.Name) and base.id.endswith(("Error", "Exception"))


def _defined(node: ast.stmt) -> Iterable[str]:
    """What a statement of a class's body defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name))


def _of_ours(node: ast.Attribute) -> bool:
    """Not something of the interpreter's own modules (`core._io_queue`, `sys.implementation._mpy`)."""
    of = node.value
    while isinstance(of, ast.Attribute):
        of = of.value
    return not (isinstance(of, ast.Name) and of.id in THEIRS)


def _families(trees: Mapping[str, ast.Module]) -> dict[str, set[str]]:
    """For each file all files that its classes may inherit from or be inherited by: all that share a base's name."""
    defines: dict[str, set[str]] = {}
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                defines.setdefault(node.name, set()).add(name)
    family = {name: {name} for name in trees}
    for name, tree in trees.items():
        for node in ast.walk(tree):
            for base in node.bases if isinstance(node, ast.ClassDef) else ():
                for other in defines.get(getattr(base, "attr", getattr(base, "id", "")), ()):
                    joined = family[name] | family[other]
                    for one in joined:
                        family[one] = joined
    return family


def _free(texts: Iterable[str]) -> list[str]:
    """Those of FREE that no file names, as a word or in a text."""
    used = set().union(*(re.findall(r"\w+", text) for text in texts))
    return [name for name in FREE.split() if name not in used]


def _colours(private: Mapping[str, set[str]], family: Mapping[str, set[str]], free: list[str]) -> dict[str, str]:
    """Short names, as few as will do."""
    together: dict[str, set[str]] = {}
    for name in private:
        near = set().union(*(private[one] for one in family[name]))
        for one in near:
            together.setdefault(one, set()).update(near)
    short: dict[str, str] = {}
    for one in sorted(together, key=lambda name: (-len(together[name]), name)):
        taken = {short[other] for other in together[one] if other in short}
        short[one] = next(name for name in itertools.chain(free, _numbered()) if name not in taken)
    return short


def _numbered() -> Iterable[str]:
    return (f"_{n}" for n in itertools.count())


def _arguments(trees: Iterable[ast.Module]) -> dict[str, str]:
    """Short names for arguments; two that some function has both stay two."""
    elsewhere: set[str] = {"self"}
    functions: list[set[str]] = []
    for tree in trees:
        inside: set[int] = set()
        for node in ast.walk(tree):
            if isinstance(node, FUNCTIONS) and id(node) not in inside:
                inside.update(id(part) for part in ast.walk(node))
                functions.append({part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
                                 | {part.id for part in ast.walk(node) if isinstance(part, ast.Name)})
        for node in ast.walk(tree):
            elsewhere.update(_more_than_variables(node, id(node) in inside))
    taken = set().union(elsewhere, *functions)
    free = [name for name in (f"a{n}" for n in range(1000)) if name not in taken]
    arguments = {part.arg for tree in trees for part in ast.walk(tree) if isinstance(part, ast.arg)} - elsewhere
    short: dict[str, str] = {}
    for one in sorted(arguments, key=lambda name: (-sum(name in names for names in functions), name)):
        near = set().union(*(names for names in functions if one in names))
        used = {short[other] for other in near if other in short}
        short[one] = next(name for name in free if name not in used)
    return {one: new for one, new in short.items() if not PRIVATE.match(one)}


def _more_than_variables(node: ast.AST, in_function: bool) -> Iterable[str]:
    """Names that a node makes something else than a variable of a function."""
    if isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.keyword) and node.arg:
        yield node.arg
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (part for alias in node.names for part in (alias.asname or alias.name).split("."))
        yield from (getattr(node, "module", None) or "").split(".")
    elif isinstance(node, ast.Name) and not in_function:
        yield node.id
    elif isinstance(node, ast.Global | ast.Nonlocal):
        yield from node.names


def _renamed(text: str, short: Mapping[str, str]) -> str:
    lines = text.splitlines(keepends=True)
    names = [
        token
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.NAME and token.string in short
    ]
    for token in reversed(names):
        (line, start), (_, end) = token.start, token.end
        lines[line - 1] = lines[line - 1][:start] + short[token.string] + lines[line - 1][end:]
    return "".join(lines)
