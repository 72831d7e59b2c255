"""Cuts the power of a pole at every single write of every operation, on the real littlefs; prints what went wrong.

`micropython powercut_runner.py ROOT ORDERS CHUNK_BYTES WAYS`. ORDERS: JSON made by the test with the profile, sealed
orders and audio. WAYS: 1 for cuts between two writes only, 2 also for torn writes. The pole's own code runs on top of
a flash that dies; afterwards it is started anew on what is left.
"""

import asyncio
import gc
import hashlib
import json
import sys

sys.path.insert(0, sys.argv[1])

from firmware.app import fetch, vault  # noqa: E402
from firmware.app.station import Station  # noqa: E402
from protocol import messages, receipt  # noqa: E402
from tests.support import seals_once  # noqa: E402
from tests.support.dying_flash import AT, Flash, FlashFiles  # noqa: E402

BLOCKS = 96
with open(sys.argv[2]) as file:
    GIVEN = json.load(file)
fetch.CHUNK_BYTES = int(sys.argv[3])
fetch.SPARE_BYTES = 4096
vault.COMPACT_LINES = 6
NOW_MS = GIVEN["now_ms"]
PLAN_TOPIC, ORDER_TOPIC, ACK_TOPIC = "loa/g/00070/plan", "loa/g/00070/order", "loa/p/p1/ack"
ALARM = "cd" * 32
DEVICE_ERRORS = (OSError, EOFError)
seals_once.install()


class Hal:
    """As little hardware as a pole needs to start."""

    box = core = None
    slots = True
    runtime = "power cuts"
    i2s_bytes = 4096
    net = None
    open_i2s = None
    beacon = box = None

    def __init__(self):
        self.profile = dict(GIVEN["profile"])
        self.files = FlashFiles(AT + "/data")
        self._names = 0

    def ticks_us(self):
        return 1000

    def rtc_us(self):
        return NOW_MS * 1000

    def set_rtc_us(self, unix_us):
        pass

    def amp(self, level):
        pass

    def random(self, count):
        self._names += 1
        return hashlib.sha256(b"%d" % self._names).digest()[:count]

    def log(self, line):
        pass


class Web:
    """A media server in memory, behind the contract's `net`."""

    async def open(self, host, port, tls):
        return self, self

    def write(self, raw):
        line = raw.decode().split("\r\n")
        name = line[0].split()[1].split("/")[-1]
        first, last = line[2].split("=")[1].split("-")
        body = bytes.fromhex(GIVEN["media"][name])[int(first) : int(last) + 1]
        self._lines = [b"HTTP/1.1 206 Partial\r\n", b"Content-Length: %d\r\n" % len(body), b"\r\n"]
        self._body = body

    async def drain(self):
        pass

    async def readline(self):
        return self._lines.pop(0)

    async def read(self, most):
        got, self._body = self._body[:most], self._body[most:]
        return got

    def close(self):
        pass


class Promises:
    """What a pole has said or shown before the power went: it has to stand by it."""

    def __init__(self):
        self.receipts = 0  # of these many `note` has returned
        self.acked = 0
        self.done = []  # orders that were taken: the broker has its acknowledgement
        self.plan = None  # sessions of the last plan that was taken
        self.heard = set()  # sessions of which a frame may have left
        self.stopped = set()
        self.stored = set()
        self.boot = 0
        self.alarm = False  # a file in `keep`


def switch_on(flash):
    """A pole on this flash, as far as before its first connection."""
    flash.mount()
    station = Station(Hal())
    station.fetch = fetch.Fetch(Web(), station.hal.files, "http://media/m", station.hal.random)
    station._announce()
    station.journal.see(NOW_MS)
    return station


async def take(station, promises, topic, name):
    raw = bytes.fromhex(GIVEN["orders"][name])
    await station._take(topic, raw)
    promises.done = [one for one in promises.done if one[0] != topic] + [(topic, name)]


async def plan(station, promises, name):
    await take(station, promises, PLAN_TOPIC, name)
    promises.plan = GIVEN["sessions"][name]


async def stop(station, promises, name, session):
    await take(station, promises, ORDER_TOPIC, name)
    promises.stopped.add(session)


