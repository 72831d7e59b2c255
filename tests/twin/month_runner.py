"""A pole's whole program through many days of virtual time: `month_runner.py ROOT IMAGE FOLDER DAYS`.

On MicroPython. IMAGE: the program as a ROM. FOLDER holds given.json {"profile", "begin_ms"}, a sealed plan for each day
in plans/, and media/. The head-end, the broker and the sink are objects in this process; all of firmware/ is the real
thing.
"""

import gc
import json
import os
import sys

sys.path.insert(0, sys.argv[1])

from simulator import rom
from simulator.hal import virtual
from simulator.hal.virtual import Time

asyncio = virtual.install()
rom.mount(sys.argv[2])
sys.path.append(sys.argv[1])

from firmware.app import mqtt
from firmware.hal.files import Files
from firmware.main import live
from protocol import messages, receipt
from protocol.schema import WireError
from tests.support.virtual_world import Days, Pipe, Sink

FOLDER = sys.argv[3]
DAYS = int(sys.argv[4])
with open(FOLDER + "/given.json") as file:
    GIVEN = json.load(file)
BEGIN_US = GIVEN["begin_ms"] * 1000
DAY_US = 86400 * 1000000
KEY = bytes.fromhex(GIVEN["profile"]["key"])
PPM = 37
TICKS_MASK = (1 << 30) - 1
TICKS_BEGIN = TICKS_MASK - 5000000  # they wrap right after the start, and each 17.9 minutes from then on
CUT_EACH_DAYS = 3
ACK = b"loa/p/p1/ack"


def unix_us():
    return BEGIN_US + Time.us


class Broker(Pipe):
    """One connection to a broker that also is the head-end."""

    live = []

    def __init__(self):
        Pipe.__init__(self)
        self.number = 0
        self.upto = 0
        Broker.live = [self]

    def write(self, raw):
        kind = raw[0] & 0xF0
        if kind == mqtt.CONNECT:
            self.say(b"\x20\x02\x00\x00")
        elif kind == mqtt.SUBSCRIBE & 0xF0:
            self.say(bytes([mqtt.SUBACK, 3, raw[2], raw[3], 1]))
            self.plan()
        elif kind == mqtt.PINGREQ:
            self.say(bytes([mqtt.PINGRESP, 0]))
        elif kind == mqtt.PUBLISH:
            self.told(raw)

    def publish(self, topic, payload):
        self.number = self.number % 65535 + 1
        body = len(topic).to_bytes(2, "big") + topic + self.number.to_bytes(2, "big") + payload
        self.say(mqtt.packet(mqtt.PUBLISH | 2, body))

    def plan(self):
        with open("%s/plans/%d" % (FOLDER, Time.us // DAY_US), "rb") as file:
            self.publish(b"loa/g/00070/plan", file.read())

    def told(self, raw):
        at = 1
        while raw[at] & 0x80:
            at += 1
        size = int.from_bytes(raw[at + 1 : at + 3], "big")
        rest = at + 3 + size
        self.say(bytes([mqtt.PUBACK, 2]) + raw[rest : rest + 2])
        try:
            told = receipt.unpack(KEY, receipt.RECEIPT, messages.Receipt, raw[rest + 2 :])
        except WireError:
            return  # a state
        World.kinds[told.kind] = World.kinds.get(told.kind, 0) + 1
        World.boots = max(World.boots, told.boot)
        ack = messages.Ack(pole="p1", journal=told.journal, upto=told.seq)
        self.publish(ACK, receipt.pack(KEY, receipt.ACK, ack))


class Web(Pipe):
    """One connection to a media server."""

    def write(self, raw):
        line = raw.decode().split("\r\n")
        name = line[0].split()[1].split("/")[-1]
        first, last = [int(part) for part in line[2].split("=")[1].split("-")]
        self._rest = last + 1 - first
        self._file = open(FOLDER + "/media/" + name, "rb")
        self._file.seek(first)
        self.say(b"HTTP/1.1 206 Partial\r\nContent-Length: %d\r\n\r\n" % self._rest)

    async def read(self, size):
        if self._left:
            return await Pipe.read(self, size)
        got = self._file.read(min(size, self._rest))
        self._rest -= len(got)
        if not self._rest:
            self._file.close()
        return got


class Clock:
    """One socket to the time server."""

    def send(self, raw):
        self.asked = raw

    async def receive(self, seconds):
        there_ms, back_ms = [20 + byte % 20 for byte in os.urandom(2)]
        await asyncio.sleep_ms(there_ms + back_ms)
        _, nonce = receipt.read_ask(self.asked)
        at = unix_us() - back_ms * 1000
        return receipt.tell_time(KEY, nonce, at, at)

    def close(self):
        pass


class Net:
    async def open(self, host, port, tls):
        if World.cut():
            raise OSError("cut")
        stream = Broker() if port == 1883 else Web()
        return stream, stream

    async def udp(self, host, port):
        if World.cut():
            raise OSError("cut")
        return Clock()


class World:
    kinds = {}
    boots = 0

    @staticmethod
    def cut():
        """Each third day there is no network for its eleventh hour."""
        return Time.us // DAY_US % CUT_EACH_DAYS == 2 and Time.us % DAY_US // 3600000000 == 11


class VirtualFiles(Files):
    stalls_audio = True

    def free(self):
        return 8 << 20


class Hal:
    runtime = "virtual"
    i2s_bytes = 8192
    woken_by = "reset"
    beacon = box = core = None
    slots = True
    uplinks = ()

    def __init__(self):
        self.profile = GIVEN["profile"]
        self.files = VirtualFiles(FOLDER + "/data")
        self.net = Net()
        self.random = os.urandom

    def ticks_us(self):
        return (TICKS_BEGIN + Time.us + Time.us * PPM // 1000000) & TICKS_MASK

    def rtc_us(self):
        return None

    def set_rtc_us(self, us):
        pass

    def amp(self, level):
        pass

    def watchdog(self, ms):
        return Days.watchdog(ms)

    def alarm_key(self):
        return False

    def log(self, line):
        print(line)

    def open_i2s(self):
        return Sink(self.i2s_bytes, PPM, FOLDER + "/sounded")


async def each_day(days):
    for _ in range(DAYS):
        await asyncio.sleep(86400)
        for broker in Broker.live:
            broker.plan()
        days.midnight()
    days.print(World.kinds, World.boots)
    sys.exit(0)


async def cutting():
    while True:
        await asyncio.sleep(60)
        if World.cut():
            for broker in Broker.live:
                broker.end()


async def main():
    days = Days()
    gc.collect()
    await asyncio.gather(live(Hal()), each_day(days), cutting())


asyncio.run(main())
