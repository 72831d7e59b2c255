"""One pole: its parts and its five tasks — link, fetch, play, report, time. Everything it touches is passed in."""

import asyncio
import gc

from firmware.app.agenda import Agenda
from firmware.app.clocksync import Clock, Ticks, TimeSync
from firmware.app.fetch import Fetch, FetchError, Media
from firmware.app.link import Link
from firmware.app.orders import Orders, open_key_list
from firmware.app.player import Player
from firmware.app.report import Report
from firmware.app.speaker import Speaker
from firmware.app.vault import Journal, Vault
from protocol import messages, receipt, topics

FIRMWARE = "0.1"
SEEN = "seen"  # the latest instant that the pole was sure of, and the crystal's rate
TIME_NEAR_S = 20  # between bursts at first and when a session is near …
TIME_FAR_S = 300  # … and otherwise
NEAR_MS = 10 * 60000
STATE_EVERY_S = 300
IDLE_S = 60


class Station:
    """The pole that a profile (enrolment bundle) describes, on the hardware `hal` (firmware/hal/contract.md)."""

    def __init__(self, hal):
        profile = hal.profile
        pole = topics.check_name(profile["pole"])
        key = bytes.fromhex(profile["key"])
        self.hal = hal
        self.vault = Vault(hal.files)
        self.streams = [topics.pole(pole)] + [topics.group(name) for name in profile["groups"]]
        seen = self.vault.load_json(SEEN, {})
        self.ticks = Ticks(hal.ticks_us)
        self.clock = Clock(self.ticks, seen.get("ppb", 0))
        self.clock.start_from(hal.rtc_us(), seen.get("ms", 0))
        self.journal = Journal(self.vault)
        self.boot = self.vault.load_json("boot", 0) + 1
        self.vault.save_json("boot", self.boot)
        self.media = Media(hal.files)
        self.agenda = Agenda(pole, self.vault, self.journal, self.media.has)
        self.agenda.load(self.streams)
        self.report = Report(pole, key, self.boot, self.journal, self.clock, self._describe)
        keys = open_key_list(self.vault, profile["root"], profile["keys"])
        self.orders = Orders(keys, self.streams, self.vault, self.clock, self._refused)
        self.player = Player(Speaker(hal.open_i2s, messages.RATE, hal.i2s_bytes), self.clock, self.journal,
                             self.media, self.report)
        time_server = profile["time"]
        self.time = TimeSync(self.clock, lambda: hal.net.udp(time_server["host"], time_server["port"]), hal.random,
                             pole, key)
        self.fetch = Fetch(hal.net, hal.files, profile["media"], hal.random)
        self.link = Link(hal.net, hal.random, profile["broker"], pole, topics.of_pole(pole, profile["groups"]),
                         self._take, lambda: self.report.state(0))
        self.link.on_up = self._came_up
        self.report.link = self.link
        self._ack_topic = topics.topic(self.streams[0], topics.ACK)
        self._changed = asyncio.Event()  # for the player
        self._to_fetch = asyncio.Event()
        self._trusted_from_ms = None

    def _describe(self):
        playing = self.player.session
        return {"plan_version": self.agenda.version(), "runtime": self.hal.runtime, "firmware": FIRMWARE,
                "playing": playing.id if playing else "", "stored": len(self.media.whole),
                "refused": self.orders.refused}

    def _refused(self, why, count):
        self.report.note(messages.REFUSED, why=why, count=count)

    async def run(self):
        """Live until cancelled; a task that fails takes the pole with it, and the supervisor starts it again."""
        tasks = [asyncio.create_task(self._keep_time())]
        try:
            await self.clock.wait_trusted()
            self._trusted_from_ms = self.clock.now_ms()
            self._announce()
            for job in (self.link.run, self._play, self._fetch, self.report.run, self._housekeeping):
                tasks.append(asyncio.create_task(job()))
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    # Orders

    async def _take(self, topic, raw):
        if topic == self._ack_topic:
            self.report.take_ack(raw)
        else:
            await self.orders.take(raw, self._act)
            gc.collect()

    async def _act(self, letter):
        if letter.kind == messages.Plan.TYPE:
            for session in self.agenda.accept(letter.to, letter.content):
                self.report.note(messages.RECEIVED, session.id, version=letter.content.version)
            self._announce()
            self._to_fetch.set()
        elif letter.kind == messages.Stop.TYPE:
            self._stop(letter.content)
        self._changed.set()

    def _stop(self, order):
        if self.player.stop(order.session, "order"):
            return
        entry = self.agenda.entries.get(order.session)
        deed = self.journal.deed(order.session)
        if deed is not None and deed.ended:
            return
        if entry is not None:
            entry.step("stop")
        # Also for a session that no plan has named yet: when the plan comes, it has been stopped already.
        self.report.note(messages.STOPPED, order.session, why="order", frames=0)

    def _announce(self):
        """Tell what each session has come to: its plan is here, its audio is here."""
        self.agenda.renew_media()
        for entry in self.agenda.in_order():
            deed = self.journal.deed(entry.session.id)
            if deed is None and entry.state in ("planned", "ready"):
                self.report.note(messages.RECEIVED, entry.session.id, version=self.agenda.version())
            if entry.state == "ready" and self.journal.deed(entry.session.id).announced != messages.READY:
                self.report.note(messages.READY, entry.session.id)

    # Link

    async def _came_up(self):
        await self.report.tell_state(True)
        self.report.send_again()

    # Sound

    async def _play(self):
        while True:
            now_ms = self.clock.now_ms()
            for entry in self.agenda.over(now_ms):
                self._went_by(entry)
            entry = self.agenda.due(now_ms, self.player.lead_ms + 300)
            if entry:
                await self._sound(entry)
                continue
            wait_ms = IDLE_S * 1000
            coming = self.agenda.next_ms(now_ms)
            if coming is not None:
                wait_ms = max(20, min(wait_ms, coming - self.player.lead_ms - now_ms if coming - now_ms > 2000 else 500))
            await _wait(self._changed, wait_ms / 1000)

    async def _sound(self, entry):
        wait_ms = entry.session.at_ms - self.player.lead_ms - self.clock.now_ms()
        if wait_ms > 0:
            await _wait(self._changed, wait_ms / 1000)
            return  # look again: a stop may have come
        self.fetch.hold = self.hal.files.stalls_audio
        gc.collect()
        try:
            telling = asyncio.create_task(self.report.tell_state())
            await self.player.play(entry)
            telling.cancel()
        finally:
            self.fetch.hold = False
        await self.report.tell_state()

    def _went_by(self, entry):
        """Its time is over and it has not been ended: why?"""
        if entry.state == "sounding":
            entry.step("stop")
            self.report.note(messages.STOPPED, entry.session.id, why="restart")
            return
        started_ms = self.clock.unix_at(0) // 1000
        if entry.end_ms <= started_ms:
            why = "off"
        elif entry.end_ms <= self._trusted_from_ms:
            why = "no_clock"
        elif entry.state == "planned":
            why = "no_audio"
        else:
            why = "late"
        entry.step("miss")
        self.report.note(messages.MISSED, entry.session.id, why=why)

    # Audio files

    async def _fetch(self):
        failures = 0
        await asyncio.sleep(int.from_bytes(self.hal.random(1), "big") / 512)  # poles start together after a power cut
        while True:
            self._to_fetch.clear()
            wanted = self.agenda.wanted(self.clock.now_ms())
            if not wanted:
                self.fetch.close()
                await _wait(self._to_fetch, IDLE_S)
                continue
            try:
                await self.fetch.get(wanted[0])
            except (OSError, EOFError, ValueError, FetchError, asyncio.TimeoutError):
                failures += 1
                self.media.evict(self.agenda.named_media())
                await self.fetch.pause(failures)
                continue
            failures = 0
            self.media.add(wanted[0].media)
            self._announce()
            self._changed.set()
            await self.report.tell_state()

    # Time

    async def _keep_time(self):
        failures = 0
        while True:
            try:
                good = await self.time.burst()
            except OSError:
                good = False
            if good:
                failures = 0
                self.hal.set_rtc_us(self.clock.now_us())
                self.vault.save_json(SEEN, {"ms": self.clock.now_ms(), "ppb": self.clock.ppb})
                self._changed.set()
            else:
                failures += 1
            await asyncio.sleep(self._until_next_burst(good, failures))

    def _until_next_burst(self, good, failures):
        if not good:
            return min(TIME_NEAR_S, 1 << min(failures, 5))
        if self.time.bursts < 4:
            return (2, 5, 10)[self.time.bursts - 1]
        coming = self.agenda.next_ms(self.clock.now_ms())
        near = coming is not None and coming - self.clock.now_ms() < NEAR_MS
        return TIME_NEAR_S if near else TIME_FAR_S

    # Housekeeping

    async def _housekeeping(self):
        while True:
            self.media.evict(self.agenda.named_media())
            self.journal.tidy(self.clock.now_ms(), self.agenda.entries)
            await asyncio.sleep(STATE_EVERY_S)
            self.orders.tell_rest()
            await self.report.tell_state(True)


async def _wait(event, seconds):
    """Until the event or the time, whichever is first."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except asyncio.TimeoutError:
        pass
    event.clear()
