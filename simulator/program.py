"""Builds the image of the pole's program for one of a board's two slots: `python -m simulator.program OUT`.

OUT is what a sealed update of a program names (SPEC.md U-1); its name as media and its size are printed as JSON. All
modules of `firmware` and `protocol`, shrunk (shrink.py) and compiled for the chip, in one ROM file system.
"""

import argparse
import io
import json
from pathlib import Path

from firmware.app.slots import READ_BYTES, digest
from simulator.runtime import ROOT, image
from simulator.shrink import shrink

PACKAGES = ("protocol", "firmware/app", "firmware/hal/esp32", "firmware/hal", "firmware")
OF_THE_CORE = ("firmware/boot.py", "firmware/manifest.py")
ARCH = "xtensawin"


def texts() -> dict[str, str]:
    """The program's files by name."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).glob("*.py"))]
    named = {str(path.relative_to(ROOT)): path.read_text() for path in paths}
    return {name: text for name, text in named.items() if name not in OF_THE_CORE}


def build(arch: str = ARCH) -> bytes:
    """The image for a machine (mpy-cross's name of it)."""
    return image(shrink(texts()), arch)


def media_of(raw: bytes) -> str:
    """The name that bytes have as media (A-2)."""
    return digest(io.BytesIO(raw).readinto, bytearray(READ_BYTES))


def main() -> None:
    """Entry of the command."""
    parser = argparse.ArgumentParser(description="Build the program for a board's slot.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--arch", default=ARCH, help="machine of mpy-cross (default: %(default)s)")
    arguments = parser.parse_args()
    raw = build(arguments.arch)
    arguments.out.write_bytes(raw)
    print(json.dumps({"media": media_of(raw), "bytes": len(raw)}))


if __name__ == "__main__":
    main()
