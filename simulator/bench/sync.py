"""How far apart neighbouring poles sound the same session, measured on the samples that left their speakers.

Real MicroPython runs the whole firmware on each pole; crystals are up to 50 ppm wrong and wander by 2 ppm, and time
comes over a modelled 4G network only. First in virtual time (the interpreter is real, its clock is not), on one
operator and between two; then for some minutes in real time, with a process and a UDP socket each.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from protocol.messages import RATE
from simulator.bench import Unmeasurable
from simulator.bench.mobile_server import MobileTimeServer
from simulator.bench.skew import NotFound, Piece, errors_ms, skews
from simulator.bench.street import Recording, Street, record, write_json
from simulator.fleet import Capture, Fleet
from simulator.runtime import ROOT, NoRuntime, Runtime, find_runtime
from simulator.virtual.mobile import Dice, Mobile

SCRIPT = ROOT / "simulator" / "virtual" / "station.py"
BEGIN_MS = 1_772_413_200_000  # 2 March 2026, 08:00 in Hà Nội
PRE_ROLL_S = 600  # a pole that has been on for ten minutes
REAL_PRE_ROLL_S = 120
MOST_PPM = 50
LEARNT_WITHIN_PPB = 2000  # how well a pole remembers its crystal
EVERY_S = 10  # between two looks at a pole's samples
PIECE = 256
RECORD = np.dtype([("true_us", "<i8"), ("samples", "<i2", (PIECE,))])
OTHERS = 4  # poles on the other operator


@dataclass(frozen=True)
class Heard:
    """What one pole did."""

    operator: str
    errors_ms: np.ndarray  # how late it was, every EVERY_S
    underruns: int
    told: dict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `loa bench sync`."""
    parser.add_argument("--poles", type=int, default=8, help="poles on one operator (at least 2)")
    parser.add_argument("--minutes", type=float, default=45, help="of audio in virtual time")
    parser.add_argument("--real-seconds", type=int, default=180, help="of audio in real time; 0 leaves that out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runtime", default="micropython-i386", choices=["micropython", "micropython-i386"])


def crystal_of(seed: int) -> tuple[float, int]:
    """(ppm, the rate that the pole remembers, in ppb of Unix time over its ticks)"""
    dice = Dice(seed)
    ppm = (dice.below(2000 * MOST_PPM + 1) - 1000 * MOST_PPM) / 1000
    return ppm, round(-ppm * 1000) + dice.below(2 * LEARNT_WITHIN_PPB + 1) - LEARNT_WITHIN_PPB


