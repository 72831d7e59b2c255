"""Two places for the pole's program, and which of them to start: the new one three times at most, until it has proved
itself.

A slot is one file, an image whose digest (SPEC A-2) stands in the record; one that does not match is never started. The
record is one small file that is replaced whole, so each step has happened or has not.
"""

import hashlib

from firmware.app.vigil import CRASH
from protocol.messages import CHUNK_BYTES

RECORD = "slots"
CORES = "cores"  # the record of cores.py, here for those that only ask whether there is one
SLOTS = ("a", "b")
STARTS = 3  # of a program on trial
READ_BYTES = 1024


def file_of(slot):
    """Name of a slot's file."""
    return "slot-" + slot


def digest_of(files, name):
    """The name that a file has as media (A-2); "" when there is none."""
    if files.size(name) <= 0:
        return ""
    with files.open(name, "rb") as file:
        return digest(file.readinto, bytearray(READ_BYTES))


def digest(readinto, buffer):
    """SHA-256 of the list of the chunks' SHA-256. `readinto(buffer)`: bytes read, 0 at the end; the buffer's size
    divides a chunk's.
    """
    hashes = hashlib.sha256()
    while True:
        chunk = hashlib.sha256()
        left = CHUNK_BYTES
        while left:
            got = readinto(buffer)
            if not got:
                break
            chunk.update(memoryview(buffer)[:got])
            left -= got
        if left < CHUNK_BYTES:
            hashes.update(chunk.digest())
        if left:
            return hashes.digest().hex()


class Slots:
    """The record. `active` "" is the program that the core image brings along: there has been no update yet."""

    def __init__(self, vault):
        self._vault = vault
        known = vault.load_json(RECORD, {})
        self.active = known.get("active", "")
        self.trial = known.get("trial", "")
        self.starts = known.get("starts", 0)  # that the trial has left
        self.failed = known.get("failed", 0)  # release that did not prove itself
        self._held = known.get("held", {})  # slot → [release, digest]

    def release(self, slot):
        """The release in a slot, 0 when there is none."""
        return self._held[slot][0] if slot in self._held else 0

    def idle(self):
        """The slot for the next update: never the one that has proved itself."""
        return "b" if self.active == "a" else "a"

    def choose(self):
        """The slot to start now, None when none is whole ("" only before the first update). Counts trials on flash."""
        if self.trial:
            if self.starts > 0 and self._whole(self.trial):
                self.starts -= 1
                self._save()
                return self.trial
            self.failed = self.release(self.trial)
            # It is told like a crash; the crashes of the other program do not count for the one that comes back.
            self._vault.save_json(CRASH, ["release %d did not prove itself" % self.failed, 0, 0])
            self.trial = ""
            self._save()
        if self.active == "" or self._whole(self.active):
            return self.active
        other = self.idle()
        if self._whole(other):
            self.active = other
            self._save()
            return other
        return None

    def _whole(self, slot):
        return slot in self._held and digest_of(self._vault.files, file_of(slot)) == self._held[slot][1]

    def put(self, name, release, digest):
        """Take a checked file as the idle slot's, to be tried at the next start."""
        slot = self.idle()
        self._vault.save_json(CRASH, ["", 0, 1])  # those of another program
        self._vault.files.rename(name, file_of(slot))
        self._held[slot] = [release, digest]
        self.trial = slot
        self.starts = STARTS
        self._save()
        return slot

    def confirm(self):
        """The program on trial has proved itself."""
        self.active = self.trial
        self.trial = ""
        self._save()

    def _save(self):
        record = {"active": self.active, "trial": self.trial, "starts": self.starts, "failed": self.failed}
        record["held"] = self._held
        self._vault.save_json(RECORD, record)
