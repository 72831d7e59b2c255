"""The recipes: for each program where it may stand on the machine, and which Debian package brings it."""

import functools
import importlib.util
import itertools
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from simulator.programs.packages import os_release

DEBIAN_NAMES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf"}
MACHINE = DEBIAN_NAMES.get(platform.machine(), platform.machine())
POSTGRESQL_OLDEST = 15


@dataclass(frozen=True)
class Program:
    """A program that runs on this machine: its file, and what must stand before it on the command line."""

    name: str
    path: Path
    loader: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)

    @property
    def argv(self) -> list[str]:
        """The beginning of the command that starts it; append the program's own arguments."""
        settings = [f"{key}={value}" for key, value in self.env.items()]
        return [*(["env", *settings] if settings else []), *self.loader, str(self.path)]


@dataclass(frozen=True)
class Recipe:
    """How one program is found and fetched.

    `packages` bring it; the first one names the folder where they are unpacked.
    `inside` is the program's file in there, `settings` are environment variables that name folders in there.
    `places` are tried in order: a bare name is looked up on PATH, a path may hold '*' (the highest match first).
    `check` starts it and says whether it is good enough.
    `installable` allows to install it on the machine; `own_loader` starts it with the C library it came with.
    `suites`: for machines of some suites, which ones to ask for the packages, in this order (None: their own). A later
    one is asked where the lists of the one before can not be read: mirrors renew them one by one.
    """

    name: str
    packages: tuple[str, ...]
    architecture: str
    inside: str
    places: tuple[str, ...]
    check: Callable[[Program], bool]
    needed: str
    installable: bool = False
    own_loader: bool = False
    suites: tuple[tuple[str, tuple[str | None, ...]], ...] = ()
    settings: tuple[tuple[str, str], ...] = ()

    def suites_to_ask(self) -> tuple[str | None, ...]:
        """The suites that have the packages, the best one first; None is the machine's own."""
        return dict(self.suites).get(os_release().get("VERSION_CODENAME", ""), (None,))

    def on_system(self) -> Program | None:
        """The program where the machine has it, if it is good enough."""
        for path in itertools.chain.from_iterable(matches(place) for place in self.places):
            program = Program(self.name, path)
            if self._good(program):
                return program
        return None

    def unpacked_in(self, home: Path) -> Program | None:
        """The program where its package was unpacked to `home`, if it runs."""
        files = sorted(home.glob(self.inside))
        if not files:
            return None
        start = self._with_loader if self.own_loader else self._with_libraries
        program = start(home, files[-1])
        return program if self._good(program) else None

    def _with_loader(self, home: Path, path: Path) -> Program:
        """Its C library may be newer than the machine's, and has to be started by its own loader."""
        loader = next(libraries(home, "*/ld-linux*.so.*"), home / "no-loader")
        return Program(self.name, path, (str(loader), "--library-path", str(loader.parent)))

    def _with_libraries(self, home: Path, path: Path) -> Program:
        """The C library is the machine's; children (initdb starts postgres) need the other libraries too."""
        folders = sorted({str(file.parent) for file in libraries(home, "**/lib*.so*")})
        env = {name: str(home / folder) for name, folder in self.settings if (home / folder).is_dir()}
        return Program(self.name, path, env=env | ({"LD_LIBRARY_PATH": ":".join(folders)} if folders else {}))

    def _good(self, program: Program) -> bool:
        try:
            return self.check(program)
        except (OSError, subprocess.SubprocessError):
            return False


def libraries(home: Path, pattern: str) -> Iterator[Path]:
    """Files in the folders of an unpacked package that hold libraries; Debian 12 still has two of them."""
    return itertools.chain(home.glob(f"usr/lib/{pattern}"), home.glob(f"lib/{pattern}"))


def matches(place: str) -> list[Path]:
    """The files that a place of a recipe stands for."""
    if "*" in place:
        return sorted(Path("/").glob(place[1:]), reverse=True)
    found = shutil.which(place)
    return [Path(found)] if found else []


