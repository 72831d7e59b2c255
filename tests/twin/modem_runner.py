"""The pole's own 4G uplink on a line to a modem: `modem_runner.py ROOT JSON`, with {path, pins_port, speed, deeds}.

Prints what each deed came to: "up" and "restart" (null or why not), "down" (whether PPP ended), "echo" (answers through
PPP), "facts".
"""

import asyncio
import json
import socket
import sys

sys.path.insert(0, sys.argv[1])

from firmware.hal import cellular, modem, uplink
from simulator.hal.line import PPP, Line

GIVEN = json.loads(sys.argv[2])
LIMIT = 400  # looks of 20 ms


class Fast:
    """In place of asyncio: the modem lives so much faster."""

    @staticmethod
    def sleep(seconds):
        return asyncio.sleep(seconds / GIVEN["speed"])


modem.asyncio = cellular.asyncio = uplink.asyncio = Fast


def pin(name):
    pins = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    pins.connect(socket.getaddrinfo("127.0.0.1", GIVEN["pins_port"])[0][-1])
    return lambda level: pins.send(b"%s %d" % (name.encode(), level))


async def comes(test):
    for _ in range(LIMIT):
        if test():
            return True
        await asyncio.sleep(0.02)
    return False


async def do(deed, pole):
    if deed in ("up", "restart"):
        try:
            await getattr(pole, deed)()
        except OSError as why:
            return str(why)
        return None
    if deed == "down":
        pole.down()
        return await comes(lambda: not pole.alive())
    if deed == "echo":
        before = pole._nic.echoed
        pole._nic.echo()
        return await comes(lambda: pole._nic.echoed > before)
    return pole.facts()


async def main():
    pole = cellular.Cellular(Line(GIVEN["path"]), PPP, "v-internet", key=pin("key"))
    told = []
    for deed in GIVEN["deeds"]:
        told.append(await do(deed, pole))
    print(json.dumps(told))


asyncio.run(main())
