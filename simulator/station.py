"""One virtual pole: the real firmware on `simulator.hal`. `micropython -m simulator.station PROFILE_FOLDER`.

It ends when its standard input is closed, so that no pole outlives the process that started it.
"""

import asyncio
import gc
import sys

from firmware.main import live
from simulator.hal.board import SimBoard


class ParentGone(Exception):
    """Whoever started this pole has ended or wants it to end."""


class ProgramEnded(Exception):
    """The pole's program has come to its end, for another one: a board starts anew then."""


async def _stdin():
    if sys.implementation.name == "micropython":
        return asyncio.StreamReader(sys.stdin)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    return reader


async def _parent():
    reader = await _stdin()
    while await reader.read(64):
        pass
    raise ParentGone()


async def _live(board):
    await live(board)
    raise ProgramEnded()  # the rest would go on until the watchdog has starved


async def _run(folder):
    board = SimBoard(folder)
    try:
        await asyncio.gather(_live(board), board.net.watch(), _parent())
    except ProgramEnded:
        pass
    except ParentGone:
        gc.collect()
        used = f", {gc.mem_alloc()} bytes of heap in use" if hasattr(gc, "mem_alloc") else ""
        board.log("stopped" + used)


def main():
    """Entry of the process."""
    if len(sys.argv) < 2:
        print("usage: station PROFILE_FOLDER", file=sys.stderr)
        sys.exit(2)
    asyncio.run(_run(sys.argv[-1]))


if __name__ == "__main__":
    main()
