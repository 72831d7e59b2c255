"""What the core image runs first: chooses the program, starts it, and is left when there is none.

Frozen with a program of its own, which is the one before the first update. A slot's image is a ROM file system with
`firmware` and `protocol` in it; it takes the place of the frozen ones.
"""

import sys

from firmware.app.slots import Slots, file_of
from firmware.app.vault import Vault

AT = "/app"


def choose(files):
    """The slot to start: a name, "" for the frozen program, None for neither."""
    return Slots(Vault(files)).choose()


def mount(image):
    """Make the modules of a slot's image (a buffer) those that are imported from now on."""
    import vfs

    vfs.mount(vfs.VfsRom(image), AT)
    sys.path.insert(0, AT)
    for name in list(sys.modules):
        if name.split(".")[0] in ("firmware", "protocol"):
            del sys.modules[name]


def start(profile, files, read_line, write):
    """Until the program ends; the caller starts the pole anew."""
    slot = choose(files)
    if slot is None:
        from firmware import recovery

        recovery.run(profile, files, read_line, write)
        return
    if slot:
        with files.open(file_of(slot), "rb") as file:
            mount(memoryview(file.read()))
    __import__("firmware.main").main.main()
