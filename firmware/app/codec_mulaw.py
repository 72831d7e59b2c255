"""Mu-law (ITU-T G.711), one byte a sample: bit-exact with ffmpeg's `pcm_mulaw`, computed and not looked up.

A table of 512 bytes would have to lie in the heap. On a device this file must come as .mpy, as codec_ima.
"""

try:
    import micropython
except ImportError:
    from firmware.app.plain import micropython, ptr8, ptr16


@micropython.viper
def decode(block, out, count: int):
    """Decode the first `count` bytes of a block into `out` (bytes-like, s16 native)."""
    source = ptr8(block)
    target = ptr16(out)
    at = 0
    while at < count:
        code = int(source[at]) ^ 255  # all bits are sent inverted
        value = ((((code & 15) << 3) + 132) << ((code & 112) >> 4)) - 132
        if code & 128:
            value = 0 - value
        target[at] = value & 65535
        at += 1
