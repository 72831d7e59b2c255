"""What the pole remembers through power cuts: small files replaced whole, and one journal that is only added
to.

The journal is both the outbox of receipts and the record of what has sounded, so one append settles both:
there is no instant at which a session has sounded and the pole does not know it, or knows it and has not got
the receipt.
"""

import json

from protocol import messages
from protocol.schema import WireError, decode, encode

JOURNAL = "journal"
ACKED = "acked"
KEEP_MS = 9 * 24 * 3600 * 1000  # a plan reaches a week: what has sounded is remembered for longer
REMEMBER_MS = 2 * 24 * 3600 * 1000  # in memory, where no plan names it: a session that old is over anyway
COMPACT_LINES = 300
ENDED = (messages.FINISHED, messages.STOPPED, messages.MISSED, messages.REFUSED)
EMERGENCY_FLAG = b"e"
NORMAL_FLAG = b"n"
BLIND = 1  # in place of an instant: until the pole knows the time


class Vault:
    """Small files on the pole's flash."""

    def __init__(self, files):
        self.files = files

    def load(self, name):
        """The bytes of a file, or None."""
        if self.files.size(name) < 0:
            return None
        with self.files.open(name, "rb") as file:
            return file.read()

    def save(self, name, raw):
        """Replace a file whole: after a power cut there is the old one or the new one."""
        with self.files.open(name + ".new", "wb") as file:
            file.write(raw)
            self.files.flush(file)
        self.files.rename(name + ".new", name)

    def save_lines(self, name, records):
        """Replace a file whole by messages, one line each."""
        with self.files.open(name + ".new", "wb") as file:
            for record in records:
                file.write(encode(record))
                file.write(b"\n")
            self.files.flush(file)
        self.files.rename(name + ".new", name)

    def lines(self, name):
        """Each line of a file without its end; nothing when there is no file."""
        if self.files.size(name) >= 0:
            with self.files.open(name, "rb") as file:
                while True:
                    line = file.readline()
                    if not line:
                        return
                    yield line.rstrip(b"\n")

    def load_json(self, name, default):
        """The parsed file, or `default` when there is none or it is damaged."""
        raw = self.load(name)
        if raw is None:
            return default
        try:
            return json.loads(raw.decode())
        except (ValueError, UnicodeError):
            return default

    def save_json(self, name, value):
        """Replace a file by a JSON value."""
        self.save(name, json.dumps(value).encode())