def note(station, promises, kind, session, **fields):
    station.report.note(kind, session, **fields)
    promises.receipts += 1


async def ack(station, promises, upto):
    told = messages.Ack(pole="p1", journal=station.journal.name, upto=upto)
    key = bytes.fromhex(GIVEN["profile"]["key"])
    await station._take(ACK_TOPIC, receipt.pack(key, receipt.ACK, told))
    promises.acked = upto


def sound(station, promises, session):
    """What the player and its receipts do with one session."""
    entry = station.agenda.entries[session]
    entry.step("sound")
    at_us = entry.session.at_ms * 1000
    note(station, promises, messages.BEGUN, session, first_at_us=at_us)
    promises.heard.add(session)
    note(station, promises, messages.STARTED, session, first_at_us=at_us)
    entry.step("finish")
    note(station, promises, messages.FINISHED, session, frames=1017, underruns=0)


async def sounding(station, promises):
    sound(station, promises, "s1")


async def download(station, promises, media):
    for item in [one for one in station.agenda.wanted(NOW_MS) if one.media == media]:
        await station.fetch.get(item)
        station.media.add(media)
        promises.stored.add(media)
        station._announce()


def keep_alarm(station):
    with station.hal.files.open("keep/" + ALARM, "wb") as file:
        file.write(b"alarm")
        station.hal.files.flush(file)


async def nothing(station, promises):
    pass


async def with_plan(station, promises):
    keep_alarm(station)
    promises.alarm = True
    await plan(station, promises, "plan 1")


async def with_audio(station, promises):
    await with_plan(station, promises)
    await download(station, promises, GIVEN["short"])


async def with_history(station, promises):
    await with_audio(station, promises)
    sound(station, promises, "s1")
    for _ in range(6):
        note(station, promises, messages.REFUSED, "", why="seal", count=1)
    await ack(station, promises, station.journal.last_seq - 2)


async def tidy(station, promises):
    station.journal.tidy(NOW_MS + 60000, station.agenda.entries)


async def evict(station, promises):
    """A plan that no longer names the long file: it goes, and nothing else does."""
    promises.plan = GIVEN["sessions"]["plan 3"]  # either that, or also what it leaves out
    promises.stored.discard(GIVEN["long"])
    await plan(station, promises, "plan 3")
    station.media.evict(station.agenda.named_media())


async def both_files(station, promises):
    await with_audio(station, promises)
    await download(station, promises, GIVEN["long"])


async def again(station, promises):
    """A start: that alone writes. `once` does it."""


async def save_time(station, promises):
    station._time_came()


async def refusal(station, promises):
    await station._take(PLAN_TOPIC, bytes.fromhex(GIVEN["orders"]["forged"]))


async def lost_journal(station, promises):
    await plan(station, promises, "plan 5")
    await download(station, promises, GIVEN["short"])
    sound(station, promises, "s0")
    station.hal.files.remove("journal")
    promises.receipts = promises.acked = 0


STORIES = (
    ("first start", None, again),
    ("start", with_history, again),
    ("start without the journal", lost_journal, again),
    ("plan", nothing, lambda s, p: plan(s, p, "plan 1")),
    ("newer plan", with_plan, lambda s, p: plan(s, p, "plan 2")),
    ("stop", with_plan, lambda s, p: stop(s, p, "stop s1", "s1")),
    ("stop of an unknown session", with_plan, lambda s, p: stop(s, p, "stop s9", "s9")),
    ("acknowledgement", with_audio, lambda s, p: ack(s, p, 2)),
    ("refusal", with_plan, refusal),
    ("session", with_audio, sounding),
    ("compaction", with_history, tidy),
    ("download", with_plan, lambda s, p: download(s, p, GIVEN["long"])),
    ("eviction", both_files, evict),
    ("time", with_plan, save_time),
)


def whole(station, digest):
    """True if a media file is, chunk by chunk, what the plan names."""
    size = fetch.CHUNK_BYTES
    hashes = b""
    with station.media.open(digest) as file:
        while True:
            piece = file.read(size)
            if not piece:
                return hashlib.sha256(hashes).digest().hex() == digest
            hashes += hashlib.sha256(piece).digest()


