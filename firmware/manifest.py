# Freezes the pole's program into a MicroPython image: make BOARD_DIR=…/firmware/boards/LOA_S3 (docs/firmware.md).
# ruff: noqa: F821 - the build that reads it knows these names
import os

include("$(MPY_DIR)/ports/esp32/boards/manifest.py")


def files(package):
    """What of a package runs on a board."""
    found = []
    for folder, _, names in os.walk(os.path.join("..", package)):
        below = os.path.relpath(folder, os.path.join("..", package))
        found += [os.path.normpath(os.path.join(below, name)) for name in names if name.endswith(".py")]
    return tuple(sorted(name for name in found if name not in ("boot.py", "manifest.py")))


package("protocol", files=files("protocol"), base_path="..", opt=2)
package("firmware", files=files("firmware"), base_path="..", opt=2)
module("boot.py", base_path=".", opt=2)  # at the top: it is run before any file of the flash
