"""Who may import whom: decisions know nothing of the world, and one file of the head-end knows everyone."""

import ast

from tests.support.project import PACKAGES, ROOT, name_of, python_files

# A part of the project, and the parts that it may import beside itself. The longest name that fits wins.
CORE = ("protocol", "headend.law", "headend.domain")
MAY_IMPORT = {
    "protocol": (),
    "firmware.app": ("protocol",),
    "firmware.hal": ("protocol",),
    "firmware": ("firmware.app", "firmware.hal", "protocol"),
    "headend.law": ("protocol",),
    "headend.domain": ("protocol", "headend.law"),
    "headend.ports": CORE,
    "headend.services": (*CORE, "headend.ports"),
    "headend.adapters": (*CORE, "headend.ports"),
    # Two faces of one server: a request is let in by the same door.
    "headend.api": (*CORE, "headend.ports", "headend.services", "headend.web"),
    "headend.web": (*CORE, "headend.ports", "headend.services", "headend.api"),
    "headend.settings": (),
    "headend.main": ("headend", "protocol"),
    "headend.cli": ("headend", "protocol"),
    "headend.commands": ("headend", "protocol"),
    "headend": (),
    "simulator": ("protocol", "firmware"),
    # The demonstration starts a head-end too, from these files, and the benches measure one.
    "simulator.bench": ("headend", "protocol", "firmware", "simulator"),
    "simulator.demo": ("headend", "protocol", "firmware", "simulator"),
}
# What a core may not touch: it decides, others do. The pole's core may wait (asyncio), for what it is handed.
CORES = ("protocol", "firmware.app", "headend.law", "headend.domain")
WORLD = {"http", "os", "random", "secrets", "shutil", "socket", "ssl", "sqlalchemy", "subprocess", "tempfile"}
WORLD |= {"threading", "time", "urllib"}


def part_of(module: str) -> str | None:
    """The part that a module belongs to, or None for a module that is not ours."""
    parts = [part for part in MAY_IMPORT if module == part or module.startswith(part + ".")]
    return max(parts, key=len, default=None)


def module_of(path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path) -> list[tuple[int, str]]:
    """(line, module) of every import in a file, also of those inside functions."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = absolute(node, path)
            for alias in node.names:
                whole = f"{origin}.{alias.name}"
                found.append((node.lineno, whole if is_module(whole) else origin))
    return found


def absolute(node: ast.ImportFrom, path) -> str:
    """The module that "from … import" takes from; dots count from the file's folder upwards."""
    if node.level == 0:
        return node.module
    package = path.relative_to(ROOT).parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def is_module(name: str) -> bool:
    """Whether a dotted name is a package or a module of the project, and not something inside one."""
    path = ROOT / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


def allowed(importer: str, imported: str) -> bool:
    """Whether a module of the project may import another module of it; tests are nobody's to import."""
    mine, theirs = part_of(importer), part_of(imported)
    if theirs is None:
        return imported.split(".")[0] != "tests"
    return mine == theirs or any(theirs == part or theirs.startswith(part + ".") for part in MAY_IMPORT[mine])


def test_a_module_imports_only_what_its_part_may():
    wrong = [
        f"{name_of(path)}:{line} imports {name}"
        for path in python_files(*PACKAGES)
        for line, name in imports_of(path)
        if not allowed(module_of(path), name)
    ]
    assert wrong == []


def test_a_core_touches_no_socket_clock_disk_or_dice():
    touched = [
        f"{name_of(path)}:{line} imports {name}"
        for path in python_files(*(core.replace(".", "/") for core in CORES))
        for line, name in imports_of(path)
        if name.split(".")[0] in WORLD
    ]
    assert touched == []


def test_every_module_belongs_to_a_part():
    assert [name_of(path) for path in python_files(*PACKAGES) if part_of(module_of(path)) is None] == []


def test_the_rule_itself_refuses_what_the_design_refuses():
    assert allowed("headend.services.on_air", "headend.domain.bulletin")
    assert allowed("headend.main", "headend.adapters.db.store")
    assert not allowed("headend.domain.bulletin", "headend.services.on_air")
    assert not allowed("headend.adapters.mqtt.link", "headend.services.receipts")
    assert not allowed("headend.web.app", "headend.adapters.db")
    assert not allowed("protocol.seal", "headend.domain.times")
    assert not allowed("firmware.app.player", "firmware.hal.esp32.speaker")
    assert not allowed("simulator.fleet", "headend.domain.times")
    assert not allowed("headend.cli", "tests.run")
