"""Sounds one session at its instant, exactly once, as long as the law and the head-end let it.

The states are a table. The sink is opened early and fed with zeros, so that the first sample of the programme
leaves on its own frame; `begun` is on flash before that frame is given away, `started` is told once it has left.
Who comes late begins at the right second, and so does who had to give way to something more urgent.
Whatever is joined or cut in mid-programme fades; a programme's own first and last sample are the head-end's.
"""

from firmware.app.agenda import INTERRUPTED, SOUNDING
from firmware.app.air import Air
from firmware.app.pace import Pace
from firmware.app.programme import Programme, limit_of
from firmware.app.speaker import Dry
from firmware.app.volume import FADE_FRAMES, Fader, allowed_half_db, gain_of
from protocol import airtime, machine, messages
from protocol.urgency import EMERGENCY

LIFE = {
    "idle": {"open": "opening"},
    "opening": {"sound": "sounding", "lost": "idle", "end": "closing"},
    "sounding": {"fade": "fading", "lost": "idle", "end": "closing"},
    "fading": {"sound": "sounding", "lost": "idle", "end": "closing"},
    "closing": {"lost": "idle", "end": "idle"},
}

BLOCK_FRAMES = messages.BLOCK_FRAMES
MARGIN_FRAMES = 1600  # of zeros before the start, while `begun` goes to flash


