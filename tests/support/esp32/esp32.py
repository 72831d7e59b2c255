"""Fake of the port's `esp32`: partitions in memory. Signatures: see machine.py."""

import errno

import wires

ESP_FAIL = -1


def raw_temperature():
    """Degrees Fahrenheit, of the plain chip."""
    return wires.chip.fahrenheit


class Partition:
    """A piece of the flash: programming clears bits, erasing sets those of a block."""

    BOOT, RUNNING = 0, 1
    TYPE_APP, TYPE_DATA = 0, 1

    def __init__(self, id, block_size=4096):
        boots = wires.chip.otadata[0] if wires.chip.otadata else "ota_0"
        self._label = {self.BOOT: boots, self.RUNNING: wires.chip.running}.get(id, id)
        if self._label not in wires.chip.partitions:
            raise OSError(errno.ENOENT)
        self._part = wires.chip.partitions[self._label]

    def info(self):
        """(type, subtype, address, size, label, encrypted)"""
        part = self._part
        return part.kind, part.subtype, part.address, len(part.bytes), self._label, False

    def readblocks(self, block_num, buf, offset=0):
        """From anywhere."""
        at = block_num * wires.BLOCK_BYTES + offset
        if at + len(buf) > len(self._part.bytes):
            raise OSError(errno.EINVAL)
        buf[:] = self._part.bytes[at : at + len(buf)]

    def writeblocks(self, block_num, buf, offset=None):
        """With an offset nothing is erased."""
        at = block_num * wires.BLOCK_BYTES + (offset or 0)
        if at + len(buf) > len(self._part.bytes):
            raise OSError(errno.EINVAL)
        if offset is None:
            self.ioctl(6, block_num)
        for i in range(len(buf)):
            self._part.bytes[at + i] &= buf[i]
        wires.chip.told.append(("flash", self._label, at, len(buf)))

    def ioctl(self, op, arg=None):
        """4: blocks; 5: their size; 6: erase one. The port wants both arguments."""
        if arg is None:
            raise TypeError("function takes 3 positional arguments but 2 were given")
        if op == 4:
            return len(self._part.bytes) // wires.BLOCK_BYTES
        if op == 5:
            return wires.BLOCK_BYTES
        if op == 6:
            at = arg * wires.BLOCK_BYTES
            self._part.bytes[at : at + wires.BLOCK_BYTES] = b"\xff" * wires.BLOCK_BYTES
            wires.chip.told.append(("erase", self._label, arg))
            return 0

    def get_next_update(self):
        """The app partition behind this one, or the first; this one where there is no other."""
        labels = [name for name in sorted(wires.chip.partitions) if wires.chip.partitions[name].subtype in (0x10, 0x11)]
        if not labels:
            raise OSError(errno.ENOENT)
        behind = [name for name in labels if name > self._label]
        return Partition((behind or labels)[0])

    def set_boot(self):
        """Checked first, as ESP-IDF does."""
        if self._part.bytes[0] != wires.IMAGE_BEGINS:
            raise OSError(-0x1503)
        wires.chip.otadata = [self._label, "new", wires.chip.running]

    @classmethod
    def mark_app_valid_cancel_rollback(cls):
        """ESP_FAIL where the bootloader's record is empty."""
        if wires.chip.otadata is None:
            raise OSError(-ESP_FAIL)
        wires.chip.otadata[1] = "valid"
