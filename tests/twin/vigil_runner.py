"""A whole pole whose `part` hangs on purpose: `vigil_runner.py ROOT PROFILE_FOLDER PART`. The rest lives."""

import asyncio
import sys
import time

sys.path.insert(0, sys.argv[1])

from firmware.app import station, stock, vigil
from firmware.app.vault import Vault
from firmware.main import live
from simulator.hal.board import SimBoard
from simulator.hal.files import Files

LONGEST_S = 40

vigil.LOOK_S = 0.1
watch = vigil.Vigil.watch


def watch_stock_closely(self, name, sign, limit_s):
    watch(self, name, sign, 1 if name == "stock" and PART == "waits" else limit_s)


async def waits_for_ever(self):
    await asyncio.Event().wait()


async def holds_up_everything(self):
    await asyncio.sleep(1)
    while True:
        time.time()


async def fails(self):
    raise ValueError("on purpose")


PARTS = {
    "waits": (stock.Stock, "run", waits_for_ever),
    "holds up": (station.Station, "_housekeeping", holds_up_everything),
    "fails": (station.Station, "_housekeeping", fails),
    "lives": (station.Station, "_nothing", None),
}


async def ends():
    """Once what happened before has been told."""
    for _ in range(LONGEST_S * 10):
        await asyncio.sleep(0.1)
        if PART == "lives" and vigil.Crashes(Vault(Files(sys.argv[2] + "/data")))._told:
            sys.exit(0)
    sys.exit(9)


async def run(folder):
    board = SimBoard(folder)
    await asyncio.gather(live(board), ends())


PART = sys.argv[3]
vigil.Vigil.watch = watch_stock_closely
setattr(*PARTS[PART])
asyncio.run(run(sys.argv[2]))