class Player:
    """One speaker, one session at a time."""

    def __init__(self, speaker, clock, journal, media, report, stalls_audio, ceiling_half_db=0):
        self.state = "idle"
        self.session = None  # messages.Session on air
        self.speaker = speaker
        self.air = Air()
        self.ear = None  # firmware.app.ear.Ear, on a board that can feel what it sounds
        self._clock = clock
        self._journal = journal
        self._media = media
        self._report = report
        self._stalls_audio = stalls_audio
        self.ceiling_half_db = ceiling_half_db
        self._stop_why = None
        self._buffers = [bytearray((BLOCK_FRAMES + 1) * 2) for _ in range(2)]
        self._turn = 0

    def _step(self, event):
        self.state = machine.step(LIFE, self.state, event)

    @property
    def lead_ms(self):
        """How long before its instant a session has to be given to `play`."""
        return self.speaker.lead_ms

    def stop(self, session_id, why):
        """End the session on air with a fade; True if it was this one. INTERRUPTED ends it for now only."""
        if self.session is None or self.session.id != session_id:
            return False
        if self._stop_why in (None, INTERRUPTED):
            self._stop_why = why
        return True

    async def play(self, entry):
        """Sound an agenda entry (agenda.Entry) and leave it in its last state, or interrupted."""
        session = entry.session
        rule = airtime.refusal(entry.rules, session, self._journal.sounded())
        if rule:
            self._end(entry, "stop" if entry.state in (SOUNDING, INTERRUPTED) else "refuse", rule=rule)
            return
        self.session = session
        self._stop_why = None
        if self.ear:
            self.ear.begin()
        self._played = self._underruns = 0
        self._gain = gain_of(allowed_half_db(session, entry.day_parts, self.ceiling_half_db))
        self._pace = Pace(self.speaker, self._clock, session.at_ms)
        programme = Programme(self._media, session.items)
        limit = limit_of(session, entry.rules, programme.frames)
        try:
            await self._sound(entry, programme, limit)
        except OSError as why:
            self._stop_why = self._stop_why or "file: %s" % str(why)[:60]
        finally:
            programme.close()
            self.speaker.close()
            self.state = "idle"
            self.session = None
        self._settle(entry, programme, limit)

    def _settle(self, entry, programme, limit):
        """What has become of the session that was on air."""
        fields = {"frames": self._played, "underruns": self._underruns}
        if programme.silent:
            fields["silent"] = programme.silent
        if self.ear:
            fields.update(self.ear.fields())
        if self._stop_why == INTERRUPTED:
            if entry.state == SOUNDING:
                entry.step("interrupt")
        elif self._stop_why or (entry.state == SOUNDING and limit < programme.frames):
            self._end(entry, "stop", why=self._stop_why or "length", **fields)
        elif entry.state != SOUNDING:
            self._end(entry, "miss", why="late")
        else:
            self._end(entry, "finish", **fields)

    def _end(self, entry, event, **fields):
        entry.step(event)
        if event == "stop" and "why" not in fields:
            fields["why"] = "law"
        self._report.note(entry.state, entry.session.id, entry.session.urgency == EMERGENCY, **fields)

    async def _sound(self, entry, programme, limit):
        """Open, begin at the right frame; again, further on, when the sink ran dry."""
        self._started = False
        self._first = None  # the speaker's frame at which the session begins, until that has been told
        while True:
            self._step("open")
            self.speaker.open(self._clock.ticks)
            try:
                await self.speaker.silence(BLOCK_FRAMES // 2)  # at once, see Speaker
                enter = await self._begin(entry, limit)
                if enter is not None:
                    self.speaker.loud()
                    self._step("sound")
                    await self._stream(programme, enter, limit)
                self._step("end")
                await self._let_out()
                self._step("end")
                return
            except Dry:
                self._observe(True)
                self._underruns += 1
                self._step("lost")
                self.speaker.close()

    def _stopped(self):
        return self._stop_why

    async def _begin(self, entry, limit):
        """Zeros up to the first frame, `begun` on flash shortly before it; the frame to enter at, None if there is no
        more to sound.
        """
        ahead = -self._pace.late(0)
        pad = max(ahead, MARGIN_FRAMES)
        enter = pad - ahead
        if enter >= limit:
            return None
        await self.speaker.silence(pad - MARGIN_FRAMES, self._stopped)
        if self._stop_why:
            return None
        self._write_down(entry, enter)
        await self.speaker.silence(MARGIN_FRAMES, self._stopped)
        return None if self._stop_why else enter

    def _write_down(self, entry, enter):
        """`begun` is on flash when this returns, unless it was before: then the sink had to be opened anew."""
        if not self._started or self._first is not None:  # nothing has been heard yet
            self._first = self.speaker.next + MARGIN_FRAMES
            self._skipped = enter or None
        if not self._started:
            self._started = True
            again = entry.state == INTERRUPTED
            entry.step("resume" if again or entry.state == SOUNDING else "sound")
            self._note_first(messages.BEGUN, **({"why": INTERRUPTED} if again else {}))

    def _note_first(self, kind, **more):
        first_at_us = self._clock.unix_at(self.speaker.ticks_of(self._first))
        emergency = self.session.urgency == EMERGENCY
        self._report.note(
            kind, self.session.id, emergency, first_at_us=first_at_us, skipped_frames=self._skipped, **more
        )

    def _observe(self, over=False):
        """Tell `started` once the first frame has left, and never before: a receipt says what was seen.

        Where writing would disturb the sound, it is told when the sound is `over`.
        """
        if self._first is not None and self.speaker.left() > self._first and (over or not self._stalls_audio):
            self._note_first(messages.STARTED)
            self._first = None

    async def _stream(self, programme, at, limit):
        """The programme from frame `at` on, up to `limit` or a stop."""
        cut = limit if limit == programme.frames else max(0, limit - FADE_FRAMES)
        fader = Fader(0 if at else self._gain)  # no click when coming in late
        fader.to(self._gain)
        skip = programme.seek(at)
        while at < limit:
            await self.speaker.room()
            self._observe()
            if self._fading(fader, at, cut) and fader.silent:
                if self._stop_why or at >= cut:
                    return
                at = await self._realigned(at, limit)
                skip = programme.seek(at)
                fader.to(self._gain)
                self._step("sound")
                continue
            self._turn ^= 1
            out = self._buffers[self._turn]
            got = programme.read(out) - skip
            count = min(got, (cut if at < cut else limit) - at)
            if self.state == "fading":
                count = min(count, fader.left)
            if count <= 0:
                return
            fader.apply(memoryview(out)[skip * 2 :], count)
            end = skip + count
            self.speaker.write(memoryview(out)[skip * 2 : (end + self._pace.nudge(out, end, at)) * 2])
            if self.ear:
                self.ear.given(memoryview(out)[skip * 2 :], count)
            at += count
            self._played += count
            skip = programme.seek(at) if count < got and at < limit else 0

    def _fading(self, fader, at, cut):
        """True on the way to silence: at a stop, at the cap, and when the place in the programme is not the plan's."""
        if self.state == "sounding" and (self._stop_why or at >= cut or self._pace.astray(at)):
            fader.to(0)
            self._step("fade")
        return self.state == "fading"

    async def _realigned(self, at, limit):
        """The frame that the clock asks for; for one that is still to come, zeros until then."""
        late = self._pace.late(at)
        if not -limit < late < limit - at:
            self._stop_why = "clock"  # it was set to another time altogether
            return at
        if late < 0:
            await self.speaker.silence(-late, self._stopped)
            return at
        return at + late

    async def _let_out(self):
        """Zeros behind the last frame until it has left, and some more for the amplifier to fall silent in."""
        last = self.speaker.next
        while self.speaker.left() < last:
            await self.speaker.silence(BLOCK_FRAMES // 2)
            self._observe()
        self._observe(True)
        self.speaker.mute()
        await self.speaker.silence(BLOCK_FRAMES // 2)
