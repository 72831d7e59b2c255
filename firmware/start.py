"""What the core image runs first: chooses the core and the program, starts it, and is left when there is none.

Frozen with a program of its own, which is the one before the first update. A slot's image is a ROM file system with
`firmware` and `protocol` in it; it takes the place of the frozen ones.
"""

import sys

from firmware.app.slots import CORES, Slots, file_of
from firmware.app.vault import Vault

CORE_RELEASE = 1  # of the core image that this file is frozen into; a new one has a higher number
AT = "/app"


def restart(files, core):
    """True when the chip has to start anew, because another core is to run. `core()` gives the contract's; it is not
    asked for where there never was another one.
    """
    if files.size(CORES) < 0:
        return False
    from firmware.app.cores import Cores

    return Cores(Vault(files), core()).choose()


def choose(files):
    """The slot to start: a name, "" for the frozen program, None for neither."""
    return Slots(Vault(files)).choose()


def mount(image):
    """Make the modules of a slot's image (a buffer) those that are imported from now on."""
    import vfs

    vfs.mount(vfs.VfsRom(image), AT)
    sys.path.insert(0, AT)
    forget()


def forget():
    """No module of ours is left from choosing."""
    for name in list(sys.modules):
        if name.split(".")[0] in ("firmware", "protocol"):
            del sys.modules[name]


def start(profile, files, core, read_line, write):
    """Until the program ends; the caller starts the pole anew. `profile()`: the enrolment bundle, for the console;
    `core`: the contract's, or None.
    """
    if core and files.size(CORES) < 0:
        core.confirm()  # as it was flashed by cable
    if core and restart(files, lambda: core):
        return
    slot = choose(files)
    if slot is None:
        from firmware import recovery

        recovery.run(profile(), files, read_line, write)
        return
    if slot:
        with files.open(file_of(slot), "rb") as file:
            mount(memoryview(file.read()))
    else:
        forget()
    __import__("firmware.main").main.main(CORE_RELEASE)
