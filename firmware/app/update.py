"""Brings a new program or core image onto the pole: a sealed order names it, it is fetched like audio, and has ten
minutes to prove itself.

It is put in place and tried only far from any session and with power to spare. What does not prove itself is left after
three starts (slots.py, cores.py). One is on trial at a time.
"""

import asyncio

from firmware.app.slots import CORES
from protocol import messages
from protocol.schema import WireError, decode, encode

RELEASE = 1  # of the program that this file belongs to; a new one has a higher number
PENDING = "update"
FAR_MS = 30 * 60 * 1000  # no session nearer than this
CHARGE_PERMILLE = 400  # of the battery, when the mains are off
PROOF_S = 600
LOOK_S = 10
SETTLE_S = 0.3  # of the amplifier, after it was switched on


class Restart(Exception):
    """The pole's program ends so that another one begins; nothing is wrong."""


class Updater:
    """`station`: the pole, whose parts this looks at; `slots`: slots.Slots."""

    def __init__(self, station, slots, refuse):
        """`refuse(why, count)` makes a `refused` receipt."""
        self.turns = 0
        self._station = station
        self._vault = station.vault
        self._slots = slots
        self._refuse = refuse
        self._cores = None
        self._writing = None  # the order whose core is being copied
        if self._vault.files.size(CORES) >= 0:
            self.cores()
        self._pending = self._load()

    def cores(self):
        """cores.Cores, or None where there is no place for them; it takes no memory of a pole that never had one."""
        core = None if self._cores else self._station.hal.core
        if core:
            from firmware.app.cores import Cores

            self._cores = Cores(self._vault, core)
        return self._cores

    @property
    def release(self):
        """Of the running program."""
        slot = self._slots.trial or self._slots.active
        return self._slots.release(slot) or RELEASE

    def _load(self):
        raw = self._vault.load(PENDING)
        try:
            order = decode(messages.Update, raw) if raw else None
        except WireError:
            order = None  # damaged: it comes again
        # Done, or tried in vain: the same order is not begun anew.
        return None if order is None or self._wrong(order) or order.release == self._known(order)[0] else order

    def _known(self, order):
        """(release that runs, release that failed) of what the order is for."""
        if order.what != messages.CORE:
            return self.release, self._slots.failed
        return self._cores.release, self._cores.failed

    def offer(self, order):
        """Take a messages.Update: "" or the word why not."""
        why = self._wrong(order)
        if not why and order.release != self._known(order)[0]:
            self._vault.save(PENDING, encode(order))
            self._pending = order
        return why

    def _wrong(self, order):
        if order.what == messages.CORE:
            if not self.cores():
                return "no room"
            if order.image.bytes > self._cores.room:
                return "no room"
        elif not self._station.hal.slots:
            return "no room"
        release, failed = self._known(order)
        if order.release <= release and not order.downgrade:
            return "older"
        return "failed before" if order.release == failed else ""

    def wanted(self):
        """[image] that is still to be fetched, behind all audio."""
        order = self._pending
        return [order.image] if order and not self._station.media.has(order.image.media) else []

    def named(self):
        """Digests that must not be evicted."""
        return {one.image.media for one in (self._pending, self._writing) if one}

    def allowed(self):
        """True when the pole can be without sound for some minutes."""
        station = self._station
        if station.player.session or not powered(station.hal.box):
            return False
        now_ms = station.clock.now_ms()
        coming = station.agenda.next_ms(now_ms)
        return coming is None or coming - now_ms >= FAR_MS

    async def install(self):
        """Put the fetched image in place and end the program (Restart), if it is there and this is the time."""
        order = self._pending
        if not order or not self._station.media.has(order.image.media) or not self.allowed():
            return
        if order.what == messages.CORE:
            from firmware.app.cores import install

            self._writing = order
            put = await install(self._cores, order, self._station.media, self.allowed)
            self._writing = None
            if not put:
                self._refuse("update: core does not read back", 1)
                self._pending = None if self._pending is order else self._pending
                return
        else:
            media = order.image.media
            self._slots.put(self._station.media.give(media), order.release, media)
        raise Restart()

    async def proved(self):
        """True when everything works that a pole needs to be reached, to know the time and to be heard."""
        station = self._station
        if not station.link.up or station.clock.source != "net" or station.player.air.taken:
            return False
        async with station.player.air:
            return await can_sound(station.hal)

    async def run(self):
        """Prove the program if it is on trial, then look for the next one; Restart when it is time for either."""
        left = PROOF_S // LOOK_S
        while self._on_trial():
            self.turns += 1
            await asyncio.sleep(LOOK_S)
            left -= 1
            if await self.proved():
                self._on_trial().confirm()
                await self._station.report.tell_state()
            elif not left:
                raise Restart()
        while True:
            self.turns += 1
            await self.install()
            await asyncio.sleep(LOOK_S)

    def _on_trial(self):
        """Slots or Cores, while what they have started has not proved itself."""
        if self._slots.trial:
            return self._slots
        return self._cores if self._cores and self._cores.trial else None


def powered(box):
    """False when the pole lives on a battery (`box`: the contract's) that has not charge to spare."""
    if not box or box.mains() is not False or box.battery_mv() is None:
        return True
    from firmware.app.battery import charge_permille  # of poles with a box only

    return charge_permille(box.battery_mv()) >= CHARGE_PERMILLE


async def can_sound(hal):
    """True if the loudspeaker's driver starts and the amplifier, on and mute, draws current where that is measured."""
    try:
        hal.open_i2s().deinit()
        hal.amp(1)
        await asyncio.sleep(SETTLE_S)
        return not hal.box or hal.box.amp_ma() != 0
    except OSError:
        return False
    finally:
        hal.amp(0)