class Deed:
    """What the journal knows of one session."""

    def __init__(self):
        self.announced = ""  # "received" or "ready": the last that was said of it before its time
        self.sounded = False
        self.ended = ""  # the receipt's kind that ended it
        self.emergency = False
        self.planned_ms = 0  # of a session that sounded
        self.last_ms = 0

    def take(self, receipt, emergency):
        """Add what a receipt says."""
        self.last_ms = receipt.at_ms
        if receipt.kind in (messages.BEGUN, messages.STARTED):
            self.sounded = True
            self.emergency = emergency
            self.planned_ms = (receipt.first_at_us - (receipt.skipped_frames or 0) * 125 // 2) // 1000
        elif receipt.kind in ENDED:
            self.ended = receipt.kind
        else:
            self.announced = receipt.kind


class Journal:
    """Receipts on flash, one line each: a flag, the receipt, a newline. A torn last line never happened.

    A journal has a name. Where its file is gone, nobody knows any more which numbers were given: it begins anew under
    another name, so that the head-end does not take new receipts for old ones. Such a pole does not know either what
    has sounded before: whatever should have begun by then, it does not begin (`forgot`).
    """

    def __init__(self, vault, random, lived=False):
        """`random(n)`: n unpredictable bytes; `lived`: this pole has been running before."""
        self._vault = vault
        self._files = vault.files
        self._blind_ms = 0  # what began before this instant may have sounded without being in the journal
        self.name, self.acked = self._names(random, lived)
        self.last_seq = self.acked
        self.deeds = {}
        self._lines = 0
        self._limit = COMPACT_LINES
        self._scan()

    def _names(self, random, lived):
        """(name, number of the last receipt that is acknowledged)"""
        name, acked, self._blind_ms = (self._vault.load_json(ACKED, ["", 0]) + [0])[:3]
        if self._files.size(JOURNAL) >= 0 and not name:
            with self._files.open(JOURNAL, "rb") as file:
                for told, _ in _lines_of(file):
                    if told is not None:
                        name = told.journal
                        break
        if self._files.size(JOURNAL) < 0 or not name:
            name, acked = random(messages.JOURNAL_BYTES).hex(), 0
            self._blind_ms = BLIND if lived else 0
            self._vault.save_json(ACKED, (name, acked, self._blind_ms))
            self._vault.save(JOURNAL, b"")  # last: a power cut before it only costs another name
        return name, acked

    def _scan(self):
        torn = False
        with self._files.open(JOURNAL, "rb") as file:
            for receipt, flag in _lines_of(file):
                if receipt is None:
                    torn = True
                    continue
                self._lines += 1
                self._note(receipt, flag == EMERGENCY_FLAG)
        if torn:
            self.compact(0, ())

    def _note(self, receipt, emergency):
        self.last_seq = max(self.last_seq, receipt.seq)
        if receipt.session:
            if receipt.session not in self.deeds:
                self.deeds[receipt.session] = Deed()
            self.deeds[receipt.session].take(receipt, emergency)

    def deed(self, session_id):
        """The Deed of a session, or None when the journal does not name it."""
        return self.deeds.get(session_id)

    def sounded(self):
        """[(session id, planned instant ms)] of what has sounded, emergencies left out (protocol.airtime)."""
        return [(one, deed.planned_ms) for one, deed in self.deeds.items() if deed.sounded and not deed.emergency]

    def append(self, receipt, emergency=False):
        """On flash when this returns."""
        line = (EMERGENCY_FLAG if emergency else NORMAL_FLAG) + encode(receipt) + b"\n"
        with self._files.open(JOURNAL, "ab") as file:
            file.write(line)
            self._files.flush(file)
        self._lines += 1
        self._note(receipt, emergency)

    def pending(self, most):
        """The oldest receipts that the head-end has not acknowledged, at most `most`."""
        found = []
        if self.acked >= self.last_seq:
            return found
        with self._files.open(JOURNAL, "rb") as file:
            for receipt, _ in _lines_of(file):
                if receipt is not None and receipt.seq > self.acked:
                    found.append(receipt)
                    if len(found) == most:
                        break
        return found

    def ack(self, upto):
        """The head-end has every receipt up to `upto`."""
        if self.acked < upto <= self.last_seq:
            self.acked = upto
            self._vault.save_json(ACKED, (self.name, upto, self._blind_ms))

    def see(self, now_ms):
        """The pole knows the time: from now on nothing sounds that the journal does not know."""
        if self._blind_ms == BLIND:
            self._blind_ms = now_ms
            self._vault.save_json(ACKED, (self.name, self.acked, now_ms))

    def forgot(self, session):
        """True if a messages.Session may have sounded although the journal knows nothing of it."""
        if session.at_ms >= self._blind_ms:
            return False
        deed = self.deeds.get(session.id)
        return deed is None or not (deed.sounded or deed.ended)

    def compact(self, now_ms, keep):
        """Forget acknowledged lines that are old and name no session of `keep`; with now_ms = 0 only torn
        ones.
        """
        kept = 0
        with self._files.open(JOURNAL + ".new", "wb") as new:
            with self._files.open(JOURNAL, "rb") as old:
                for receipt, flag in _lines_of(old):
                    if receipt is None or (receipt.seq <= self.acked and _old(receipt, now_ms, keep)):
                        continue
                    new.write(flag + encode(receipt) + b"\n")
                    kept += 1
            self._files.flush(new)
        self._files.rename(JOURNAL + ".new", JOURNAL)
        self._lines = kept
        self._limit = max(COMPACT_LINES, 2 * kept)

    def tidy(self, now_ms, keep):
        """Forget what is long over: from memory soon, from flash when the journal has grown long."""
        self.deeds = {i: d for i, d in self.deeds.items() if i in keep or d.last_ms > now_ms - REMEMBER_MS}
        if self._lines > self._limit:
            self.compact(now_ms, keep)


def _old(receipt, now_ms, keep):
    if receipt.session and receipt.session in keep:
        return False
    return not receipt.session or receipt.at_ms < now_ms - KEEP_MS


def _lines_of(file):
    """(receipt, flag) of each line; (None, None) for one that is torn."""
    while True:
        line = file.readline()
        if not line:
            return
        try:
            if line[-1:] != b"\n":
                raise WireError("torn")
            yield decode(messages.Receipt, line[1:-1]), line[:1]
        except WireError:
            yield None, None
