"""Programs and core images for virtual poles: all the modules as they are, but that they are hasty and for one line."""

from simulator import runtime

STATION = "firmware/app/station.py"
FIRMWARE = 'FIRMWARE = "0.1"'
HASTY = {"firmware/app/update.py": ("LOOK_S = 10\n", "LOOK_S = 1\n")}  # looks more often for what is to be done


def image(arch: str, new: str = FIRMWARE, old: str = FIRMWARE, name: str = STATION) -> bytes:
    """An image for a machine with `new` in place of `old` in the file `name`."""
    texts = runtime.pole_texts()
    for path, (was, becomes) in {**HASTY, name: (old, new)}.items():
        assert was in texts[path]
        texts[path] = texts[path].replace(was, becomes)
    return runtime.image(runtime.shrunk(texts), arch)