def broken(station, promises):
    """What the pole does not stand by, as sentences."""
    journal = station.journal
    if station.boot <= promises.boot:
        yield "start %d counted again" % station.boot
    if journal.last_seq < promises.receipts:
        yield "%d receipts of %d" % (journal.last_seq, promises.receipts)
    told = [one.seq for one in journal.pending(99)]
    if told != list(range(journal.acked + 1, journal.last_seq + 1)):
        yield "a gap in %s" % told
    if journal.acked < promises.acked:
        yield "acknowledgement forgotten"
    for session in promises.heard:
        entry = station.agenda.entries.get(session)
        if entry and entry.state in ("planned", "ready") and entry not in station.agenda.over(NOW_MS):
            yield "%s would sound twice" % session
    if promises.plan is not None and not set(promises.plan) <= set(station.agenda.entries):
        yield "plan lost: %s" % list(station.agenda.entries)
    for digest in promises.stored:
        if digest in station.agenda.named_media() and not station.media.has(digest):
            yield "a stored file is gone"
    for digest in station.media.whole:
        if not whole(station, digest):
            yield "a wrong file"
    if promises.alarm and not station.media.has(ALARM):
        yield "the alarm is gone"
    for session in promises.stopped:
        deed = journal.deed(session)
        if deed is None or not deed.ended:
            yield "stop of %s forgotten" % session


async def afterwards(station, promises, act):
    """What was taken is not done again; what was broken off is done when it comes again; life goes on."""
    for topic, name in promises.done:
        last = agenda_of(station)
        await station._take(topic, bytes.fromhex(GIVEN["orders"][name]))
        if agenda_of(station) != last:
            return "%s was done twice" % name
    refused = station.orders.refused
    await station._take(PLAN_TOPIC, bytes.fromhex(GIVEN["orders"]["plan 0"]))
    if any(topic == PLAN_TOPIC for topic, _ in promises.done) and station.orders.refused != refused + 1:
        return "an old plan was taken"
    await act(station, promises)
    await plan(station, promises, "plan 9")
    note(station, promises, messages.REFUSED, "", why="x", count=1)
    return None


def agenda_of(station):
    return [(entry.session.id, entry.state) for entry in station.agenda.in_order()]


def prepared(before):
    """(image, promises) of a pole that has lived through `before`."""
    flash = Flash(BLOCKS)
    promises = Promises()
    flash.format()
    if before is not None:
        station = switch_on(flash)
        asyncio.run(before(station, promises))
        promises.boot = station.boot
    return bytes(flash.image), promises


def copied(promises):
    made = Promises()
    for name, value in promises.__dict__.items():
        setattr(made, name, type(value)(value) if isinstance(value, (list, set)) else value)
    return made


def once(image, promises, before, act, last, torn):
    """One life with a cut at operation `last`: (operations, what is wrong afterwards)."""
    flash = Flash(BLOCKS, image)
    try:
        if act is again:
            flash.mount()
            flash.arm(last, torn)
            switch_on(flash)
        else:
            station = switch_on(flash)
            promises.boot = station.boot
            flash.arm(last, torn)
            asyncio.run(act(station, promises))
    except DEVICE_ERRORS:
        if not flash.dead:
            raise
    operations = flash.operations
    flash = Flash(BLOCKS, flash.image)
    station = switch_on(flash)
    wrong = list(broken(station, promises))
    if not wrong and act is not again:
        late = asyncio.run(afterwards(station, promises, rest_of(act)))
        promises.boot = station.boot
        wrong = [late] if late else list(broken(switch_on(flash), promises))
    return operations, wrong


def rest_of(act):
    """What is tried again after the cut: all but a session, which goes on in another way."""
    return nothing if act is sounding else act


def main():
    told = {}
    wrong = []
    for name, before, act in STORIES:
        image, promises = prepared(before)
        total, _ = once(image, copied(promises), before, act, None, False)
        for torn in (False, True)[: int(sys.argv[4])]:
            for last in range(total):
                _, found = once(image, copied(promises), before, act, last, torn)
                wrong += ["%s, cut at %d%s: %s" % (name, last, " torn" if torn else "", one) for one in found]
        told[name] = total
        gc.collect()
    print(json.dumps({"operations": told, "wrong": wrong}))


main()
