"""How many instructions a pole's decoders take for a sample, counted on the 32-bit build, and what that is of an ESP32.

Counted: every instruction of the machine code that mpy-cross makes for i386, executed by MicroPython on this machine.
Estimated: `percent` of one 240 MHz core, as if an ESP32 took as many instructions, 2.0 cycles each (the machine code's
calibration on published ESP32 benchmarks, ±40 %). Xtensa has more registers than i386 and takes fewer.
"""

import argparse
import json
import tempfile
from pathlib import Path

from protocol.messages import RATE
from simulator.bench import Unmeasurable
from simulator.bench.steps import NotCounted, count_steps
from simulator.runtime import ROOT, NoRuntime, cross_compile, find_runtime

RUNNER = Path(__file__).with_name("decode_runner.py")
RECORDED = Path(__file__).with_name("decode_recorded.json")
COMPILED = ("codec_ima", "codec_mulaw", "volume")
PARTS = ("ima", "mulaw", "gain", "peak")  # in the runner's order
FEW, MANY = 12, 512  # samples of the two calls whose difference is measured
CORE_HZ = 240_000_000
CYCLES_PER_INSTRUCTION = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def count() -> dict[str, float]:
    """Instructions per sample of each part; Unmeasurable where processes can not be stepped through."""
    try:
        runtime = find_runtime("micropython-i386")
        with tempfile.TemporaryDirectory() as folder:
            app = Path(folder) / "firmware" / "app"
            app.mkdir(parents=True)
            for name in COMPILED:
                source = ROOT / "firmware" / "app" / f"{name}.py"
                cross_compile(source, app / f"{name}.mpy", runtime.arch, source.name)
            arguments = [str(RUNNER), folder, str(ROOT), str(FEW), str(MANY)]
            counts = count_steps([*runtime.argv, *arguments])
    except (NoRuntime, NotCounted) as why:
        raise Unmeasurable(str(why)) from why
    if len(counts) != 2 * len(PARTS):
        raise Unmeasurable(f"{len(counts)} measurements came instead of {2 * len(PARTS)}")
    few, many = counts[::2], counts[1::2]
    return {name: (many[i] - few[i]) / (MANY - FEW) for i, name in enumerate(PARTS)}


def percent_of_core(instructions: float) -> float:
    """Of one ESP32's core, estimated."""
    return 100 * instructions * CYCLES_PER_INSTRUCTION * RATE / CORE_HZ


def decode_percent(counts: dict[str, float]) -> float:
    """Of a core: IMA with a volume that is not full."""
    return percent_of_core(counts["ima"] + counts["gain"])


def recorded() -> dict[str, float]:
    """What was counted when this was last looked at; the tests allow a tenth more."""
    return json.loads(RECORDED.read_text())


def run(_: argparse.Namespace) -> dict:
    """Each part, and `decode_percent`; `peak` runs only until an item was heard."""
    counts = count()
    return {
        "instructions_per_sample": counts,
        "recorded": recorded(),
        "percent_estimated": {name: round(percent_of_core(one), 2) for name, one in counts.items()},
        "decode_percent": round(decode_percent(counts), 2),
    }
