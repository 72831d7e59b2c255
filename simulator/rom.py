"""Starts a virtual pole out of a ROM image: `micropython rom.py IMAGE PROFILE_FOLDER`.

The image is mapped, not read: like an ESP32's flash it is no part of the heap, and all poles share the PC's
memory of it.
"""

import gc
import json
import os
import sys

import ffi
import uctypes
import vfs


def mapped(image):
    """The bytes of a file, mapped."""
    libc = ffi.open("libc.so.6")
    size = os.stat(image)[6]
    file = libc.func("i", "open", "si")(image, 0)
    place = libc.func("P", "mmap", "PLiiil")(0, size, 1, 2, file, 0)  # PROT_READ, MAP_PRIVATE
    return uctypes.bytearray_at(place, size)


def mount(image):
    """At /rom, and modules are taken from there only."""
    vfs.mount(vfs.VfsRom(mapped(image)), "/rom")
    sys.path[:] = ["/rom", ".frozen"]


def choose(folder):
    """Slot of the profile's flash to start, as firmware.start has it; after recovery by cable it is chosen anew."""
    from firmware import start
    from simulator.hal.files import Files

    files = Files(folder + "/data")
    slot = start.choose(files)
    if slot is None:
        from firmware import recovery

        with open(folder + "/profile.json") as file:
            recovery.run(json.load(file), files, sys.stdin.readline, sys.stdout.write)
        slot = start.choose(files)
    if slot:
        start.mount(mapped(folder + "/data/" + start.file_of(slot)))
    return slot


def main():
    """As a device's core image does it: the program in the slot that is chosen, or the one that came with the core."""
    mount(sys.argv[1])
    choose(sys.argv[2])
    for name in list(sys.modules):
        if name.split(".")[0] in ("firmware", "protocol", "simulator"):
            del sys.modules[name]
    gc.collect()  # nothing of what has chosen is left in the heap
    __import__("simulator.station").station.main()


if __name__ == "__main__":
    main()
