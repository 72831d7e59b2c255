"""What a pole does that has crashed again and again: as little as possible, with hardly anything of what it remembers.

It says that it is there and why, takes another program, and sounds the stored alarm at the press of the key. All other
orders wait at the broker. After an hour it tries everything again.
"""

import asyncio

from firmware.app.air import Air
from firmware.app.alarm import sound_alarm
from firmware.app.clocksync import Clock, Ticks
from firmware.app.fetch import Fetch, FetchError, Media
from firmware.app.link import Link, NotNow
from firmware.app.orders import Orders, open_key_list
from firmware.app.slots import Slots
from firmware.app.speaker import Dry, Speaker
from firmware.app.timesync import TimeSync
from firmware.app.update import LOOK_S, Updater
from firmware.app.vault import Vault
from firmware.app.vigil import SAFE_AFTER, WATCHDOG_MS, Vigil, keep_uplinks, together
from protocol import messages, receipt, topics

AGAIN_S = 3600
KEY_S = 0.1
LINK_LIMIT_S = 180


class Over(Exception):
    """The time of safe mode is."""


class Idle:
    """In place of agenda and player, for whoever asks whether a session is near: none is."""

    session = None

    def __init__(self):
        self.air = Air()

    def next_ms(self, now_ms):
        """Never."""
        return None


class Safe:
    """The pole in safe mode; `crashes`: vigil.Crashes."""

    def __init__(self, hal, crashes):
        self.hal = hal
        self._crashes = crashes
        self._profile = profile = hal.profile
        self._key = bytes.fromhex(profile["key"])
        self.vault = Vault(hal.files)
        self.boot = self.vault.load_json("boot", 0)
        self._ticks = Ticks(hal.ticks_us)
        self.clock = Clock(self._ticks)
        self.clock.start_from(hal.rtc_us(), 0)
        self._speaker = Speaker(hal.open_i2s, messages.RATE, hal.i2s_bytes, hal.amp)
        server = profile["time"]
        self.time = TimeSync(
            self.clock,
            lambda: hal.net.udp(server["host"], server["port"]),
            hal.random,
            profile["pole"],
            self._key,
        )
        reads = topics.of_pole(profile["pole"], profile["groups"])
        self.link = Link(
            hal.net, hal.random, profile["broker"], profile["pole"], reads, self._take, self._state, hal.log
        )
        self.link.on_up = self.tell_state
        self._expect_update(profile)
        self._turns = 0
        self._left_s = 0
        self._since_ms = 0

    def _expect_update(self, profile):
        hal = self.hal
        keys = open_key_list(self.vault, profile["root"], profile["keys"])
        streams = [topics.pole(profile["pole"])] + [topics.group(name) for name in profile["groups"]]
        refused = lambda why, count: hal.log("refused: " + why)  # noqa: E731 - told by the state only
        self.orders = Orders(keys, streams, self.vault, self.clock, refused)
        self.media = Media(hal.files)
        self.player = self.agenda = Idle()
        self.report = self
        self._fetch = Fetch(hal.net, hal.files, profile["media"], hal.random)
        self.updater = Updater(self, Slots(self.vault), refused)

    async def run(self):
        """For AGAIN_S; then the whole pole gets another chance."""
        self._left_s = self._seconds() + AGAIN_S
        vigil = Vigil(self._seconds, self.hal.watchdog(WATCHDOG_MS))
        vigil.watch("safe mode", lambda: (self._turns, self._speaker.next), LINK_LIMIT_S)
        time = self.time.run(lambda: self.hal.set_rtc_us(self.clock.now_us()), lambda: False)
        try:
            await together(time, vigil.run(None), self._connect(), self._watch_key(), *keep_uplinks(vigil, self))
        except Over:
            self._crashes.steady(SAFE_AFTER - 1)

    def _seconds(self):
        return self._ticks.us() // 1000000

    async def _connect(self):
        await self.clock.wait_trusted()
        await together(self.link.run(), self._fetch_program(), self.updater.run())

    async def _fetch_program(self):
        while True:
            for image in self.updater.wanted():
                try:
                    await self._fetch.get(image)
                    self.media.add(image.media)
                except (OSError, EOFError, ValueError, FetchError, asyncio.TimeoutError):
                    pass  # soon again
            await asyncio.sleep(LOOK_S)

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
        """Orders for another program; the broker keeps all else until there is somebody to take it."""
        await self.orders.take(raw, self._act)

    async def _act(self, letter):
        if letter.kind != messages.Update.TYPE:
            raise NotNow()
        why = self.updater.offer(letter.content)
        if why:
            self.hal.log("update: " + why)

    def _state(self, online=0):
        if not online:
            self._since_ms = self.clock.now_ms()
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

    async def tell_state(self):
        """Publish the retained state."""
        topic, raw = self._state(1)
        await self.link.publish(topic, raw, True)
