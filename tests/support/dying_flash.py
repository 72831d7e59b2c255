"""Flash in memory under the real littlefs, that dies at a chosen operation. MicroPython only.

After its death nothing of what is written arrives: the file system gets errors, and what was there stays for whoever
mounts it next.
"""

import os

import vfs

from firmware.hal.files import Files

BLOCK = 4096
EIO = 5
AT = "/flash"


class Flash:
    """A NOR flash: programming clears bits of erased bytes, erasing is by block."""

    def __init__(self, blocks, image=None):
        self.image = bytearray(image) if image else bytearray(b"\xff" * (BLOCK * blocks))
        self.operations = 0  # programmings and erasures so far
        self.last = None  # the operation at which it dies
        self.torn = False  # half of the last operation arrives

    def arm(self, last, torn):
        """Die at operation `last` from now on."""
        self.operations = 0
        self.last, self.torn = last, torn

    @property
    def dead(self):
        """True once the power is gone."""
        return self.last is not None and self.operations > self.last

    def readblocks(self, block, buffer, offset=0):
        if self.dead:
            return -EIO
        start = block * BLOCK + offset
        buffer[:] = memoryview(self.image)[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        return self._change(block * BLOCK + offset, memoryview(buffer))

    def _change(self, start, raw):
        self.operations += 1
        size = len(raw)
        if self.dead:
            if not self.torn or self.operations > self.last + 1:
                return -EIO
            size //= 2
        memoryview(self.image)[start : start + size] = raw[:size]
        return -EIO if self.dead else 0

    def ioctl(self, what, block):
        if what == 4:
            return len(self.image) // BLOCK
        if what == 5:
            return BLOCK
        if what == 6:
            return self._change(block * BLOCK, memoryview(ERASED))
        return 0

    def format(self):
        """An empty file system."""
        vfs.VfsLfs2.mkfs(self)

    def mount(self):
        """At AT, in place of what was there."""
        try:
            vfs.umount(AT)
        except OSError:
            pass
        vfs.mount(vfs.VfsLfs2(self), AT)


class FlashFiles(Files):
    """The contract's files on the flash that is mounted."""

    stalls_audio = True

    def free(self):
        size, _, _, free = os.statvfs(AT)[:4]
        return size * free


ERASED = b"\xff" * BLOCK