def answer(program: Program, *arguments: str) -> str:
    """What the program prints, also on standard error; OSError or SubprocessError if it does not run."""
    done = subprocess.run(
        [*program.argv, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
    )
    return done.stdout.decode(errors="replace")


def runs(program: Program, option: str, word: str) -> bool:
    """Whether the program, asked with `option`, answers with `word`."""
    return word in answer(program, option)


def micropython_is_new_enough(program: Program, word_bits: int) -> bool:
    """MicroPython 1.25 or newer with the word size asked for: 1.25 is the floor of the firmware."""
    question = "import sys; print(sys.implementation.version[:2] >= (1, 25), sys.maxsize > 1 << 32)"
    return answer(program, "-c", question).split() == ["True", str(word_bits == 64)]


def postgresql_is_new_enough(program: Program) -> bool:
    """A PostgreSQL program of a release that we support; it answers "initdb (PostgreSQL) 15.18"."""
    release = re.search(r"PostgreSQL\) (\d+)", answer(program, "--version"))
    return release is not None and int(release[1]) >= POSTGRESQL_OLDEST


def chromium_can_be_driven(program: Program) -> bool:
    """Chromium runs, and so does playwright's driver: a Node.js that needs a library which few machines have."""
    playwright = importlib.util.find_spec("playwright")
    if playwright is not None:
        node = Program("node", Path(playwright.origin).parent / "driver" / "node", env=program.env)
        if not runs(node, "--version", "v"):
            return False
    return runs(program, "--version", "Chrom")


def micropython(name: str, architecture: str, word_bits: int) -> Recipe:
    """MicroPython is never installed: a folder holds it together with the C library it was linked against."""
    return Recipe(
        name=name,
        packages=("micropython",),
        architecture=architecture,
        inside="usr/bin/micropython",
        places=("micropython",),
        check=functools.partial(micropython_is_new_enough, word_bits=word_bits),
        needed=f"needed is micropython 1.25 for {architecture} (Debian 13's package, through apt-get)",
        own_loader=True,
        suites=(("bookworm", ("trixie", "forky")), ("trixie", (None, "forky"))),
    )


def postgresql(name: str) -> Recipe:
    """A program of PostgreSQL. Not installed: the package would also start a server that nobody asked for."""
    return Recipe(
        name=name,
        packages=("postgresql",),
        architecture=MACHINE,
        inside=f"usr/lib/postgresql/*/bin/{name}",
        places=(name, f"/usr/lib/postgresql/*/bin/{name}"),
        check=postgresql_is_new_enough,
        needed="install PostgreSQL 15 or newer (Debian: postgresql)",
    )


RECIPES = {
    recipe.name: recipe
    for recipe in (
        micropython("micropython", MACHINE, word_bits=64),
        micropython("micropython-i386", "i386", word_bits=32),
        Recipe(
            name="mosquitto",
            packages=("mosquitto",),  # not installable: the package would also start a broker on port 1883
            architecture=MACHINE,
            inside="usr/sbin/mosquitto",
            places=("mosquitto", "/usr/sbin/mosquitto"),
            check=functools.partial(runs, option="-h", word="mosquitto version 2."),
            needed="install Mosquitto 2 (Debian: mosquitto)",
        ),
        postgresql("initdb"),
        postgresql("postgres"),
        Recipe(
            name="chromium",
            packages=("chromium", "libatomic1"),
            architecture=MACHINE,
            inside="usr/lib/chromium/chromium",
            places=("chromium", "chromium-browser", "google-chrome"),
            check=chromium_can_be_driven,
            needed="install Chromium (Debian: chromium and libatomic1)",
            installable=True,
            settings=(("FONTCONFIG_PATH", "etc/fonts"), ("XDG_DATA_HOME", "usr/share")),  # its fonts
        ),
    )
}
