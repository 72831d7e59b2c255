"""Starts a virtual pole out of a ROM image: `micropython rom.py IMAGE PROFILE_FOLDER`.

The image is mapped, not read: like an ESP32's flash it is no part of the heap, and all poles share the PC's
memory of it.
"""

import os
import sys

import ffi
import uctypes
import vfs

libc = ffi.open("libc.so.6")
size = os.stat(sys.argv[1])[6]
file = libc.func("i", "open", "si")(sys.argv[1], 0)
place = libc.func("P", "mmap", "PLiiil")(0, size, 1, 2, file, 0)  # PROT_READ, MAP_PRIVATE
vfs.mount(vfs.VfsRom(uctypes.bytearray_at(place, size)), "/rom")
sys.path[:] = ["/rom", ".frozen"]
__import__("simulator.station").station.main()