class InVirtualTime:
    """Poles that live through their session in seconds, one process each."""

    def __init__(self, folder: Path, runtime: Runtime, recording: Recording) -> None:
        self._runtime = runtime
        self._street = Street(folder, recording, BEGIN_MS + PRE_ROLL_S * 1000)

    def run(self, operators: list[str], seed: int) -> list[Heard]:
        """One pole for each name in `operators`, each by itself."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            seeds = [seed * 1000 + 7 * number for number in range(len(operators))]
            groups = pool.map(lambda operator, one: self._live([operator], [one], "none"), operators, seeds)
            return [heard for group in groups for heard in group]

    def run_together(self, operators: list[str], seed: int) -> list[Heard]:
        """The same, but they hear each other's beacons: one process for all."""
        return self._live(operators, [seed * 1000 + 500 + 7 * number for number in range(len(operators))], "air")

    def _live(self, operators: list[str], seeds: list[int], beacon: str) -> list[Heard]:
        folders = [self._write(*one) for one in zip(operators, seeds, strict=True)]
        arguments = [str(SCRIPT), str(ROOT), str(BEGIN_MS * 1000), beacon, *map(str, folders)]
        command = [*self._runtime.argv, "-X", f"heapsize={4 * len(folders)}M", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
        if done.returncode:
            raise Unmeasurable(f"a pole failed: {(done.stderr or done.stdout)[-300:]}")
        all_told = json.loads(done.stdout.splitlines()[-1])
        return [self._heard(*one) for one in zip(operators, folders, all_told, strict=True)]

    def _write(self, operator: str, seed: int) -> Path:
        ppm, learnt_ppb = crystal_of(seed)
        folder = self._street.write(f"p{seed}", learnt_ppb)
        write_json(folder / "profile.json", self._street.profile(folder.name, ("127.0.0.1", 9)))
        write_json(folder / "about.json", {"ppm": ppm, "seed": seed, "operator": operator})
        return folder

    def _heard(self, operator: str, folder: Path, told: dict) -> Heard:
        if told["state"] != "finished":
            raise Unmeasurable(f"a pole's session ended as {told['state']}")
        records = np.fromfile(folder / "probes", RECORD)[::2]  # two pieces on end each time, of which one is enough
        pieces = [Piece(BEGIN_MS * 1000 + int(one["true_us"]), one["samples"]) for one in records]
        late = errors_ms(pieces, self._street.recording, self._street.at_ms * 1000)
        return Heard(operator, late, told["underruns"], told)


def in_real_time(folder: Path, runtime: Runtime, recording: Recording, poles: int, seed: int) -> list[Heard]:
    """Poles as they are in a fleet, each a process with a socket of its own."""
    names = [f"r{seed}-{number}" for number in range(poles)]
    mobiles = {name: Mobile("one", seed * 1000 + number) for number, name in enumerate(names)}
    street = Street(folder, recording, int(time.time() + REAL_PRE_ROLL_S) * 1000)
    with MobileTimeServer(mobiles) as server, Fleet(folder / "fleet", runtime) as fleet:
        street.folder = folder / "fleet"
        for number, name in enumerate(names):
            ppm, learnt_ppb = crystal_of(seed * 1000 + 7 * number)
            street.write(name, learnt_ppb)
            fleet.add(street.profile(name, server.address), ppm=ppm, rtc="lost")
        fleet.start()
        time.sleep(max(0.0, street.at_ms / 1000 + recording.frames / RATE + 3 - time.time()))
    return [_heard(pole.captures(), street) for pole in fleet.poles.values()]


def _heard(captures: list[Capture], street: Street) -> Heard:
    loud = [capture for capture in captures if np.any(capture.samples)]
    if not loud:
        raise Unmeasurable("a pole sounded nothing")
    first, pieces = loud[0], []
    begin = int(np.flatnonzero(first.samples)[0])
    for number in range(street.recording.frames // RATE // EVERY_S):
        at = begin + round(number * EVERY_S * first.rate)
        if at + PIECE <= len(first.samples):
            pieces.append(Piece(first.true_us(at), first.samples[at : at + PIECE]))
    late = errors_ms(pieces, street.recording, street.at_ms * 1000)
    return Heard("one", late, sum(one.underruns for one in captures), {"openings": len(loud)})


def _figures(heard: list[Heard], others: list[Heard] | None = None) -> dict:
    found = skews([one.errors_ms for one in heard], [one.errors_ms for one in others] if others else None)
    return {**found, "underruns": sum(one.underruns for one in [*heard, *(others or [])])}


def measure(arguments: argparse.Namespace, folder: Path) -> dict:
    """Everything that was asked for."""
    runtime = find_runtime(arguments.runtime)
    recording = record(folder, round(arguments.minutes * 60), arguments.seed)
    (folder / "virtual").mkdir()
    began = time.monotonic()
    world = InVirtualTime(folder / "virtual", runtime, recording)
    everybody = world.run(["one"] * arguments.poles + ["other"] * OTHERS, arguments.seed)
    mine, others = everybody[: arguments.poles], everybody[arguments.poles :]
    found = {
        "runtime": runtime.name,
        "poles": arguments.poles,
        "minutes": arguments.minutes,
        "seed": arguments.seed,
        **_figures(mine),
        "openings": sum(one.told["openings"] for one in everybody),
        "mixed_operators": _figures(mine, others),
        "mixed_operators_with_beacon": _figures(world.run_together(["one", "other"] * OTHERS, arguments.seed)),
        "took_s": round(time.monotonic() - began),
    }
    if arguments.real_seconds:
        (folder / "real").mkdir()
        sounded = record(folder / "real", arguments.real_seconds, arguments.seed + 1)
        real = in_real_time(folder / "real", runtime, sounded, arguments.poles, arguments.seed)
        found["real_time"] = {"seconds": arguments.real_seconds, **_figures(real)}
    return found


def run(arguments: argparse.Namespace) -> dict:
    """Skews between all pairs of poles on one operator; beside them what two operators give, and real time."""
    if arguments.poles < 2:
        raise Unmeasurable("one pole has no neighbour: ask for two or more")
    try:
        with tempfile.TemporaryDirectory() as folder:
            return measure(arguments, Path(folder))
    except (NoRuntime, NotFound) as why:
        raise Unmeasurable(str(why)) from why
