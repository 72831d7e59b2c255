"""Show the whole system at work on this machine: a city, its head-end, its poles, and a bulletin on air.

Without --once it stays until Ctrl-C; with --once it measures what the poles really sounded and ends.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from headend.cli import BadInput, Refused
from simulator import programs
from simulator.demo import broadcast, desk, evidence
from simulator.demo import city as city_
from simulator.demo.stage import Plot, Stage, StageFailed, clear, free_port
from simulator.fleet import Runtime, find_runtime

MOST_POLES = 200
PORT = 8000

Say = Callable[[str], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="send one bulletin, measure what was heard, and end")
    parser.add_argument("--json", action="store_true", help="print one JSON object (with --once)")
    parser.add_argument("--audio", type=Path, metavar="FILE", help="send this recording instead of the spoken sample")
    parser.add_argument("--poles", type=int, default=city_.DEFAULT_POLES, metavar="N",
                        help=f"number of virtual poles, 1 to {MOST_POLES} (default {city_.DEFAULT_POLES})")
    parser.add_argument("--port", type=int, help=f"port of the page (default {PORT}; with --once a free one)")
    parser.add_argument("--runtime", choices=("auto", "micropython", "cpython"), default="auto",
                        help="what runs the poles' firmware (default: MicroPython where it can be had)")
    parser.add_argument("--broker", choices=("auto", "nats", "mosquitto"), default="auto",
                        help="which broker to start (default: Mosquitto where it is installed, else NATS)")
    parser.add_argument("--data", type=Path, default=Path(".loa/demo"), metavar="DIR",
                        help="where the demonstration keeps its files; made anew at each start (default .loa/demo)")


def run(args: argparse.Namespace) -> int:
    """Exit 0 if every pole was heard and refused the forged order, 1 if not."""
    _check(args)
    begun = time.monotonic()
    say: Say = lambda line: print(f"loa demo: {line}", file=sys.stderr, flush=True)  # noqa: E731
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)
    # A working morning, whatever the hour outside; shortly before noon where somebody will want to plan by hand.
    hour, minute = (6, 0) if args.once or args.audio else (11, 50)
    offset_ms = broadcast.working_day_offset_ms(hour, minute)
    plot = Plot(args.data.absolute(), city_.build(args.poles), _runtime(args.runtime, say), offset_ms,
                args.port or (free_port() if args.once else PORT), args.broker)
    try:
        clear(plot.root)
    except FileExistsError as why:
        raise BadInput(f"{why}; give --data an empty folder") from why
    try:
        with Stage(plot, say) as stage:
            if args.once:
                return _once(stage, args, begun)
            return _stay(stage, args)
    except StageFailed as why:
        raise Refused(str(why)) from why
    except desk.Refused as why:
        kind = BadInput if why.status == 422 else Refused
        raise kind(f"the head-end refused: {why}") from why


def _check(args: argparse.Namespace) -> None:
    if not 1 <= args.poles <= MOST_POLES:
        raise BadInput(f"--poles takes a whole number from 1 to {MOST_POLES}")
    if args.audio and not args.audio.is_file():
        raise BadInput(f"there is no file {args.audio}; give --audio the path of a recording")
    if args.json and not args.once:
        raise BadInput("--json goes with --once")
    if args.port is not None and not 1 <= args.port <= 65535:
        raise BadInput("--port takes a whole number from 1 to 65535")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _runtime(wanted: str, say: Say) -> Runtime:
    """MicroPython where it is found or can be unpacked, else CPython; says which."""
    if wanted == "auto" and programs.find("micropython") is None:
        try:
            programs.bring("micropython", say)
        except programs.Missing as why:
            say(f"no MicroPython here ({why}); the poles run the same files under CPython")
            wanted = "cpython"
    return find_runtime(wanted).with_psram()


def _stay(stage: Stage, args: argparse.Namespace) -> int:
    stage.say(f"open {stage.base} — log in with one press; Ctrl-C ends the demonstration")
    try:
        stage.wait(stage.opened, "the page to be opened", 365 * 24 * 3600)
        for one in broadcast.air(stage, args.audio):
            stage.say(f"a bulletin is on its way: {stage.base}/sessions/{one.session}")
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        stage.say("ending")
        return 0


def _once(stage: Stage, args: argparse.Namespace, begun: float) -> int:
    aired = broadcast.air(stage, args.audio)
    forged = broadcast.forge(stage)
    stage.say("waiting for the broadcast to end and for every receipt")
    broadcast.wait_for_end(stage, aired)
    found = evidence.summary(broadcast.soundings(stage, aired, args.audio))
    refusing = broadcast.refused(stage, forged)
    with stage.house.ports.db() as db:
        receipts = sum(len(db.receipts(session=one.session)) for one in aired)
    found |= {"receipts": receipts, "refused_unsigned": refusing, "seconds": round(time.monotonic() - begun, 1),
              "runtime": stage.plot.runtime.name}
    print(json.dumps(found) if args.json else "\n".join(f"{name}: {value}" for name, value in found.items()))
    return 0 if found["heard"] == found["poles"] == refusing else 1
