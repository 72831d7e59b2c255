"""Poles, from their switching on to the end of their session: `micropython station.py ROOT UNIX_US BEACON FOLDER…`.

BEACON is "air" when they hear each other, else "none". Prints a JSON list; `probes` in each folder then holds pieces
of what left its speaker.
"""

import asyncio
import json
import sys

sys.path.insert(0, sys.argv[1])

from firmware.app.agenda import OPEN  # noqa: E402
from firmware.app.station import Station  # noqa: E402
from simulator.virtual.board import Air, Board, World  # noqa: E402


async def live(board):
    """One pole's life."""
    station = Station(board)
    running = asyncio.create_task(station.run())
    while any(entry.state in OPEN for entry in station.agenda.entries.values()):
        if running.done():
            await running  # what has ended it ends this process: virtual time would go on for ever
        await asyncio.sleep(1)
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


async def everybody(world, air, folders):
    """All of them beside each other."""
    return await asyncio.gather(*[live(Board(folder, world, air)) for folder in folders])


def main(unix_us, beacon, folders):
    """Entry of the process."""
    world = World(unix_us)
    air = Air(world, 1) if beacon == "air" else None
    print(json.dumps(asyncio.run(everybody(world, air, folders))))


main(int(sys.argv[2]), sys.argv[3], sys.argv[4:])
