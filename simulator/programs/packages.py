"""Debian packages, unpacked beside the project instead of installed.

Everything apt writes (its lists, its cache, its sources) goes to a folder of ours; of the machine's own state
only the sources, their keys and, where asked, the list of installed packages are read. So it needs no root
and changes nothing.
"""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

Say = Callable[[str], None]

SYSTEM_SOURCES = Path("/etc/apt")
SYSTEM_STATUS = Path("/var/lib/dpkg/status")
APT_TIMEOUT_SECONDS = 900

APT_CONFIG = """\
#clear APT::Update;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
Dir::State "{folder}/state";
Dir::State::status "{status}";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "{folder}/sources.list.d";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
"""


class PackageError(Exception):
    """apt could not name, fetch or unpack a package; the text is one sentence."""


class Apt:
    """apt with its own state in `folder`, for one suite and one architecture.

    `suite` (such as "trixie") replaces the machine's own suite in its sources; None keeps it.
    `on_top_of_system` says that what is installed on the machine need not be fetched again; without it a
    package comes with everything down to its C library, so that it also runs where the machine's C library is
    older.
    """

    def __init__(self, folder: Path, architecture: str, suite: str | None, on_top_of_system: bool):
        self.folder = folder
        self.architecture = architecture
        self.suite = suite
        self.on_top_of_system = on_top_of_system

    def unpack(self, packages: Sequence[str], into: Path, say: Say) -> None:
        """Fetch `packages` with all they depend on and unpack them into `into` (usr/bin and so on).

        `into` appears only when it is complete. Raises PackageError.
        """
        self._prepare(say)
        closure = self._closure(packages)
        say(f"fetching {packages[0]}: {len(closure)} packages with all it needs ({self.architecture})")
        downloads = self.folder / "downloads"
        shutil.rmtree(downloads, ignore_errors=True)
        downloads.mkdir()
        self._apt("download", *closure, cwd=downloads)
        unfinished = into.with_name(into.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for archive in sorted(downloads.glob("*.deb")):
            run_quietly(["dpkg", "-x", str(archive), str(unfinished)])
        shutil.rmtree(into, ignore_errors=True)
        unfinished.rename(into)
        shutil.rmtree(downloads)

    def _prepare(self, say: Say) -> None:
        """Write apt's configuration and sources, and read the package lists."""
        for part in ("state/lists/partial", "cache/archives/partial", "sources.list.d"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        empty = self.folder / "no-packages-installed"
        empty.touch()
        status = SYSTEM_STATUS if self.on_top_of_system else empty
        (self.folder / "apt.conf").write_text(
            APT_CONFIG.format(folder=self.folder, status=status, architecture=self.architecture)
        )
        for name, text in sources_of_suite(SYSTEM_SOURCES, self.suite).items():
            (self.folder / name).write_text(text)
        say(f"reading the package lists of {self.suite or 'this machine'} ({self.architecture})")
        # One list of several may be unreadable while its mirror is updated: the package may still be found.
        try:
            self._apt("update")
        except PackageError as why:
            say(f"a package list could not be read: {why}")

    def _closure(self, packages: Sequence[str]) -> list[str]:
        """`packages` and what they need, each as "name:architecture=version"."""
        plan = self._apt("install", "--simulate", "--no-install-recommends", *packages)
        found = re.findall(r"^Inst (\S+) (?:\[\S+\] )?\((\S+) [^\n]*\[(\w+)\]\)", plan, re.MULTILINE)
        if not found:
            raise PackageError(f"{' and '.join(packages)} are installed, yet do not work")
        return [
            f"{name.partition(':')[0]}:{architecture}={version}"
            for name, version, architecture in found
            if not (self.on_top_of_system and name == "libc6")  # it must match the machine's loader
        ]

    def _apt(self, *arguments: str, cwd: Path | None = None) -> str:
        return run_quietly(["apt-get", "-q", "-c", str(self.folder / "apt.conf"), *arguments], cwd)


def sources_of_suite(folder: Path, suite: str | None) -> dict[str, str]:
    """The machine's package sources by file name, its own suite's name changed to `suite` (None: unchanged).

    With another suite, sources that do not name the machine's own suite (other vendors') are left out.
    """
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    files = [file for file in files if file.suffix in (".list", ".sources") and file.is_file()]
    texts = {str(file.relative_to(folder)): file.read_text() for file in files}
    texts.setdefault("sources.list", "")
    if suite is None:
        return texts
    own = os_release().get("VERSION_CODENAME", "")
    if not own:
        raise PackageError("/etc/os-release does not name this system's suite")
    return {name: re.sub(rf"\b{own}\b", suite, text) if own in text else "" for name, text in texts.items()}


def os_release() -> dict[str, str]:
    """The fields of /etc/os-release; empty where there is no such file."""
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except FileNotFoundError:
        return {}
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}


def may_install() -> list[str] | None:
    """What must stand before apt-get so that it may install: nothing as root, sudo, or None if it may not."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def install(packages: Sequence[str], say: Say) -> None:
    """Install `packages` on the machine; needs root or sudo without a password. Raises PackageError."""
    prefix = may_install()
    if prefix is None:
        raise PackageError("installing needs root or sudo without a password")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    say(f"installing {' and '.join(packages)} with apt-get")
    command = [*apt, "install", "-y", "--no-install-recommends", *packages]
    try:
        run_quietly(command)
    except PackageError:
        say("reading the package lists of this machine again")
        with contextlib.suppress(PackageError):
            run_quietly([*apt, "update"])
        run_quietly(command)


def run_quietly(command: list[str], cwd: Path | None = None) -> str:
    """Run a command and give its standard output; PackageError with its first complaint if it fails."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=APT_TIMEOUT_SECONDS,
        )
    except FileNotFoundError as error:
        raise PackageError(f"{error.filename} is not on this machine") from error
    except subprocess.TimeoutExpired as error:
        raise PackageError(f"{command[0]} did not end within {APT_TIMEOUT_SECONDS} s") from error
    if done.returncode != 0:
        complaints = [line for line in done.stderr.splitlines() if line.startswith(("E:", "dpkg"))]
        raise PackageError((complaints or done.stderr.splitlines() or [f"{command[0]} failed"])[0])
    return done.stdout


@contextlib.contextmanager
def one_at_a_time(folder: Path, say: Say) -> Iterator[None]:
    """Hold `folder` for this process; a second one says that it waits, and waits."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another process that is fetching programs")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
