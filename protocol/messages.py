"""The words that both sides agree on. Units are in the names; instants are Unix milliseconds (`*_at_ms`)."""

from protocol.felt import EVENTS, MAX_HORNS, Check, Telemetry  # noqa: F401 - for others
from protocol.schema import FLAG, NAME, NUMBER, REQUIRED, WORDS, Choice, Hex, Int, Many, Message, One, Text

CHUNK_BYTES = 65536  # media travels and is checked in pieces of this size
BLOCK_BYTES = 512  # one IMA-ADPCM block …
BLOCK_FRAMES = 1017  # … holds this many samples, more than a block of any other codec
IMA = "ima"
MULAW = "mulaw"
PCM = "pcm"
CODECS = {IMA: (BLOCK_BYTES, BLOCK_FRAMES), MULAW: (512, 512), PCM: (1024, 512)}  # bytes and samples of a block
RATE = 16000  # samples a second, mono

MAX_SESSIONS = 64
MAX_ITEMS = 16
MAX_RULES = 8
MAX_POLES = 160
MAX_DAY_PARTS = 8
MAX_PAUSE_MS = 10 * 60 * 1000
JOURNAL_BYTES = 6  # of a journal's name: drawn at random, so that no pole ever draws one twice

ID = Text(40, 1)
COUNT = Int(1)
INSTANT = NUMBER
MINUTE = Int(0, 1439)
HALF_DB = Int(-120, 0)
DIGEST = Hex(32)
JOURNAL = Hex(JOURNAL_BYTES)
POLES = Many(NAME, MAX_POLES)


class Item(Message):
    """One piece of audio of a session. `media` is the SHA-256 of its list of chunk hashes; no `codec` means IMA."""

    FIELDS = (
        ("media", DIGEST, REQUIRED),
        ("bytes", Int(BLOCK_BYTES, 1 << 28), REQUIRED),
        ("frames", Int(1, 1 << 28), REQUIRED),
        ("codec", Choice(tuple(CODECS)), None),
        ("pause_ms", Int(0, MAX_PAUSE_MS), None),  # silence behind it
    )


class Session(Message):
    """Buổi phát: one continuous block on air. No `poles` means every pole of the group."""

    FIELDS = (
        ("id", ID, REQUIRED),
        ("at_ms", INSTANT, REQUIRED),
        ("length_ms", Int(1, 24 * 3600 * 1000), REQUIRED),
        ("urgency", Int(0, 2), 0),
        ("volume_half_db", HALF_DB, 0),
        ("poles", POLES, []),
        ("items", Many(One(Item), MAX_ITEMS), REQUIRED),
        ("lifted", Many(Text(8, 1), 8), None),  # ids of rules that a directive lifts for this session (T-09)
    )


class Rules(Message):
    """What poles keep by themselves (promise 2). Minutes are of the local day; see `protocol.airtime`.

    No `poles` means every pole that no other rules of the plan name. `length_rule` is the id of the rule that sets
    the length; `suspended` clusters are silent (P-04).
    """

    FIELDS = (
        ("poles", POLES, []),
        ("quiet_from_minute", MINUTE, 21 * 60),
        ("quiet_to_minute", MINUTE, 5 * 60),
        ("max_session_seconds", Int(1, 24 * 3600), 15 * 60),
        ("length_rule", Text(16, 1), "T-05"),
        ("sessions_half_day", Int(0, 100), 1),
        ("suspended", FLAG, 0),
    )


class DayPart(Message):
    """From this minute of the local day on, until the next part: no session but an emergency is louder than this."""

    FIELDS = (("from_minute", MINUTE, REQUIRED), ("half_db", HALF_DB, REQUIRED))


class Plan(Message):
    """The whole agenda of a group; a newer version replaces the older one. Retained and sealed."""

    TYPE = "plan"
    LINES = "sessions"
    FIELDS = (
        ("version", COUNT, REQUIRED),
        ("rules", Many(One(Rules), MAX_RULES), REQUIRED),
        ("sessions", Many(One(Session), MAX_SESSIONS), []),
        ("day_parts", Many(One(DayPart), MAX_DAY_PARTS), None),
    )


class Stop(Message):
    """Ends a session on air, or keeps a planned one from starting."""

    TYPE = "stop"
    FIELDS = (("session", ID, REQUIRED), ("reason", Text(120), ""))


class Image(Message):
    """A program or core image, fetched like audio: `media` as in an Item."""

    FIELDS = (("media", DIGEST, REQUIRED), ("bytes", Int(1, 1 << 24), REQUIRED))


APP = "app"  # the program that a core image starts
CORE = "core"  # what the chip's bootloader starts: interpreter, drivers and the program for want of another


