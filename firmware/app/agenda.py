"""What the pole has to sound and when: the plans on flash, what each needs, and the state of each session as
a table.
"""

from protocol import airtime, machine, messages, urgency
from protocol.schema import WireError, decode
from protocol.urgency import EMERGENCY

SHORTEST_REST_MS = 1000  # less than this is not worth breaking into
PLAN_FILE = "plan-"

PLANNED = "planned"
READY = "ready"
SOUNDING = "sounding"
INTERRUPTED = "interrupted"  # by something more urgent: it goes on at the right second if there is time left
ON_AIR = (SOUNDING, INTERRUPTED)  # begun and not ended
OPEN = (PLANNED, READY, SOUNDING, INTERRUPTED)  # not ended

LIFE = {
    PLANNED: {"stored": READY, "miss": "missed", "refuse": "refused", "stop": "stopped"},
    READY: {"lost": PLANNED, "sound": SOUNDING, "miss": "missed", "refuse": "refused", "stop": "stopped"},
    SOUNDING: {"resume": SOUNDING, "interrupt": INTERRUPTED, "finish": "finished", "stop": "stopped"},
    INTERRUPTED: {"resume": SOUNDING, "stop": "stopped"},
}


class Entry:
    """One session of the agenda and its state."""

    def __init__(self, session, rules, state, day_parts=None):
        self.session = session
        self.day_parts = day_parts  # list of messages.DayPart
        self.rules = rules
        self.state = state

    def step(self, event):
        """Move along LIFE, or machine.IllegalEvent."""
        self.state = machine.step(LIFE, self.state, event)

    @property
    def end_ms(self):
        """Unix ms at which its time on air is over."""
        return self.session.at_ms + self.session.length_ms

    def over(self, now_ms):
        """True when it can not be begun any more."""
        return now_ms > self.end_ms - min(SHORTEST_REST_MS, self.session.length_ms // 2)


class Agenda:
    """Every session that concerns this pole, out of all plans of its groups."""

    def __init__(self, pole, vault, journal, media):
        self._pole = pole
        self._vault = vault
        self._journal = journal
        self._media = media  # whether a file is whole: media(digest) → bool
        self.plans = {}  # stream → messages.Plan
        self.entries = {}  # session id → Entry

    def load(self, streams):
        """Read the plans from flash after a start."""
        for stream in streams:
            try:
                plan = self._read(stream)
            except WireError:
                continue  # it will come again: plans are retained
            if plan is not None:
                self.plans[stream] = plan
        self._renew()

    def _read(self, stream):
        plan, sessions = None, []
        for line in self._vault.lines(_file(stream)):
            if plan is None:
                plan = decode(messages.Plan, line)
                plan.sessions = sessions
            else:
                sessions.append(decode(messages.Session, line))
        return plan

    def _write(self, stream, plan):
        """One line for the plan, one for each session: never the whole text in memory."""
        head = messages.Plan(version=plan.version, rules=plan.rules, day_parts=plan.day_parts)
        self._vault.save_lines(_file(stream), [head] + list(plan.sessions))

    def held(self, session):
        """The equal session that is in memory already, or this one: a plan that comes again takes no room."""
        entry = self.entries.get(session.id)
        return entry.session if entry is not None and entry.session == session else session

    def accept(self, stream, plan):
        """Take a new plan of a stream; the sessions that are new or changed and not over yet told of, in order."""
        before = self.entries
        self._write(stream, plan)
        self.plans[stream] = plan
        self._renew()
        found = []
        for entry in self.in_order():
            old = before.get(entry.session.id)
            if entry.state in (PLANNED, READY) and (old is None or old.session != entry.session):
                found.append(entry.session)
        return found

    def version(self):
        """The highest version among the plans held, 0 without any."""
        return max([plan.version for plan in self.plans.values()] + [0])

    def rules(self):
        """[messages.Rules] that bind this pole, one of each plan that has such."""
        found = [airtime.rules_for(plan.rules, self._pole) for plan in self.plans.values()]
        return [one for one in found if one is not None]

    def set_aside(self):
        """True where some plan has this pole keep silent whatever happens (P-04)."""
        return any(one.suspended for one in self.rules())

    def _renew(self):
        old = self.entries
        self.entries = {}
        for stream in sorted(self.plans):
            plan = self.plans[stream]
            rules = airtime.rules_for(plan.rules, self._pole)
            for session in plan.sessions:
                if session.id in self.entries or (session.poles and self._pole not in session.poles):
                    continue
                self.entries[session.id] = self._entry(session, rules, plan, old.get(session.id))
        for one, entry in old.items():
            if one not in self.entries and entry.state in ON_AIR:
                self.entries[one] = entry  # a plan that looks ahead no longer names it: only a stop ends it

    def _entry(self, session, rules, plan, known):
        if known is not None and known.state in ON_AIR:
            return known  # what is on air is not changed under way
        state = PLANNED
        deed = self._journal.deed(session.id)
        if deed is not None and deed.ended:
            state = deed.ended
        elif deed is not None and deed.sounded:
            state = SOUNDING
        entry = Entry(session, rules, state, plan.day_parts)
        if state == PLANNED and self.stored(session):
            entry.step("stored")
        return entry

    def stored(self, session):
        """True if all its audio is on the pole and checked."""
        return all(self._media(item.media) for item in session.items)

    def renew_media(self):
        """Look again at what is stored; the sessions that became ready."""
        found = []
        for entry in self.in_order():
            if entry.state == PLANNED and self.stored(entry.session):
                entry.step("stored")
                found.append(entry.session)
            elif entry.state == READY and not self.stored(entry.session):
                entry.step("lost")
        return found

    def in_order(self):
        """Entries by their instant."""
        return _in_order(self.entries.values())

    def due(self, now_ms, lead_ms):
        """The entry to sound now (its speaker has to open within `lead_ms`), or None. Emergencies first, then what
        has begun already, then the more urgent one.
        """
        may = [
            entry
            for entry in self.entries.values()
            if entry.state in (READY, SOUNDING, INTERRUPTED)
            and entry.session.at_ms - lead_ms <= now_ms
            and not entry.over(now_ms)
        ]
        return max(_in_order(may), key=_rank) if may else None

    def breaks_in_ms(self, playing, now_ms, lead_ms):
        """In how many ms a session breaks into the one on air (`playing`), 0 for now, None without any."""
        waits = [
            max(0, entry.session.at_ms - lead_ms - now_ms)
            for entry in self.entries.values()
            if entry.state == READY
            and not entry.over(now_ms)
            and urgency.interrupts(entry.session.urgency, playing.urgency)
        ]
        return min(waits) if waits else None

    def next_ms(self, now_ms):
        """The next instant at which something changes by itself, or None."""
        instants = []
        for entry in self.entries.values():
            if entry.state in OPEN:
                instants.append(entry.session.at_ms if entry.session.at_ms > now_ms else entry.end_ms)
        return min(instants) if instants else None

    def over(self, now_ms):
        """Entries that nothing has ended and that can not be begun any more."""
        left = [e for e in self.entries.values() if e.state in OPEN]
        return _in_order([e for e in left if e.over(now_ms) or self._journal.forgot(e.session)])

    def wanted(self, now_ms):
        """Items still to fetch, the soonest needed first: [messages.Item]."""
        found = []
        seen = set()
        for entry in self.in_order():
            if entry.state != PLANNED or entry.over(now_ms):
                continue
            for item in entry.session.items:
                if item.media not in seen and not self._media(item.media):
                    seen.add(item.media)
                    found.append(item)
        return found

    def named_media(self):
        """Digests that some session still needs."""
        needed = set()
        for entry in self.entries.values():
            if entry.state in OPEN:
                needed.update([item.media for item in entry.session.items])
        return needed


def _in_order(entries):
    """By their instant. Most often nothing is due: what is few is sorted, as keys are garbage in a small heap."""
    return sorted(entries, key=lambda entry: (entry.session.at_ms, entry.session.id))


def _file(stream):
    return PLAN_FILE + stream.replace("/", "-")


def _rank(entry):
    urgency = entry.session.urgency
    return (4 if urgency == EMERGENCY else 0) + (2 if entry.state in ON_AIR else 0) + min(urgency, 1)
