# Freezes the pole's program into a MicroPython image: make BOARD=… FROZEN_MANIFEST=<this file>.
# ruff: noqa: F821 - the build that reads it knows these names
include("$(MPY_DIR)/ports/esp32/boards/manifest.py")
package("protocol", base_path="..", opt=2)
package("firmware", base_path="..", opt=2)
module("boot.py", base_path=".")  # run before any file of the flash
