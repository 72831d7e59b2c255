"""One pole: its parts, its tasks, and who watches them. Everything it touches is passed in."""

import asyncio
import gc

from firmware.app.agenda import Agenda
from firmware.app.clocksync import Clock, Ticks
from firmware.app.fetch import Fetch, Media
from firmware.app.link import Link
from firmware.app.on_air import OnAir
from firmware.app.orders import Orders, open_key_list
from firmware.app.player import Player
from firmware.app.report import Report
from firmware.app.senses import Senses
from firmware.app.slots import Slots
from firmware.app.speaker import Speaker
from firmware.app.stock import Stock
from firmware.app.timesync import TimeSync
from firmware.app.update import Updater
from firmware.app.vault import Journal, Vault
from firmware.app.vigil import WATCHDOG_MS, Crashes, Vigil, keep_uplinks, together, watch_tasks
from protocol import messages, topics

FIRMWARE = "0.1"
SEEN = "seen"  # the latest instant that the pole was sure of, the clock's rate, and what the crystal was learnt to be
NEAR_MS = 10 * 60000
STATE_EVERY_S = 300
TIME_LIMIT_S = 900


class Station:
    """The pole that a profile (enrolment bundle) describes, on the hardware `hal`
    (firmware/hal/contract.md).
    """

    def __init__(self, hal, crashes=None):
        """`crashes`: vigil.Crashes, which remembers what ended the program the last time."""
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
        self.boot = self.vault.load_json("boot", 0) + 1
        self.journal = Journal(self.vault, hal.random, self.boot > 1)
        self.vault.save_json("boot", self.boot)
        self.media = Media(hal.files)
        self.agenda = Agenda(pole, self.vault, self.journal, self.media.has)
        self.agenda.load(self.streams)
        self.report = Report(pole, key, self.boot, self.journal, self.clock, self._describe)
        keys = open_key_list(self.vault, profile.pop("root"), profile.pop("keys"))  # large, and used once
        self.orders = Orders(keys, self.streams, self.vault, self.clock, self._refused, seen.get("ms", 0))
        self.orders.held = self.agenda.held
        self.player = Player(
            Speaker(hal.open_i2s, messages.RATE, hal.i2s_bytes, hal.amp),
            self.clock,
            self.journal,
            self.media,
            self.report,
            hal.files.stalls_audio,
            min(0, profile.get("ceiling_half_db", 0)),
        )
        self._follow_time(profile["time"], pole, key, seen.get("learnt"))
        self.fetch = Fetch(hal.net, hal.files, profile["media"], hal.random)
        self._join(profile, pole)
        self.on_air = OnAir(self)
        self.updater = Updater(self, Slots(self.vault), self._refused)
        self.stock = Stock(self)
        self.senses = Senses(self)
        self.uplinks = None  # firmware.app.uplinks.Uplinks, where the hardware has any
        self.crashes = crashes or Crashes(self.vault)
        self.turns = {"time": 0, "housekeeping": 0}

    def _join(self, profile, pole):
        hal = self.hal
        self.link = Link(
            hal.net,
            hal.random,
            profile["broker"],
            pole,
            topics.of_pole(pole, profile["groups"]),
            self._take,
            lambda: self.report.state(0),
            hal.log,
        )
        self.link.on_up = self._came_up
        self.link.on_refused = self.orders.refuse
        self.report.link = self.link
        self._ack_topic = topics.topic(self.streams[0], topics.ACK)

    def _follow_time(self, server, pole, key, learnt_ppb):
        hal = self.hal
        self.time = TimeSync(
            self.clock, lambda: hal.net.udp(server["host"], server["port"]), hal.random, pole, key, learnt_ppb
        )
        self.beacon = None
        if hal.beacon:
            from firmware.app.beacon import Beacon  # most poles have none, and a small heap to keep it in

            self.beacon = Beacon(self.clock, pole, hal.beacon)

    def _describe(self):
        playing = self.player.session
        return {
            "plan_version": self.agenda.version(),
            "runtime": self.hal.runtime,
            "firmware": "%s (%d)" % (FIRMWARE, self.updater.release),
            "playing": playing.id if playing else "",
            "stored": len(self.media.whole),
            "refused": self.orders.refused,
        }

    def _refused(self, why, count):
        self.report.note(messages.REFUSED, why=why, count=count)

    async def run(self):
        """Live until cancelled; a task that fails takes the pole with it, and the supervisor starts it again."""
        vigil = Vigil(lambda: self.ticks.us() // 1000000, self.hal.watchdog(WATCHDOG_MS))
        vigil.watch("time", lambda: self.turns["time"], TIME_LIMIT_S)
        time = self.time.run(self._time_came, self._time_turned)
        awake = self.senses.awake(vigil) + keep_uplinks(vigil, self)
        await together(time, vigil.run(self.crashes.steady), self._run_in_time(vigil), *awake)

    async def _run_in_time(self, vigil):
        """What needs to know the time: everything but asking for it."""
        await self.clock.wait_trusted()
        self._announce()
        self.crashes.tell(self.report)
        watch_tasks(vigil, self, 2 * STATE_EVERY_S)
        jobs = [self.link, self.on_air, self.stock, self.report, self.updater, self.senses]
        tasks = [job.run() for job in jobs] + [self._housekeeping()]
        if self.beacon:
            tasks.append(self.beacon.run(self._session_is_near))
        await together(*tasks)

    def _time_turned(self):
        self.turns["time"] += 1
        return self._session_is_near()

    # Orders

    async def _take(self, topic, raw):
        if topic == self._ack_topic:
            self.report.take_ack(raw)
        else:
            if await self.orders.take(raw, self._act):
                await self.report.tell_state()
            gc.collect()

    async def _act(self, letter):
        if letter.kind == messages.Plan.TYPE:
            for session in self.agenda.accept(letter.to, letter.content):
                self.report.note(messages.RECEIVED, session.id, version=letter.content.version)
            self._announce()
            self.stock.changed.set()
        elif letter.kind == messages.Stop.TYPE:
            self._stop(letter.content)
        elif letter.kind == messages.Update.TYPE:
            why = self.updater.offer(letter.content)
            if why:
                self._refused("update: " + why, 1)
            self.stock.changed.set()
        elif letter.kind == messages.Check.TYPE:
            self.senses.order(letter.content)
        self.on_air.changed.set()

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

    async def came(self):
        """A file that was asked for is whole and on the pole."""
        self._announce()
        self.on_air.changed.set()
        await self.report.tell_state()

    # Housekeeping

    async def _housekeeping(self):
        while True:
            self.turns["housekeeping"] += 1
            self.stock.evict()
            self.journal.tidy(self.clock.now_ms(), self.agenda.entries)
            await asyncio.sleep(STATE_EVERY_S)
            self.orders.tell_rest()
            await self.report.tell_state(True)

    def _time_came(self):
        self.hal.set_rtc_us(self.clock.now_us())
        if not (self.player.session and self.hal.files.stalls_audio):
            seen = {"ms": self.clock.now_ms(), "ppb": self.clock.ppb}
            if self.time.remembered_ppb is not None:
                seen["learnt"] = self.time.remembered_ppb
            self.vault.save_json(SEEN, seen)
        self.on_air.changed.set()

    def _session_is_near(self):
        if self.player.session:
            return True
        now_ms = self.clock.now_ms()
        coming = self.agenda.next_ms(now_ms)
        return coming is not None and coming - now_ms < NEAR_MS
