"""Programs and core images for virtual poles: all the modules as they are, but for one line."""

from simulator import runtime

STATION = "firmware/app/station.py"
FIRMWARE = 'FIRMWARE = "0.1"'


def image(arch: str, new: str = FIRMWARE, old: str = FIRMWARE, name: str = STATION) -> bytes:
    """An image for a machine with `new` in place of `old` in the file `name`."""
    texts = runtime.pole_texts()
    assert old in texts[name]
    texts[name] = texts[name].replace(old, new)
    return runtime.image(runtime.shrunk(texts), arch)
