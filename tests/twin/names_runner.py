"""Looks names up at real servers while another task counts how long the interpreter is held up."""

import asyncio
import json
import os
import sys
import time

sys.path.insert(0, sys.argv[1])

from firmware.hal import dns, sockets

PORTS = json.loads(sys.argv[2])


def udp(address):
    return sockets.Udp(sockets.address_of(*address))


async def main():
    gaps = []

    async def count():
        last = time.ticks_ms()
        while True:
            await asyncio.sleep_ms(10)
            now = time.ticks_ms()
            gaps.append(time.ticks_diff(now, last))
            last = now

    counting = asyncio.create_task(count())
    resolver = dns.Resolver(lambda: [("127.0.0.1", port) for port in PORTS], udp, os.urandom, time.time)
    begun = time.ticks_ms()
    told = {"first": await resolver.find("media.example")}
    told["lasted_ms"] = time.ticks_diff(time.ticks_ms(), begun)
    told["again"] = await resolver.find("media.example")
    try:
        await resolver.find("nobody.example")
    except OSError as why:
        told["unknown"] = type(why).__name__
    counting.cancel()
    told["longest_gap_ms"] = max(gaps)
    print(json.dumps(told))


asyncio.run(main())
