"""A tone that climbs, made of whole numbers: what the silent test lets the horns sound.

On a device this file must come as .mpy, as codec_ima.
"""

try:
    import micropython
except ImportError:
    from firmware.app.plain import micropython, ptr8, ptr16

# 127 × sin(90° × i / 64)
# fmt: off
QUARTER = bytes((
    0, 3, 6, 9, 12, 16, 19, 22, 25, 28, 31, 34, 37, 40, 43, 46, 49, 51, 54, 57, 60, 63, 65, 68, 71, 73, 76, 78, 81,
    83, 85, 88, 90, 92, 94, 96, 98, 100, 102, 104, 106, 107, 109, 111, 112, 113, 115, 116, 117, 118, 120, 121, 122, 122,
    123, 124, 125, 125, 126, 126, 126, 127, 127, 127, 127,
))
# fmt: on
FIRST_STEP = 1229  # 300 Hz in 65536ths of a turn a sample: below, a horn of a street takes next to nothing
CLIMB_PERMILLE = 1081  # from one block to the next: 32 blocks climb to 3.4 kHz, where speech ends


@micropython.viper
def tone(out, count: int, phase: int, step: int, level: int, quarter) -> int:
    """Write `count` samples of a sine of amplitude `level`; the phase (0–65535) behind them."""
    target = ptr16(out)
    table = ptr8(quarter)
    at = 0
    while at < count:
        place = phase >> 8
        part = place & 63
        if place & 64:
            part = 64 - part
        value = int(table[part]) * level // 127
        if place & 128:
            value = 0 - value
        target[at] = value & 65535
        phase = (phase + step) & 65535
        at += 1
    return phase
