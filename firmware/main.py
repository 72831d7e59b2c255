"""Joins a board's hardware and the pole's mind. On a device `boot.py` and `start.py` have run before."""

import asyncio
import gc
import io
import sys

# First, because what is imported from deep inside needs the most stack.
import protocol.messages  # noqa: F401  # isort: skip
import firmware.app.player  # noqa: F401  # isort: skip
from firmware.app.station import Station
from firmware.app.update import Restart
from firmware.app.vault import Vault
from firmware.app.vigil import Crashes

GC_EVERY_BYTES = 8192


async def live(hal):
    """Run one pole on `hal` until something fails or the hardware says stop."""
    if hasattr(gc, "mem_free"):  # MicroPython
        # Collect often: what lives long then lies close together, and a small heap keeps large free pieces.
        gc.threshold(GC_EVERY_BYTES)
    crashes = Crashes(Vault(hal.files))
    if hal.woken_by == "watchdog":
        crashes.note("watchdog")
    try:
        pole = safe(hal, crashes) if crashes.many else Station(hal, crashes)
        hal.log("pole %s, start %d, %s" % (hal.profile["pole"], pole.boot, hal.runtime))
        await pole.run()
    except Restart:
        hal.log("starts anew for an update")
    except Exception as why:
        crashes.note(description(why))
        raise


def safe(hal, crashes):
    """Safe mode; its modules take no memory of a pole that is well."""
    from firmware.app.safe import Safe

    return Safe(hal, crashes)


def description(why):
    """An exception with where it came from, the most telling last."""
    out = io.StringIO()
    if hasattr(sys, "print_exception"):  # MicroPython
        sys.print_exception(why, out)
    return out.getvalue() or repr(why)


def main(core_release):
    """On an ESP32, called by the core image of this release (start.py), which starts the pole again whatever ends this:
    the pole remembers what it was doing. New core images start old programs too: no argument may be added or go.
    """
    from firmware.hal.esp32.board import Board

    asyncio.run(live(Board(core_release)))
