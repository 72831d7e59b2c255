"""Two places for the core image, and which of them the chip starts: the new one three times at most, until it has
proved itself.

The bootloader reads its own record of which place to start (`hal.core`, contract.md). Where it goes back by itself
from a core that was never confirmed, the old core comes up between the starts of the new one and sends the chip there
again; where it does not, the new core counts by itself and gives up. Only the place that does not run is written to.
"""

import asyncio

from firmware.app.slots import CORES, digest
from firmware.app.vigil import CRASH

STARTS = 3  # of a core on trial
BLOCK_BYTES = 4096
PIECE_BYTES = 512  # a heap that has been in use for days may hold no free piece as large as a block
ERASED = b"\xff"
BLOCK_S = 0.02  # of rest between two blocks, for everybody else
LOOK_S = 10


class Cores:
    """The record. `core`: the contract's."""

    def __init__(self, vault, core):
        self._vault = vault
        self._core = core
        known = vault.load_json(CORES, {})
        self.trial = known.get("trial", "")  # the place whose core is on trial
        self._starts = known.get("starts", 0)  # that it has left
        self._sent = known.get("sent", 0)  # 1: the old core has counted the start that comes
        self.failed = known.get("failed", 0)  # release that did not prove itself
        self._held = known.get("held", {})  # place → [release, digest, bytes]

    @property
    def release(self):
        """Of the running core: what the order said that brought it, or what it was built as."""
        held = self._held.get(self._core.running, (0,))
        return max(held[0], self._core.release)

    @property
    def on_trial(self):
        """True while the running core has not proved itself."""
        return self.trial == self._core.running

    @property
    def room(self):
        """Bytes of a place."""
        return self._core.blocks * BLOCK_BYTES

    def choose(self):
        """True when the chip has to start anew, for another core than this one. Counts trials on flash. OSError."""
        if self.on_trial:
            return self._again()
        if self.trial and self._send():
            return True
        self._core.confirm()
        return False

    def _again(self):
        """In the core on trial: True when it has had its starts."""
        if self._sent or self._starts > 0:
            if not self._sent:
                self._starts -= 1
            self._sent = 0
            self._save()
            return False
        try:
            self._core.boot(self._core.spare)  # first: a power cut here costs nothing
        except OSError:
            self.confirm()  # there is nothing whole to go back to
            return False
        self._fail("did not prove itself")
        return True

    def _send(self):
        """In the old core: True when the chip is to start the other one (again)."""
        if self._starts <= 0 or not self._whole():
            self._fail("did not prove itself")
            return False
        self._starts -= 1
        self._sent = 1
        self._save()
        try:
            self._core.boot(self.trial)
        except OSError:
            self._fail("can not be started")
            return False
        return True

    def _fail(self, why):
        """It is told like a crash; the crashes of the other core do not count for this one."""
        self.failed = self._held[self.trial][0]
        self._vault.save_json(CRASH, ["core %d %s" % (self.failed, why), 0, 0])
        self.trial = ""
        self._save()

    def _whole(self):
        _, wanted, size = self._held[self.trial]
        return self._digest(size) == wanted

    def _digest(self, size):
        """Of what the idle place holds, read back."""
        at = 0

        def readinto(buffer):
            nonlocal at
            got = min(len(buffer), size - at)
            if got:
                self._core.read(at, buffer)
                at += got
            return got

        return digest(readinto, bytearray(PIECE_BYTES))

    async def write(self, file, size, pause):
        """Copy an image to the idle place; blocks that hold it already are left. `await pause()` behind each."""
        new, old = bytearray(PIECE_BYTES), bytearray(PIECE_BYTES)
        for start in range(0, size, BLOCK_BYTES):
            end = min(size, start + BLOCK_BYTES)
            if not self._holds(file, start, end, new, old):
                self._core.erase(start // BLOCK_BYTES)
                for at in _pieces(file, start, end, new):
                    self._core.write(at, new)
            await pause()

    def _holds(self, file, start, end, new, old):
        """True when these bytes of the file are in the idle place already."""
        for at in _pieces(file, start, end, new):
            self._core.read(at, old)
            if old != new:
                return False
        return True

    def put(self, release, media, size):
        """To be tried at the next start, if what was written reads back as it should: True."""
        place = self._core.spare
        self._held[place] = [release, media, size]
        self.trial = place
        if not self._whole():
            self.trial = ""
            self.failed = release
            self._save()
            return False
        self._vault.save_json(CRASH, ["", 0, 1])  # those of another core
        self._starts = STARTS
        self._sent = 0
        self._save()
        return True

    def confirm(self):
        """The core on trial has proved itself."""
        self._starts = max(1, self._starts)  # if the power goes between the two records, it may prove itself once more
        self._save()
        self._core.confirm()
        self.trial = ""
        self._save()

    def _save(self):
        record = {"trial": self.trial, "starts": self._starts, "sent": self._sent, "failed": self.failed}
        record["held"] = self._held
        self._vault.save_json(CORES, record)


def _pieces(file, start, end, piece):
    """Generator: `piece` filled with the file's bytes from each place that it yields; behind its end, erased ones."""
    file.seek(start)
    for at in range(start, end, PIECE_BYTES):
        got = file.readinto(piece)
        piece[got:] = ERASED * (PIECE_BYTES - got)
        yield at


async def install(cores, order, media, allowed):
    """Copy a fetched image to the idle place, and note that it is to be tried: True if it reads back.

    Minutes of erasing flash, interrupted while it is not `allowed()` (an emergency); what was written stands meanwhile.
    """

    async def pause():
        await asyncio.sleep(BLOCK_S)
        while not allowed():
            await asyncio.sleep(LOOK_S)

    with media.open(order.image.media) as file:
        await cores.write(file, order.image.bytes, pause)
    return cores.put(order.release, order.image.media, order.image.bytes)
