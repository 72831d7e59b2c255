"""Sounds one session at its instant, exactly once, as long as the law and the head-end let it.

The states are a table. The sink is opened early and fed with zeros, so that the first sample of the programme
leaves on its own frame; `begun` is on flash before that frame is given away, `started` is told once it has left.
Who comes late begins at the right second.
"""

from firmware.app.codec_ima import FULL_GAIN, gain_of, scale
from firmware.app.programme import Programme
from firmware.app.speaker import Dry
from protocol import airtime, machine, messages
from protocol.urgency import EMERGENCY

LIFE = {
    "idle": {"open": "opening"},
    "opening": {"sound": "sounding", "lost": "idle", "end": "closing"},
    "sounding": {"lost": "idle", "end": "closing"},
    "closing": {"lost": "idle", "end": "idle"},
}

BLOCK_FRAMES = messages.BLOCK_FRAMES
MARGIN_FRAMES = 1600  # of zeros before the start, while `begun` goes to flash
RESYNC_FRAMES = 320  # 20 ms beside the plan is no drift: begin again at the right place
MOST_OVER_MS = 1000  # a file may be this much longer than its session: the length is rounded


class Astray(Exception):
    """The clock was set: what is being sent belongs to another instant."""


class Player:
    """One speaker, one session at a time."""

    def __init__(self, speaker, clock, journal, media, report, stalls_audio):
        self.state = "idle"
        self.session = None  # messages.Session on air
        self._speaker = speaker
        self._clock = clock
        self._journal = journal
        self._media = media
        self._report = report
        self._stalls_audio = stalls_audio
        self._stop_why = None
        self._buffers = [bytearray((BLOCK_FRAMES + 1) * 2) for _ in range(2)]
        self._zeros = bytearray(BLOCK_FRAMES * 2)
        self._turn = 0

    def _step(self, event):
        self.state = machine.step(LIFE, self.state, event)

    @property
    def lead_ms(self):
        """How long before its instant a session has to be given to `play`."""
        return self._speaker.lead_ms

    @property
    def frames_given(self):
        """Frames that the speaker has got since it opened: moves while a session is on air."""
        return self._speaker.next

    def stop(self, session_id, why):
        """End the session on air with a fade; True if it was this one."""
        if self.session is None or self.session.id != session_id:
            return False
        self._stop_why = why
        return True

    async def play(self, entry):
        """Sound an agenda entry (agenda.Entry) and leave it in its last state."""
        session = entry.session
        rule = airtime.refusal(entry.rules, session, self._journal.sounded())
        if rule:
            self._end(entry, "stop" if entry.state == "sounding" else "refuse", rule=rule)
            return
        self.session = session
        self._stop_why = None
        self._played = self._underruns = 0
        programme = Programme(self._media, session.items)
        limit = programme.frames
        if limit * 125 // 2 > (session.length_ms + MOST_OVER_MS) * 1000:
            limit = session.length_ms * 16
        try:
            await self._sound(entry, programme, limit)
        except OSError as why:
            self._stop_why = self._stop_why or "file: %s" % str(why)[:60]
        finally:
            programme.close()
            self._speaker.close()
            self.state = "idle"
            self.session = None
        if self._stop_why or (entry.state == "sounding" and limit < programme.frames):
            self._end(entry, "stop", why=self._stop_why or "length", frames=self._played, underruns=self._underruns)
        elif entry.state != "sounding":
            self._end(entry, "miss", why="late")
        else:
            self._end(entry, "finish", frames=self._played, underruns=self._underruns)

    def _end(self, entry, event, **fields):
        entry.step(event)
        if event == "stop" and "why" not in fields:
            fields["why"] = "law"
        self._report.note(entry.state, entry.session.id, entry.session.urgency == EMERGENCY, **fields)

    async def _sound(self, entry, programme, limit):
        """Open, begin at the right frame; again, further on, when the sink ran dry or the clock was set."""
        self._started = False
        self._first = None  # the speaker's frame at which the session begins, until that has been told
        while True:
            self._step("open")
            self._speaker.open(self._clock.ticks)
            try:
                await self._silence(BLOCK_FRAMES)  # at once, see Speaker
                enter = await self._begin(entry, limit)
                if enter is not None:
                    self._step("sound")
                    await self._stream(programme, enter, limit)
                self._step("end")
                await self._let_out()
                self._step("end")
                return
            except (Dry, Astray) as why:
                self._observe(True)
                self._underruns += 1 if isinstance(why, Dry) else 0
                self._step("lost")
                self._speaker.close()

    async def _begin(self, entry, limit):
        """Zeros up to the first frame, `begun` on flash shortly before it; the frame to enter at, None if there is no
        more to sound.
        """
        ahead = -self._ideal(self._speaker.next)
        pad = max(ahead, MARGIN_FRAMES)
        enter = pad - ahead
        if enter >= limit:
            return None
        await self._zeros_for(pad - MARGIN_FRAMES)
        if self._stop_why:
            return None
        self._write_down(entry, enter)
        await self._zeros_for(MARGIN_FRAMES)
        return None if self._stop_why else enter

    async def _zeros_for(self, frames):
        while frames > 0 and not self._stop_why:
            some = min(frames, BLOCK_FRAMES)
            await self._silence(some)
            frames -= some

    def _write_down(self, entry, enter):
        """`begun` is on flash when this returns, unless it was before: then the sink had to be opened anew."""
        if not self._started or self._first is not None:  # nothing has been heard yet
            self._first = self._speaker.next + MARGIN_FRAMES
            self._skipped = enter or None
        if not self._started:
            self._started = True
            entry.step("sound" if entry.state != "sounding" else "resume")
            self._note_first(messages.BEGUN)

    def _note_first(self, kind):
        first_at_us = self._clock.unix_at(self._speaker.ticks_of(self._first))
        emergency = self.session.urgency == EMERGENCY
        self._report.note(kind, self.session.id, emergency, first_at_us=first_at_us, skipped_frames=self._skipped)

    def _observe(self, over=False):
        """Tell `started` once the first frame has left, and never before: a receipt says what was seen.

        Where writing would disturb the sound, it is told when the sound is `over`.
        """
        if self._first is not None and self._speaker.left() > self._first and (over or not self._stalls_audio):
            self._note_first(messages.STARTED)
            self._first = None

    async def _stream(self, programme, at, limit):
        """The programme from frame `at` on, up to `limit` or a stop."""
        gain = gain_of(self.session.volume_half_db)
        start = gain if at == 0 else 0  # no click when coming in late
        skip = programme.seek(at)
        while at < limit:
            await self._speaker.room()
            self._observe()
            self._turn ^= 1
            out = self._buffers[self._turn]
            count = min(programme.read(out), skip + limit - at)
            if count <= skip:
                return
            cut = limit < programme.frames and at + count - skip == limit
            end = 0 if self._stop_why or cut else gain
            if start != FULL_GAIN or end != FULL_GAIN:
                scale(out, count, start, end)
            self._speaker.write(memoryview(out)[skip * 2 : (count + self._nudge(out, count, at)) * 2])
            at += count - skip
            self._played += count - skip
            start = gain
            skip = 0
            if end == 0:
                return

    def _nudge(self, out, count, at):
        """-1, 0 or 1: frames to leave out or to repeat so that the programme stays with the clock."""
        late = self._ideal(self._speaker.next) - at
        if abs(late) > RESYNC_FRAMES:
            raise Astray()
        if late > 1 and count > 1:
            return -1
        if late < -1:
            out[count * 2 : count * 2 + 2] = out[count * 2 - 2 : count * 2]
            return 1
        return 0

    def _ideal(self, frame):
        """The frame of the programme that ought to leave when frame `frame` of the speaker leaves."""
        early_us = self._clock.unix_at(self._speaker.ticks_of(frame)) - self.session.at_ms * 1000
        return (early_us * 2 + 62) // 125

    async def _silence(self, frames):
        await self._speaker.room()
        self._speaker.write(memoryview(self._zeros)[: frames * 2])

    async def _let_out(self):
        """Zeros behind the last frame until it has left."""
        last = self._speaker.next
        while self._speaker.left() < last:
            await self._silence(BLOCK_FRAMES)
            self._observe()
        self._observe(True)
