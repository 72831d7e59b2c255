"""The one door through which orders reach a pole: nothing is parsed, let alone done, before its seal is
right.

format → key → seal → body → role → audience, validity, counter → counter on flash → act → "done" on flash.
Whatever fails is counted and told to the head-end, at most once a minute for each reason. An order that a power cut
broke off is acted on when it comes again (the broker has no acknowledgement of it); one that was done is not.
"""

import asyncio
import hashlib

from protocol import seal

COUNTERS = "counters"
FLOOR = "floor"  # in the file of counters: orders issued before this instant are refused
TELL_EVERY_MS = 60000
OPEN, DONE = 0, 1


class Orders:
    """Checks sealed orders and hands their contents on."""

    def __init__(self, keys, audiences, vault, clock, tell, seen_ms=0):
        """`keys`: list of messages.Key; `tell(why, count)` makes a `refused` receipt; `seen_ms`: the latest instant
        that this pole remembers, 0 for a new one.
        """
        self.refused = 0
        self.held = lambda one: one  # what the pole holds already, for a part of an order that equals it
        self._keys = keys
        self._audiences = audiences
        self._vault = vault
        self._clock = clock
        self._tell = tell
        self._counters = vault.load_json(COUNTERS, None)  # stream → [last counter, digest of its body, OPEN or DONE]
        if self._counters is None:
            # The counters are lost: whatever was issued before may have been done already. Plans come anew always.
            self._counters = {FLOOR: seen_ms}
            vault.save_json(COUNTERS, self._counters)
        self._silent = {}  # reason → [refusals not told yet, when the last was told]

    async def take(self, raw, act):
        """Check one order and give its letter to `act` (async); True if it was acted on."""
        try:
            letter, digest = await self._check(raw)
        except seal.SealError as refusal:
            self.refuse(refusal.word)
            return False
        if letter is None:
            return False
        self._count(letter, digest, OPEN)  # first: from here on nothing older gets in
        await act(letter)
        self._count(letter, digest, DONE)
        return True

    def _count(self, letter, digest, stage):
        counter = [letter.seq, digest, stage]
        if self._counters.get(letter.stream()) != counter:
            self._counters[letter.stream()] = counter
            self._vault.save_json(COUNTERS, self._counters)

    async def _check(self, raw):
        """(letter, digest of its body), or (None, None) for a harmless duplicate, or SealError."""
        sealed = seal.unpack(raw)
        key = seal.known_key(self._keys, sealed.kid)
        for _ in seal.verify_steps(sealed, int(key.modulus, 16)):
            await asyncio.sleep(0)
        letter = seal.open_body(sealed, self.held)
        now_ms = self._clock.now_ms()
        seal.key_for(self._keys, sealed.kid, letter.kind, now_ms)
        digest = hashlib.sha256(sealed.body).digest()[:8].hex()
        last_seq, last_digest, stage = self._counters.get(letter.stream(), (0, "", DONE))
        if seal.admit(letter, self._audiences, now_ms, last_seq) and letter.iat >= self._counters.get(FLOOR, 0):
            return letter, digest
        if digest != last_digest:
            raise seal.SealError("replay")
        return (letter, digest) if stage == OPEN else (None, None)

    def refuse(self, why):
        """Count something that was not taken, and tell it at most once a minute."""
        self.refused += 1
        state = self._silent.setdefault(why, [0, None])
        state[0] += 1
        now_ms = self._clock.now_ms()
        if state[1] is None or now_ms - state[1] >= TELL_EVERY_MS:
            count = state[0]
            self._silent[why] = [0, now_ms]
            self._tell(why, count)

    def tell_rest(self):
        """Tell refusals that were held back, once their minute is over."""
        now_ms = self._clock.now_ms()
        for why, state in list(self._silent.items()):
            if state[0] and now_ms - state[1] >= TELL_EVERY_MS:
                self._silent[why] = [0, now_ms]
                self._tell(why, state[0])


def open_key_list(vault, root_hex, sealed_hex):
    """The keys of the head-end out of the enrolment's list, or SealError. An older list than before is
    refused.
    """
    oldest = vault.load_json("keys", 0)
    listed = seal.open_keys(bytes.fromhex(sealed_hex), int(root_hex, 16), oldest)
    if listed.version > oldest:
        vault.save_json("keys", listed.version)
    return listed.keys
