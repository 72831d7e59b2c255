"""Audio on a card (microSD). Records, plans and alarms stay on the chip's own flash: a card may fail, or be taken out.

The port's driver reads and writes whole sectors. Under littlefs it is given blocks of 16 KB, so that looking for free
ones in hours of audio takes moments, and whole sectors as the smallest piece.
"""

import errno
import os

import machine
import vfs

from firmware.hal.esp32.files import Files

AT = "/card"
SECTOR = 512
BLOCK = 16384
ON_CARD = "media/"
COPY_BYTES = 1024
PINS = ("sck", "miso", "mosi", "cs", "cmd", "cd", "wp")
COUNT, SIZE, ERASE = 4, 5, 6  # of a block device's ioctl


class Blocks:
    """What littlefs wants of a block device, on what the card's driver gives."""

    def __init__(self, card):
        """OSError when the slot is empty: the driver itself notices only when it is asked."""
        self._card = card
        sectors = card.ioctl(COUNT, 0)
        if sectors <= 0:
            raise OSError(errno.ENODEV)
        self._count = sectors * SECTOR // BLOCK

    def readblocks(self, block, buffer, offset=0):
        """0, or minus an error's number. `offset` and the buffer's size are multiples of a sector."""
        return _done(self._card.readblocks(self._sector(block, offset), buffer))

    def writeblocks(self, block, buffer, offset=0):
        """The same."""
        return _done(self._card.writeblocks(self._sector(block, offset), buffer))

    def _sector(self, block, offset):
        return (block * BLOCK + offset) // SECTOR

    def ioctl(self, what, argument):
        """How many blocks of which size; a card erases by itself."""
        if what == COUNT:
            return self._count
        if what == SIZE:
            return BLOCK
        return 0 if what == ERASE else None


def _done(good):
    """The driver says True or False, littlefs wants numbers."""
    return 0 if good else -errno.EIO


def mount(wiring):
    """The card, ready under AT; one without our file system is formatted. OSError without a card.

    `wiring`: {"slot": 2 or 3, "sck", "miso", "mosi", "cs": GPIO numbers} for one on SPI, {"slot": 1} for one on the
    chip's own pins for cards; what else machine.SDCard takes goes there as it is.
    """
    given = {name: machine.Pin(value) if name in PINS else value for name, value in wiring.items()}
    blocks = Blocks(machine.SDCard(**given))
    sectors = {"readsize": SECTOR, "progsize": SECTOR}
    try:
        vfs.mount(vfs.VfsLfs2(blocks, **sectors), AT)
    except OSError:
        vfs.VfsLfs2.mkfs(blocks, **sectors)
        vfs.mount(vfs.VfsLfs2(blocks, **sectors), AT)


class CardFiles(Files):
    """Audio on the card, all else in a folder of the chip's flash."""

    def __init__(self, folder):
        """The card is mounted."""
        Files.__init__(self, folder)
        try:
            os.mkdir(AT + "/media")
        except OSError:
            pass

    def _path(self, name):
        return AT + "/" + name if name.startswith(ON_CARD) else Files._path(self, name)

    def rename(self, old, new):
        """Also from the card to the flash: then the new one is whole before it has its name and the old one goes."""
        if old.startswith(ON_CARD) == new.startswith(ON_CARD):
            Files.rename(self, old, new)
            return
        buffer = bytearray(COPY_BYTES)
        with self.open(old, "rb") as source, self.open(new + ".new", "wb") as target:
            while True:
                got = source.readinto(buffer)
                if not got:
                    break
                target.write(memoryview(buffer)[:got])
            self.flush(target)
        Files.rename(self, new + ".new", new)
        self.remove(old)

    def free(self):
        """Bytes left for audio."""
        block, _, _, free = os.statvfs(AT)[:4]
        return block * free
