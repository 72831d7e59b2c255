"""Sounds the alarm that is stored on the pole, with nothing but a loudspeaker and flash: no plan, network or clock."""

import asyncio

from firmware.app.codec_ima import STEPS, decode
from firmware.app.volume import FULL_GAIN, scale
from protocol.messages import BLOCK_BYTES, BLOCK_FRAMES

ALARM = "keep/alarm"  # IMA blocks (SPEC A-1)


def never():
    """Nobody halts it."""
    return False


async def sound_alarm(files, speaker, ticks, pressed, gain=FULL_GAIN, halted=never, ear=None):
    """Sound it again and again while `pressed()`, at least once, unless `halted()`: how many frames were given away,
    0 when there is no stored alarm. speaker.Dry, OSError.
    """
    if files.size(ALARM) < BLOCK_BYTES:
        return 0
    listening = asyncio.create_task(ear.listen()) if ear else None
    speaker.open(ticks)
    first = speaker.next
    try:
        await speaker.silence(BLOCK_FRAMES // 2)
        speaker.loud()
        while True:
            await _once(files, speaker, gain, halted, ear)
            if halted() or not pressed():
                break
        frames = speaker.next - first
        last = speaker.next
        while speaker.left() < last and not halted():
            await speaker.silence(BLOCK_FRAMES // 2)
        speaker.mute()
        return frames
    finally:
        speaker.close()
        if listening:
            listening.cancel()


async def _once(files, speaker, gain, halted, ear):
    block = bytearray(BLOCK_BYTES)
    buffers = [bytearray(BLOCK_FRAMES * 2) for _ in range(2)]
    turn = 0
    with files.open(ALARM, "rb") as file:
        while file.readinto(block) == BLOCK_BYTES and not halted():
            await speaker.room()
            turn ^= 1
            decode(block, buffers[turn], BLOCK_FRAMES, STEPS)
            if gain != FULL_GAIN:
                scale(buffers[turn], BLOCK_FRAMES, gain, gain)
            speaker.write(buffers[turn])
            if ear:
                ear.given(buffers[turn], BLOCK_FRAMES)
