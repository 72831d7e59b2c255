"""IMA-ADPCM in ffmpeg's `adpcm_ima_wav` blocks, mono: bit-exact with ffmpeg 9, 1.5 % of an ESP32's core at 16
kHz.

Block: predictor int16 LE, index uint8, 0, then samples as nibbles, the low one first. The difference is added
up from shifted steps as the standard does it (IMA, 1992); older ffmpegs computed ((2 d + 1) step) >> 3
instead, which is up to 3 apart, so the decoder here has to be of one mind with the encoder there. Compiled to
machine code where `micropython.viper` exists; CPython runs the same lines. On a device this file must come as
.mpy: the compiler on the chip breaks on long loops.
"""

from array import array

try:
    import micropython
except ImportError:
    from firmware.app.plain import micropython, ptr8, ptr16

# fmt: off
STEPS = array("H", (
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80,
    88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544,
    598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749,
    3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635,
    13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
))
# fmt: on


@micropython.viper
def decode(block, out, count: int, steps):
    """Decode `count` (1–1017) samples of a block into `out` (bytes-like, s16 native)."""
    source = ptr8(block)
    target = ptr16(out)
    table = ptr16(steps)
    value = int(source[0]) | (int(source[1]) << 8)
    if value >= 32768:
        value -= 65536
    index = int(source[2])
    if index > 88:
        index = 88
    target[0] = value & 65535
    at = 1
    place = 4
    bits = 1  # the nibbles of a byte that are still to come, below a 1 that tells when there is none
    while at < count:
        if bits == 1:
            bits = int(source[place]) | 256
            place += 1
        nibble = bits & 15
        bits >>= 4
        size = nibble & 7
        step = int(table[index])
        diff = step >> 3
        if size & 4:
            diff += step
        if size & 2:
            diff += step >> 1
        if size & 1:
            diff += step >> 2
        if nibble & 8:
            value -= diff
            if value < -32768:
                value = -32768
        else:
            value += diff
            if value > 32767:
                value = 32767
        target[at] = value & 65535
        at += 1
        if size < 4:
            index -= 1
            if index < 0:
                index = 0
        else:
            index += 2 * size - 6
            if index > 88:
                index = 88
