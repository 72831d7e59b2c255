"""What a pole does that has crashed again and again: as little as possible, with nothing of what it remembers.

It says that it is there and why, takes an update, and sounds the stored alarm at the press of the key. After an hour
it tries everything again.
"""

import asyncio

from firmware.app.alarm import sound_alarm
from firmware.app.clocksync import Clock, Ticks
from firmware.app.link import Link, NotNow
from firmware.app.speaker import Dry, Speaker
from firmware.app.timesync import TimeSync
from firmware.app.vault import Vault
from firmware.app.vigil import SAFE_AFTER, WATCHDOG_MS, Vigil, together
from protocol import messages, receipt, topics

AGAIN_S = 3600
KEY_S = 0.1
LINK_LIMIT_S = 180


class Over(Exception):
    """The time of safe mode is."""


class Safe:
    """The pole in safe mode; `crashes`: vigil.Crashes."""

    def __init__(self, hal, crashes):
        self.hal = hal
        self._crashes = crashes
        self._profile = profile = hal.profile
        self._key = bytes.fromhex(profile["key"])
        self.boot = Vault(hal.files).load_json("boot", 0)
        self._ticks = Ticks(hal.ticks_us)
        self._clock = Clock(self._ticks)
        self._clock.start_from(hal.rtc_us(), 0)
        self._speaker = Speaker(hal.open_i2s, messages.RATE, hal.i2s_bytes)
        server = profile["time"]
        self._time = TimeSync(
            self._clock,
            lambda: hal.net.udp(server["host"], server["port"]),
            hal.random,
            profile["pole"],
            self._key,
        )
        reads = [topics.topic(topics.pole(profile["pole"]), topics.ORDER)]
        self._link = Link(
            hal.net, hal.random, profile["broker"], profile["pole"], reads, self._take, self._state, hal.log
        )
        self._link.on_up = self._came_up
        self._turns = 0
        self._left_s = 0
        self._since_ms = 0

    async def run(self):
        """For AGAIN_S; then the whole pole gets another chance."""
        self._left_s = self._seconds() + AGAIN_S
        vigil = Vigil(self._seconds, self.hal.watchdog(WATCHDOG_MS))
        vigil.watch("safe mode", lambda: (self._turns, self._speaker.next), LINK_LIMIT_S)
        time = self._time.run(lambda: self.hal.set_rtc_us(self._clock.now_us()), lambda: False)
        try:
            await together(time, vigil.run(None), self._connect(), self._watch_key())
        except Over:
            self._crashes.steady(SAFE_AFTER - 1)

    def _seconds(self):
        return self._ticks.us() // 1000000

    async def _connect(self):
        await self._clock.wait_trusted()
        await self._link.run()

    async def _watch_key(self):
        while self._seconds() < self._left_s:
            self._turns += 1
            if self.hal.alarm_key():
                try:
                    await sound_alarm(self.hal.files, self._speaker, self._ticks, self.hal.alarm_key)
                except (Dry, OSError):
                    pass  # the key is still there to be pressed
            await asyncio.sleep(KEY_S)
        raise Over()

    async def _take(self, topic, raw):
        """In safe mode nothing is done: the broker keeps it until there is somebody to take it."""
        raise NotNow()

    def _state(self, online=0):
        if not online:
            self._since_ms = self._clock.now_ms()
        said = messages.State(
            pole=self._profile["pole"],
            online=online,
            at_ms=self._since_ms,
            boot=self.boot,
            runtime=self.hal.runtime,
            firmware="safe mode",
            why=self._crashes.text[-80:],
        )
        topic = topics.topic(topics.pole(self._profile["pole"]), topics.STATE)
        return topic, receipt.pack(self._key, receipt.STATE, said)

    async def _came_up(self):
        topic, raw = self._state(1)
        await self._link.publish(topic, raw, True)
