"""Virtual poles as processes: started, stopped, killed, restarted; each with a profile folder that survives
it.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulator.runtime import ROOT, Runtime, find_runtime

STOP_SECONDS = 5


@dataclass(frozen=True)
class Capture:
    """What left a pole's speaker between one opening and its end: s16 mono."""

    samples: np.ndarray
    first_true_us: int  # Unix µs of the host at which samples[0] left
    rate: float  # true samples a second: the pole's crystal is not exact
    underruns: int
    closed: bool  # False: the process was killed
    amp: Sequence[list[int]] = ()  # [index, level] of each switching of the amplifier (firmware/hal/contract.md)

    def true_us(self, index: int) -> float:
        """Unix µs of the host at which sample `index` left."""
        return self.first_true_us + index * 1_000_000 / self.rate


class VirtualPole:
    """One pole: a profile folder and, while it is alive, a process."""

    def __init__(self, folder: Path, runtime: Runtime) -> None:
        self.folder = folder
        self.runtime = runtime
        self.process: subprocess.Popen | None = None

    @property
    def name(self) -> str:
        """The pole's name, as enrolled."""
        return json.loads((self.folder / "profile.json").read_text())["pole"]

    def start(self) -> None:
        """Switch on; nothing happens if it is on."""
        if self.alive:
            return
        if self.process is not None:
            self._reap()  # it ended by itself
        argv = self.runtime.command(self.folder)
        with (self.folder / "log").open("ab") as log:
            # Its standard input is a pipe that closes when this process ends, however it ends: then it ends
            # too.
            self.process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log)

    def kill(self) -> None:
        """Pull the plug: SIGKILL."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self._reap()

    def stop(self) -> None:
        """Switch off and wait for it."""
        if self.process is not None:
            self.process.stdin.close()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
            self._reap()

    def _reap(self) -> None:
        self.process.wait()
        self.process.stdin.close()
        self.process = None

    def restart(self) -> None:
        """Switch off and on."""
        self.stop()
        self.start()

    @property
    def alive(self) -> bool:
        """True while its process runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int | None:
        """Of its process."""
        return self.process.pid if self.process is not None else None

    def set_box(self, **what: object) -> None:
        """Within half a second its box is whole but for this (simulator.hal.box)."""
        new = self.folder / "box.json.new"
        new.write_text(json.dumps(what))
        new.rename(self.folder / "box.json")

    def press(self, key: str) -> None:
        """Press `stop` or `alarm` at the pole, and hold it."""
        (self.folder / key).touch()

    def release(self, key: str) -> None:
        """Let that key go."""
        (self.folder / key).unlink(missing_ok=True)

    def cut_network(self) -> None:
        """Within a second it has no network."""
        self._network("down")

    def restore_network(self) -> None:
        """Within a second it has network again."""
        self._network("up")

    def _network(self, word: str) -> None:
        new = self.folder / "network.new"
        new.write_text(word)
        new.rename(self.folder / "network")

    @property
    def log(self) -> str:
        """What the pole has printed."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def captures(self) -> list[Capture]:
        """What it has sounded, in order."""
        found = []
        for path in sorted((self.folder / "captures").glob("*.json"), key=lambda one: int(one.stem)):
            try:
                about = json.loads(path.read_text())
            except ValueError:
                continue  # being written
            raw = path.with_suffix(".pcm").read_bytes()
            found.append(
                Capture(
                    np.frombuffer(raw[: len(raw) // 2 * 2], dtype="<i2"),
                    about["enabled_true_us"],
                    about["rate"] * (1 + about["rate_ppm"] / 1e6),
                    about["underruns"],
                    about["closed"],
                    about["amp"],
                )
            )
        return found


class Fleet:
    """Poles below one folder. Use as a context manager: at the end every process is gone, the folders
    stay.
    """

    def __init__(self, root: Path, runtime: Runtime | str = "auto") -> None:
        self.root = root
        self.runtime = find_runtime(runtime) if isinstance(runtime, str) else runtime
        self.poles: dict[str, VirtualPole] = {}
        root.mkdir(parents=True, exist_ok=True)
        for profile in sorted(root.glob("*/profile.json")):
            self.poles[profile.parent.name] = VirtualPole(profile.parent, self.runtime)

    def add(
        self,
        profile: dict,
        *,
        ppm: float = 0,
        rtc: str = "kept",
        ticks_begin_us: int = 0,
        beacon: tuple[str, int] | None = None,
        box: bool = False,
        uplinks: Sequence[dict] = (),
    ) -> VirtualPole:
        """A pole with this enrolment bundle; `rtc` "kept" (battery) or "lost"; `beacon`: the broadcast address on
        which it hears its neighbours; `box`: it can feel itself, which takes the memory
        of a board with PSRAM (Runtime.with_psram); `uplinks`: those that it keeps by itself (simulator.hal.uplinks).
        An old folder's flash stays.
        """
        folder = self.root / profile["pole"]
        folder.mkdir(parents=True, exist_ok=True)
        _write_private(folder / "profile.json", json.dumps(profile))
        world = {"ppm": ppm, "rtc": rtc, "ticks_begin_us": ticks_begin_us}
        world |= {"beacon": beacon, "box": box, "uplinks": uplinks}
        (folder / "world.json").write_text(json.dumps(world))
        pole = self.poles[profile["pole"]] = self.poles.get(profile["pole"]) or VirtualPole(
            folder, self.runtime
        )
        return pole

    def start(self, stagger_seconds: float = 0.03) -> None:
        """Switch all on, one after the other."""
        for pole in self.poles.values():
            pole.start()
            time.sleep(stagger_seconds)

    def stop(self) -> None:
        """Switch all off."""
        for pole in self.poles.values():
            if pole.process is not None:
                pole.process.stdin.close()
        for pole in self.poles.values():
            pole.stop()

    def remove(self) -> None:
        """Switch all off and delete their folders."""
        self.stop()
        shutil.rmtree(self.root)

    def __enter__(self) -> "Fleet":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `loa fleet`."""
    parser.add_argument(
        "folder", type=Path, help="folder with one folder per pole, each with its profile.json"
    )
    parser.add_argument(
        "--runtime", default="auto", choices=["auto", "micropython", "micropython-i386", "cpython"]
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object when the poles have been started"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the poles of a folder until interrupted; a pole that ends by itself is started again."""
    fleet = Fleet(arguments.folder, arguments.runtime)
    if not fleet.poles:
        print(f"{arguments.folder} holds no pole: each needs a folder with profile.json", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with fleet:
        try:
            fleet.start()
            print(f"{len(fleet.poles)} poles on {fleet.runtime.name}", file=sys.stderr)
            if arguments.json:
                print(json.dumps({"poles": len(fleet.poles), "runtime": fleet.runtime.name}), flush=True)
            while True:
                time.sleep(1)
                for pole in fleet.poles.values():
                    if not pole.alive:
                        print(f"{pole.name} has ended and is started again", file=sys.stderr)
                        pole.start()
        except KeyboardInterrupt:
            return 0


def main() -> int:
    """Entry of `python -m simulator.fleet`."""
    parser = argparse.ArgumentParser(prog="loa fleet", description="Run virtual poles.")
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
