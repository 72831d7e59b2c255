"""How well a pole's silent test finds what is wrong with its horns: the pole's own code in a box whose parts fail.

Everything is what a virtual pole consists of (the test, the loudspeaker's driver, the model of the box with its noise);
only time is virtual. Each trial is another box: its horns, wires and converters are drawn anew, it is calibrated, then
heated or cooled and, in all but one of its lives, broken.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import selectors
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from firmware.app.air import Air
from firmware.app.battery import Battery
from firmware.app.checks import Checks
from firmware.app.faults import Faults
from firmware.app.speaker import Speaker
from firmware.app.vault import Vault
from protocol import felt, messages
from simulator.hal.box import SimBox
from simulator.hal.files import Files
from simulator.hal.i2s import SimI2S

TRIALS = 2000
FAULTS = ("none", "open", "short", "weak", "dead")
FOUND = {"none": None, "open": felt.HORN_OPEN, "short": felt.HORN_SHORT, "weak": felt.HORN_WEAK, "dead": felt.AMP_DEAD}
WEAK_HALF_DB = -12  # -6 dB
DRIFT = 0.07  # of a horn's resistance: 18 K of copper
SENSE_DRIFT = 0.02  # of a converter's reference
BLOCK = 40  # trials that one process does at a time
NOON_MS = 1_767_243_600_000 + 5 * 3_600_000


class Waiting(selectors.SelectSelector):
    """Where asyncio would wait, the time goes on."""

    now = 0.0

    def select(self, timeout=None):
        self.now += timeout or 0
        return []


class Loop(asyncio.SelectorEventLoop):
    """asyncio in a time of its own."""

    def __init__(self) -> None:
        self.waiting = Waiting()
        super().__init__(self.waiting)

    def time(self) -> float:
        return self.waiting.now


class Crystal:
    """Exact, in the loop's time."""

    ppm = 0

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def us(self) -> int:
        return round(self._loop.time() * 1_000_000)


class Sink(SimI2S):
    """The driver, its level reckoned by numpy."""

    def level(self) -> int:
        self._advance()
        return int(np.abs(np.frombuffer(self._recent, "<i2").astype(int)).sum()) // 256


class Bench:
    """One pole's box and what the test needs of the pole."""

    def __init__(self, folder: Path, loop: Loop) -> None:
        self.folder = folder
        self.crystal = Crystal(loop)
        self.sink = None
        self.box = SimBox(str(folder), self.crystal.us, lambda: self.sink)
        self.told: list[str] = []
        vault = Vault(Files(str(folder / "data")))
        player = SimpleNamespace(
            air=Air(), session=None, ear=SimpleNamespace(), speaker=Speaker(self._open, messages.RATE, 16384, self._amp)
        )
        station = SimpleNamespace(
            hal=SimpleNamespace(box=self.box, profile={"pole": "p"}),
            vault=vault, player=player, streams=["p/p"], ticks=self.crystal,
            clock=SimpleNamespace(now_ms=lambda: NOON_MS + self.crystal.us() // 1000),
            agenda=SimpleNamespace(rules=list, set_aside=bool, next_ms=lambda now_ms: None),
            on_air=SimpleNamespace(halted=lambda: False),
            report=SimpleNamespace(note=lambda kind, **fields: self.told.append(fields.get("why", ""))),
        )
        self.faults = Faults([], lambda kind, horn: None)
        self.checks = Checks(station, Battery(self.box, 7000), self.faults)

    def _open(self) -> Sink:
        self.sink = Sink(self.crystal, messages.RATE, 16384, str(self.folder / "1"))
        return self.sink

    def _amp(self, level: int) -> None:
        self.box.amp_level = level

    async def check(self, what: str, **box: object) -> set[str]:
        """Let the box be so, do a test, and give what is known to be wrong then."""
        (self.folder / "box.json").write_text(json.dumps(box))
        await asyncio.sleep(1)  # the model looks at the file by then
        before = len(self.told)
        self.checks.ask(what)
        running = asyncio.create_task(self.checks.run())
        while len(self.told) == before:
            assert not running.done(), running
            await asyncio.sleep(0.1)
        running.cancel()
        return set(self.faults.words)


def lives(seed: int) -> tuple[dict, dict[str, dict], int]:
    """A box as it was calibrated, what it is in each of its lives, and the number of the horn that fails."""
    dice = random.Random(seed)
    sense = dice.randint(850, 1150)
    horns = [{"ohm": dice.uniform(6, 12)} for _ in range(dice.randint(1, 4))]
    first = {"horns": horns, "sense_permille": sense, "seed": seed % 1000 + 1}
    number = dice.randint(1, len(horns))
    found = {}
    for place, fault in enumerate(FAULTS):
        warm = [{"ohm": one["ohm"] * dice.uniform(1 - DRIFT, 1 + DRIFT)} for one in horns]
        broken = {"open": {"fault": "open"}, "short": {"fault": "short"}, "weak": {"half_db": WEAK_HALF_DB}}
        warm[number - 1].update(broken.get(fault, {}))
        found[fault] = {
            "horns": warm,
            "sense_permille": round(sense * dice.uniform(1 - SENSE_DRIFT, 1 + SENSE_DRIFT)),
            "amp": "dead" if fault == "dead" else "fine",
            "seed": seed % 1000 + 1001 + place,
        }
    return first, found, number


async def _trial(seed: int, folder: Path, loop: Loop, fault: str) -> tuple[str, bool]:
    """(fault, whether exactly that was found)"""
    first, found, number = lives(seed)
    bench = Bench(folder, loop)
    await bench.check("calibrate", **first)
    words = await bench.check("horns", **found[fault])
    if FOUND[fault] is None:
        return fault, not words
    expected = FOUND[fault] if fault == "dead" else f"{FOUND[fault]} {number}"
    # Of a pole with one horn nobody can tell a mute amplifier from a cut wire, but a dead one draws nothing.
    return fault, words == {expected}


def trials(seeds: range) -> list[tuple[str, bool]]:
    """Each seed is one box with one of the FAULTS, in turn."""
    done = []
    for seed in seeds:
        loop = Loop()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            done.append(loop.run_until_complete(_trial(seed, folder, loop, FAULTS[seed % len(FAULTS)])))
            loop.run_until_complete(asyncio.sleep(0))  # what was cancelled ends
        loop.close()
    return done


def measure(count: int, first: int = 0) -> dict:
    """What `count` trials came to."""
    began = time.monotonic()
    blocks = [range(at, min(at + BLOCK, first + count)) for at in range(first, first + count, BLOCK)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        done = list(itertools.chain.from_iterable(pool.map(trials, blocks)))
    right = {fault: [good for of, good in done if of == fault] for fault in FAULTS}
    broken = [good for fault in FAULTS[1:] for good in right[fault]]
    return {
        "trials": len(done),
        "found_percent": round(100 * sum(broken) / len(broken), 2),
        "false_alarms_percent": round(100 - 100 * sum(right["none"]) / len(right["none"]), 2),
        **{f"{fault}_found_percent": round(100 * sum(right[fault]) / len(right[fault]), 2) for fault in FAULTS[1:]},
        "seconds": round(time.monotonic() - began, 1),
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `loa bench selftest`."""
    parser.add_argument("--trials", type=int, default=TRIALS, help=f"boxes (default: {TRIALS})")
    parser.add_argument("--seed", type=int, default=0, help="of the first box (default: 0)")


def run(arguments: argparse.Namespace) -> dict:
    """See the module."""
    return measure(arguments.trials, arguments.seed)
