"""A pole that does nothing but fetch, until it has everything: `micropython fetcher.py ROOT FOLDER BASE`."""

import asyncio
import json
import os
import sys

sys.path.insert(0, sys.argv[1])

from firmware.app.fetch import Fetch, FetchError, Media
from protocol import messages
from simulator.hal.files import Files
from simulator.hal.net import Net

AGAIN_S = 0.005  # a real pole waits longer, which would show nothing more


async def fetch_all(folder, base, items):
    files = Files(folder)
    media = Media(files)
    fetch = Fetch(Net(folder + "/network"), files, base, os.urandom)
    while True:
        wanted = [item for item in items if not media.has(item.media)]
        if not wanted:
            return
        try:
            await fetch.get(wanted[0])
            media.add(wanted[0].media)
        except (OSError, EOFError, ValueError, FetchError, asyncio.TimeoutError):
            await asyncio.sleep(AGAIN_S)


with open(sys.argv[2] + "/items.json") as file:
    wanted = [messages.Item(**one) for one in json.load(file)]
asyncio.run(fetch_all(sys.argv[2], sys.argv[3], wanted))
