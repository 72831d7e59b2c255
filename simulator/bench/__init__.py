"""Measure what this machine can measure of the system.

Each bench is a module with `add_arguments(parser)` and `run(arguments) -> dict`: what it returns is printed as one JSON
object with --json, else line by line. A bench that can not be run here raises Unmeasurable.
"""

import argparse
import importlib
import json
import sys

BENCHES = {
    "law": ("simulator.bench.law", "planning at the scale of the city"),
    "sync": ("simulator.bench.sync", "how far apart neighbouring poles sound the same second"),
    "selftest": ("simulator.bench.selftest", "what the silent test of a pole's horns finds, and what it finds wrongly"),
    "decode": ("simulator.bench.decode", "instructions that a pole's decoders take for a sample"),
    "pole": ("simulator.bench.pole", "heap and code that a pole's program takes"),
    "downloads": ("simulator.bench.downloads", "downloads that are killed at random, from a server that lies"),
}


class Unmeasurable(Exception):
    """This machine can not measure it; the text says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `loa bench`: the bench's name, then its own."""
    benches = parser.add_subparsers(dest="bench", required=True, metavar="BENCH", parser_class=type(parser))
    for name, (path, gist) in BENCHES.items():
        one = benches.add_parser(name, help=gist, description=gist, allow_abbrev=False)
        one.add_argument("--json", action="store_true", help="print one JSON object")
        importlib.import_module(path).add_arguments(one)


def run(arguments: argparse.Namespace) -> int:
    """Run one bench and print what it found; 1 when it could not be run."""
    path, _ = BENCHES[arguments.bench]
    try:
        found = importlib.import_module(path).run(arguments)
    except Unmeasurable as why:
        print(f"loa: {why}", file=sys.stderr)
        if arguments.json:
            print(json.dumps({"error": str(why)}))
        return 1
    if arguments.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name}: {json.dumps(value)}")
    return 0