class Update(Message):
    """A new program or core image for poles. An older release is taken only with `downgrade` = 1. No `what` means APP;
    the two are numbered apart.
    """

    TYPE = "update"
    FIELDS = (
        ("release", Int(1, 1 << 30), REQUIRED),
        ("what", Choice((APP, CORE)), None),
        ("downgrade", FLAG, 0),
        ("image", One(Image), REQUIRED),
    )


ORDERS = {Plan.TYPE: Plan, Stop.TYPE: Stop, Update.TYPE: Update, Check.TYPE: Check}

# Which key may seal which order (promise 7: an emergency key can not seal a drill, nor the other way round).
ROLE_OF = {Plan.TYPE: "plan", Stop.TYPE: "plan", Update.TYPE: "update", Check.TYPE: "plan"}
ROLES = ("plan", "emergency", "drill", "update")

RECEIVED = "received"  # the plan that names the session is on the pole
READY = "ready"  # its audio is on the pole and checked
BEGUN = "begun"  # it will sound now: on flash before the first sample leaves, so that nothing airs twice
STARTED = "started"  # the first sample has left
FINISHED = "finished"  # the last sample has left
STOPPED = "stopped"  # ended early: order, law or fault
MISSED = "missed"  # its time went by without sound
REFUSED = "refused"  # the pole refused an order or a session; `rule` or `why` says what for
FAULT = "fault"  # something ended the pole's program: `why`; `count` times in a row
KINDS = (RECEIVED, READY, BEGUN, STARTED, FINISHED, STOPPED, MISSED, REFUSED, FAULT)


class Receipt(Message):
    """Biên nhận phát: what a pole saw itself do (promise 6). `seq` has no gaps within a `journal`: a pole that has lost
    its flash begins another one. `boot` counts starts of the pole.
    """

    FIELDS = (
        ("pole", NAME, REQUIRED),
        ("journal", JOURNAL, REQUIRED),
        ("seq", COUNT, REQUIRED),
        ("boot", NUMBER, 0),
        ("kind", Choice(KINDS + EVENTS), REQUIRED),
        ("at_ms", INSTANT, REQUIRED),
        ("session", WORDS, ""),
        ("version", NUMBER, None),  # received: of the plan
        ("first_at_us", NUMBER, None),  # begun, started: Unix µs at which the first frame leaves, by the pole's clock
        ("skipped_frames", NUMBER, None),  # begun, started late: frames of the programme left out
        ("frames", NUMBER, None),  # finished, stopped: frames that left since the start of the session
        ("underruns", NUMBER, None),  # finished, stopped: times that the sink ran dry
        ("rule", Text(16), None),  # refused: the rule's id
        ("why", Text(80), None),  # missed, stopped, refused, fault: one word or short phrase in English
        ("silent", Many(Int(1, MAX_ITEMS), MAX_ITEMS), None),  # finished, stopped: items of the session without a sound
        ("count", COUNT, None),  # refused: how often since the last such receipt; fault: in a row
        ("horn", Int(1, MAX_HORNS), None),  # horn_…: which one, from 1
        ("heard_permille", Int(0, 1000), None),  # finished, stopped, alarm_over: of the sound, what the pole felt
    )


class Ack(Message):
    """Head-end → pole: every receipt of this journal up to `upto` is stored; the pole may forget them."""

    FIELDS = (("pole", NAME, REQUIRED), ("journal", JOURNAL, REQUIRED), ("upto", NUMBER, REQUIRED))


class State(Message):
    """Retained on loa/p/<pole>/state; the last will is the same message with online = 0.

    `at_ms` is when the connection began: of two states the one of the later connection holds, and within a
    connection the later to arrive, except that nothing follows its last will.
    """

    FIELDS = (
        ("pole", NAME, REQUIRED),
        ("online", FLAG, REQUIRED),
        ("at_ms", INSTANT, REQUIRED),
        ("boot", NUMBER, 0),
        ("plan_version", NUMBER, 0),
        ("runtime", WORDS, ""),
        ("firmware", Text(24), ""),
        ("playing", WORDS, ""),
        ("stored", NUMBER, 0),  # media files that are whole and checked
        ("refused", NUMBER, 0),  # orders refused since the pole started
        ("why", Text(80), None),  # in safe mode: what ended the pole's program the last time
    )


class Key(Message):
    """One public key of the head-end. `modulus` is RSA-2048 with exponent 65537."""

    FIELDS = (
        ("kid", Int(1, 65535), REQUIRED),
        ("role", Choice(ROLES), REQUIRED),
        ("modulus", Hex(256), REQUIRED),
        ("from_ms", INSTANT, REQUIRED),
        ("to_ms", INSTANT, REQUIRED),
    )


class KeyList(Message):
    """What the offline root signs; a newer version replaces the older one."""

    TYPE = "keys"
    FIELDS = (("version", COUNT, REQUIRED), ("keys", Many(One(Key), 16), REQUIRED))
