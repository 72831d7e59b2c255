"""Sounds the alarm that is stored on the pole, with nothing but a loudspeaker and flash: no plan, network or clock."""

from firmware.app.codec_ima import STEPS, decode
from protocol.messages import BLOCK_BYTES, BLOCK_FRAMES

ALARM = "keep/alarm"  # IMA blocks (SPEC A-1)


async def sound_alarm(files, speaker, ticks, pressed):
    """Sound it again and again while `pressed()`, at least once; False when there is no stored alarm."""
    if files.size(ALARM) < BLOCK_BYTES:
        return False
    block = bytearray(BLOCK_BYTES)
    buffers = [bytearray(BLOCK_FRAMES * 2) for _ in range(2)]
    turn = 0
    speaker.open(ticks)
    try:
        await speaker.silence(BLOCK_FRAMES)
        speaker.loud()  # while zeros leave
        while True:
            with files.open(ALARM, "rb") as file:
                while file.readinto(block) == BLOCK_BYTES:
                    await speaker.room()
                    turn ^= 1
                    decode(block, buffers[turn], BLOCK_FRAMES, STEPS)
                    speaker.write(buffers[turn])
            if not pressed():
                break
        last = speaker.next
        while speaker.left() < last:
            await speaker.silence(BLOCK_FRAMES)
        speaker.mute()
    finally:
        speaker.close()
    return True
