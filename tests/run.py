"""Run the tests, after bringing the programs that they need.

A program that can not be brought is named, and so is the tier that did not run without it; with CI set that
is a failure.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from simulator.programs import Missing, bring
from tests.tiers import PROGRAMS, QUICK, REAL_TIME, TIERS

ROOT = Path(__file__).resolve().parents[1]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "loa test [--quick] [--tier TIER ...] [-- PYTEST-ARGUMENT ...]"
    parser.add_argument("--quick", action="store_true", help="the part to run all the time: under a minute")
    parser.add_argument("--tier", action="append", choices=TIERS, help="only this tier; may be repeated")
    parser.add_argument("pytest", nargs="*", help="passed on to pytest, after --: for example -- -k chime -x")


def run(args: argparse.Namespace) -> int:
    tiers = [tier for tier in args.tier or TIERS if tier in QUICK or not args.quick]
    bring_programs(tiers)
    os.chdir(ROOT)
    options = ["--quick"] if args.quick else []
    if args.pytest:
        return 0 if run_pytest(tiers, [*options, *args.pytest]) else 1
    # What sounds in real time has the machine to itself; all else mostly waits for others, and does so side by side.
    live = [tier for tier in tiers if tier in REAL_TIME]
    rest = [tier for tier in tiers if tier not in REAL_TIME]
    good = [run_pytest(group, [*options, "--account", "--dist=loadfile", "--no-loadscope-reorder",
                                f"--numprocesses={processes}"])
            for group, processes in ((rest, 3), (live, 2)) if group]
    return 0 if all(good) else 1


def run_pytest(tiers: list[str], options: list[str]) -> bool:
    """One run of pytest, in a process of its own so that two runs share nothing; True when all of it passed."""
    command = [sys.executable, "-m", "pytest", *(f"--tier={tier}" for tier in tiers), *options]
    return subprocess.run(command).returncode == 0


def bring_programs(tiers: list[str]) -> None:
    """Fetch what the tiers need; what can not be had is said here, and missed again by the tests."""
    for name in dict.fromkeys(name for tier in tiers for name in PROGRAMS[tier]):
        try:
            bring(name, say)
        except Missing as missing:
            say(str(missing))


def say(line: str) -> None:
    print(f"loa: {line}", file=sys.stderr, flush=True)
