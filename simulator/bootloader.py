"""What a chip's bootloader does, for a virtual pole: which core image to start, by its own record `otadata`.

The pole was flashed with one image; later ones lie in its profile as `core-0` and `core-1` (simulator/hal/core.py). A
core that was set and is not confirmed is started once, at the next start the one before is; unless the profile's
world.json says `"rollback": false`, as of a bootloader that was built without.
"""

import json
from pathlib import Path

from simulator.romfs import HEADER

RECORD = "otadata"  # {"running", "boot", "state": "new" | "pending" | "valid", "back", "release"}
FLASHED = "core-0"


def choose(flashed: Path, folder: Path) -> Path:
    """The image to start for a profile, after the record of it was written."""
    world = _read(folder / "world.json", {})
    fresh = {"boot": FLASHED, "state": "valid", "back": FLASHED, "release": world.get("core_release", 1)}
    record = _read(folder / RECORD, fresh)
    state = record["state"]
    whole = record["boot"] == FLASHED or is_image(folder / record["boot"])
    if state == "pending" or not whole:
        record["boot"], state = record["back"], "valid"
    elif state == "new":
        state = "pending" if world.get("rollback", True) else "valid"
    record["state"], record["running"] = state, record["boot"]
    new = folder / f"{RECORD}.new"
    new.write_text(json.dumps(record))
    new.rename(folder / RECORD)
    later = folder / record["running"]
    return later if is_image(later) else flashed


def is_image(path: Path) -> bool:
    """Whether there is something that begins like an image."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(HEADER)) == HEADER


def _read(path: Path, default: dict) -> dict:
    return json.loads(path.read_text()) if path.is_file() else default
