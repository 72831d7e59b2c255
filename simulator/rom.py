"""Starts a virtual pole out of a ROM image: `micropython rom.py IMAGE PROFILE_FOLDER`.

The image is mapped, not read: like an ESP32's flash it is no part of the heap, and all poles share the PC's
memory of it.

This is the chip's bootloader too. IMAGE is the core that the pole was flashed with; later ones lie in the profile as
`core-0` and `core-1`. A core that was set and is not confirmed is started once; at the next start the one before is,
unless the profile's world.json says `"rollback": false`.
"""

import gc
import json
import os
import sys

import ffi
import uctypes
import vfs

HEADER = b"\xd2\xcd\x31"  # of an image (simulator/romfs.py)


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


def load(path, default):
    """A JSON file, or `default` where there is none."""
    try:
        with open(path) as file:
            return json.load(file)
    except OSError:
        return default


def is_image(path):
    """Whether there is something that begins like an image."""
    try:
        with open(path, "rb") as file:
            return file.read(len(HEADER)) == HEADER
    except OSError:
        return False


def bootloader(image, folder):
    """The image to start, after the record of it was written."""
    world = load(folder + "/world.json", {})
    fresh = {"boot": "core-0", "state": "valid", "back": "core-0", "release": world.get("core_release", 1)}
    record = load(folder + "/otadata", fresh)
    state = record["state"]
    flashed = record["boot"] == "core-0" or is_image(folder + "/" + record["boot"])
    if state == "pending" or not flashed:
        record["boot"], state = record["back"], "valid"
    elif state == "new":
        state = "pending" if world.get("rollback", True) else "valid"
    record["state"], record["running"] = state, record["boot"]
    with open(folder + "/otadata.new", "w") as file:
        json.dump(record, file)
    os.rename(folder + "/otadata.new", folder + "/otadata")
    path = folder + "/" + record["running"]
    return path if is_image(path) else image


def choose(folder):
    """False when the chip has to start anew. As firmware.start has it; after recovery by cable it is chosen anew."""
    from firmware import start
    from simulator.hal.core import place
    from simulator.hal.files import Files

    files = Files(folder + "/data")
    if start.another_core(files, place(folder)):
        return False
    slot = start.choose(files)
    if slot is None:
        from firmware import recovery

        recovery.run(load(folder + "/profile.json", None), files, sys.stdin.readline, sys.stdout.write)
        slot = start.choose(files)
    if slot:
        start.mount(mapped(folder + "/data/" + start.file_of(slot)))
    return True


def main():
    """As a device does it: a core, and the program in the slot that is chosen or the one that came with the core."""
    mount(bootloader(sys.argv[1], sys.argv[2]))
    if not choose(sys.argv[2]):
        return  # whoever switched it on does so again
    for name in list(sys.modules):
        if name.split(".")[0] in ("firmware", "protocol", "simulator"):
            del sys.modules[name]
    gc.collect()  # nothing of what has chosen is left in the heap
    __import__("simulator.station").station.main()


if __name__ == "__main__":
    main()
