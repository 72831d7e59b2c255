"""The contract's `core` in a profile folder: files in place of partitions. See simulator/bootloader.py."""

import json
import os

RECORD = "/otadata"  # {"running", "boot", "state", "back", "release"}
BLOCK_BYTES = 4096
BLOCKS = 256
PLACES = ("core-0", "core-1")
IMAGE_BEGINS = b"\xd2\xcd\x31"  # of what the bootloader can start (simulator/romfs.py)


def place(folder):
    """A Core, or None where no bootloader has started this process."""
    try:
        with open(folder + RECORD) as file:
            return Core(folder, json.load(file))
    except OSError:
        return None


class Core:
    """Two files, the one that runs (core-0 may be missing: it is what the process was started with) and the other."""

    blocks = BLOCKS

    def __init__(self, folder, record):
        self._folder = folder
        self._record = record
        self.running = record["running"]
        self.spare = PLACES[1 - PLACES.index(self.running)]
        self.release = record["release"]

    def read(self, at, buffer):
        """Of the other one; what was never written is erased."""
        got = 0
        try:
            with open(self._folder + "/" + self.spare, "rb") as file:
                file.seek(at)
                got = file.readinto(buffer)
        except OSError:
            pass
        buffer[got:] = b"\xff" * (len(buffer) - got)

    def erase(self, block):
        """Of the other one."""
        self.write(block * BLOCK_BYTES, b"\xff" * BLOCK_BYTES)

    def write(self, at, buffer):
        """To the other one."""
        name = self._folder + "/" + self.spare
        if not _exists(name):
            with open(name, "wb"):
                pass
        with open(name, "r+b") as file:
            file.seek(at)
            file.write(buffer)

    def boot(self, name):
        """As ESP-IDF: the image is looked at first."""
        if name != PLACES[0] or _exists(self._folder + "/" + name):
            with open(self._folder + "/" + name, "rb") as file:
                if file.read(len(IMAGE_BEGINS)) != IMAGE_BEGINS:
                    raise OSError("no image")
        self._save(boot=name, state="new", back=self.running)

    def confirm(self):
        """The running one stays."""
        if (self._record["boot"], self._record["state"]) != (self.running, "valid"):
            self._save(boot=self.running, state="valid")

    def _save(self, **changes):
        self._record.update(changes)
        with open(self._folder + RECORD + ".new", "w") as file:
            json.dump(self._record, file)
        os.rename(self._folder + RECORD + ".new", self._folder + RECORD)


def _exists(path):
    try:
        os.stat(path)
    except OSError:
        return False
    return True
