"""Starts a virtual pole out of a ROM image: `micropython rom.py IMAGE PROFILE_FOLDER`. IMAGE is the core that
simulator/bootloader.py has chosen.

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

ROM = "/rom"
SLOT = "/app"  # where firmware.start mounts a slot's image
GC_EVERY_BYTES = 4096  # from the first import on: what lives long lies close together then


def mapped(image):
    """The bytes of a file, mapped."""
    libc = ffi.open("libc.so.6")
    size = os.stat(image)[6]
    file = libc.func("i", "open", "si")(image, 0)
    place = libc.func("P", "mmap", "PLiiil")(0, size, 1, 2, file, 0)  # PROT_READ, MAP_PRIVATE
    return uctypes.bytearray_at(place, size)


def mount(image):
    """At ROM, and modules are taken from there only."""
    vfs.mount(vfs.VfsRom(mapped(image)), ROM)
    sys.path[:] = [ROM, ".frozen"]


def load(place, module):
    """A module of the image that is mounted at `place` (its table of modules: simulator/flat.py)."""
    with open(place + "/modules") as file:
        for line in file:
            known, name = line.split()
            if known == module:
                return __import__(name)
    raise ImportError(module)


def choose(folder):
    """Where the image of the program to start is mounted, "" when the chip has to start anew. As firmware.start has it;
    after recovery by cable it is chosen anew.
    """
    start = load(ROM, "firmware.start")
    files = load(ROM, "simulator.hal.files").Files(folder + "/data")
    if start.restart(files, lambda: load(ROM, "simulator.hal.core").place(folder)):
        return ""
    slot = start.choose(files)
    if slot is None:
        with open(folder + "/profile.json") as file:
            load(ROM, "firmware.recovery").run(json.load(file), files, sys.stdin.readline, sys.stdout.write)
        slot = start.choose(files)
    if not slot:
        return ROM
    start.mount(mapped(folder + "/data/" + start.file_of(slot)))
    return SLOT


def forget():
    """Nothing of what has chosen is left in the heap, nor in the way of the program that was chosen."""
    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", "").startswith(ROM + "/"):
            del sys.modules[name]
    gc.collect()


def main():
    """As a device does it: a core, and the program in the slot that is chosen or the one that came with the core."""
    gc.threshold(GC_EVERY_BYTES)
    mount(sys.argv[1])
    place = choose(sys.argv[2])
    forget()
    if place:  # else: whoever switched it on does so again
        load(place, "simulator.station").main()


if __name__ == "__main__":
    main()
