"""One pole, from its switching on to the end of its session: `micropython station.py ROOT FOLDER`.

Prints one JSON object; `probes` in the folder then holds pieces of what left its speaker.
"""

import asyncio
import json
import sys

sys.path.insert(0, sys.argv[1])

from firmware.app.agenda import OPEN  # noqa: E402
from firmware.app.station import Station  # noqa: E402
from simulator.virtual.board import Board, Crystal, World  # noqa: E402


async def watch(station):
    """Until the session has ended, one way or another."""
    while any(entry.state in OPEN for entry in station.agenda.entries.values()):
        await asyncio.sleep(1)


async def live(board):
    """The pole's life from its switching on to the end of its session."""
    station = Station(board)
    running = asyncio.create_task(station.run())
    await watch(station)
    running.cancel()
    (entry,) = station.agenda.entries.values()
    return {
        "state": entry.state,
        "bursts": station.time.bursts,
        "ppb": station.clock.ppb,
        "dropped": sum([sink.dropped for sink in board.sinks]),
        "underruns": sum([sink.underruns for sink in board.sinks]),
        "openings": len(board.sinks),
        "virtual_s": board.world.now_us // 1000000,
    }


def main(folder):
    """Entry of the process."""
    with open(folder + "/profile.json") as file:
        profile = json.load(file)
    with open(folder + "/about.json") as file:
        about = json.load(file)
    world = World(about["unix_us"])
    crystal = Crystal(world, about["ppm"], about["seed"])
    print(json.dumps(asyncio.run(live(Board(folder, profile, world, crystal, about)))))


main(sys.argv[2])
