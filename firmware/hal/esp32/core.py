"""The contract's `core` on an ESP32: its two partitions for core images, and the bootloader's record of them.

As the port has it (ports/esp32/esp32_partition.c): `set_boot` has the image checked by ESP-IDF before it is recorded;
all boards are built with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE, so an image that was set and not confirmed is started
once, and at the next reset the one before is.
"""

from esp32 import Partition

BLOCK_BYTES = 4096
BLOCK_COUNT, BLOCK_ERASE = 4, 6  # of the block protocol's ioctl


def place(release):
    """A Core, or None where the flash has room for one image only."""
    running = Partition(Partition.RUNNING)
    try:
        other = running.get_next_update()
    except OSError:
        return None
    return Core(release, running, other) if other.info() != running.info() else None


class Core:
    """Two partitions with names, the one that runs and the other one."""

    def __init__(self, release, running, other):
        self.release = release
        self._running = running
        self._other = other
        self.running = running.info()[4]
        self.spare = other.info()[4]
        self.blocks = other.ioctl(BLOCK_COUNT, 0)

    def read(self, at, buffer):
        """Of the other one; OSError."""
        self._other.readblocks(at // BLOCK_BYTES, buffer, at % BLOCK_BYTES)

    def erase(self, block):
        """Of the other one; OSError. What runs from flash stands still meanwhile."""
        self._other.ioctl(BLOCK_ERASE, block)

    def write(self, at, buffer):
        """To erased bytes of the other one; OSError."""
        self._other.writeblocks(at // BLOCK_BYTES, buffer, at % BLOCK_BYTES)

    def boot(self, name):
        """Start this one from the next reset on; OSError if it holds no image."""
        (self._running if name == self.running else self._other).set_boot()

    def confirm(self):
        """The running one stays; what can not be recorded now is so at the next start."""
        try:
            if Partition(Partition.BOOT).info()[4] != self.running:
                self._running.set_boot()  # the bootloader found no whole image where it was sent
            Partition.mark_app_valid_cancel_rollback()
        except OSError:
            self._first_record()

    def _first_record(self):
        """Flashed by cable: the bootloader's record is empty, and would know of no way back to this one."""
        try:
            self._running.set_boot()
            Partition.mark_app_valid_cancel_rollback()
        except OSError:
            pass
