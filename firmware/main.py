"""Joins a board's hardware and the pole's mind. On a device `boot.py` has run before; a watchdog's reset
starts anew.
"""

import asyncio
import gc
import sys

# First, because what is imported from deep inside needs the most stack.
import protocol.messages  # noqa: F401  # isort: skip
import firmware.app.player  # noqa: F401  # isort: skip
from firmware.app.station import Station

GC_EVERY_BYTES = 8192


async def live(hal):
    """Run one pole on `hal` until something fails or the hardware says stop."""
    if hasattr(gc, "mem_free"):  # MicroPython
        # Collect often: what lives long then lies close together, and a small heap keeps large free pieces.
        gc.threshold(GC_EVERY_BYTES)
    station = Station(hal)
    hal.log("pole %s, start %d, %s" % (hal.profile["pole"], station.boot, hal.runtime))
    await station.run()


def main():
    """Entry on an ESP32. Whatever ends the pole's program, the pole starts again: it remembers what it was doing."""
    import machine

    from firmware.hal.esp32.board import Board

    try:
        asyncio.run(live(Board()))
    except Exception as why:
        sys.print_exception(why)
    machine.reset()


if __name__ == "__main__":
    main()
