"""Makes `protocol/vectors/*.json` from the fixed test keys: `python -m tests.support.vectors`."""

from pathlib import Path

from protocol import messages, receipt, seal
from protocol.schema import Message, encode
from tests.support import keys

FOLDER = Path(__file__).resolve().parents[2] / "protocol" / "vectors"
NOW_MS = 1_760_000_000_000
POLE = "cum-loa-7"
JOURNAL = "0123456789ab"
AUDIENCES = ["p/cum-loa-7", "g/00070", "g/all"]
MEDIA = "0123456789abcdef" * 4


def told(**fields: object) -> messages.Receipt:
    """A receipt of our pole."""
    return messages.Receipt(pole=POLE, journal=JOURNAL, **fields)


def felt_samples() -> dict[str, Message]:
    """What a pole feels of itself."""
    return {
        "a horn is open": told(seq=6, boot=2, kind="horn_open", at_ms=NOW_MS, horn=2),
        "felt to the end": told(seq=7, kind="finished", at_ms=NOW_MS, session="s-1", frames=9, heard_permille=985),
        "check": messages.Check(what="horns"),
        "telemetry": messages.Telemetry(
            pole=POLE,
            at_ms=NOW_MS,
            boot=2,
            firmware="0.1",
            runtime="MicroPython 1.27.0",
            mains=0,
            battery_mv=12_300,
            battery_minutes=750,
            amp_ma=61,
            horns_ma=[0, 12],
            temperature_c=-3,
            cabinet_open=1,
            rssi_dbm=-71,
            uplink="4g",
            operator="Viettel",
            sim="4567",
            dial_dbm=-73,
            free_kb=60_000,
            clock="net",
            clock_age_s=20,
            clock_error_us=1_200,
            faults=["horn_open 2", "amp_dead"],
        ),
        "telemetry of a board without sensors": messages.Telemetry(pole=POLE, at_ms=NOW_MS, clock="rtc"),
    }


def samples() -> dict[str, Message]:
    """One message of each kind, with and without its optional fields."""
    item = messages.Item(media=MEDIA, bytes=1024, frames=2034)
    mulaw = messages.Item(media=MEDIA, bytes=512, frames=512, codec="mulaw", pause_ms=400)
    session = messages.Session(id="s-1", at_ms=NOW_MS, length_ms=1500, items=[item])
    full = messages.Session(
        id="buổi sáng",
        at_ms=NOW_MS,
        length_ms=900_000,
        urgency=1,
        volume_half_db=-12,
        poles=[POLE, "other"],
        items=[item, item],
        lifted=["T-05"],
    )
    set_aside = [messages.Rules(poles=[POLE], suspended=1), messages.Rules(sessions_half_day=2, length_rule="T-07")]
    return {
        "plan": messages.Plan(version=3, rules=[messages.Rules()], sessions=[session, full]),
        "empty plan": messages.Plan(version=1, rules=set_aside),
        "update": messages.Update(release=2, downgrade=1, image=messages.Image(media=MEDIA, bytes=69_004)),
        "update of a core": messages.Update(
            release=3, what=messages.CORE, image=messages.Image(media=MEDIA, bytes=1_700_000)
        ),
        "stop": messages.Stop(session="s-1", reason='văn bản "12/QĐ-UBND" \\ 😀'),
        "received": told(seq=1, kind="received", at_ms=NOW_MS, session="s-1", version=3),
        "begun": told(seq=2, boot=2, kind="begun", at_ms=NOW_MS - 500, session="s-1", first_at_us=NOW_MS * 1000),
        "started": told(
            seq=3,
            boot=2,
            kind="started",
            at_ms=NOW_MS,
            session="s-1",
            first_at_us=NOW_MS * 1000 + 17,
            skipped_frames=12,
        ),
        "refused": told(seq=4, kind="refused", at_ms=NOW_MS, why="seal", count=7),
        "ack": messages.Ack(pole=POLE, journal=JOURNAL, upto=4),
        "state": messages.State(pole=POLE, online=1, at_ms=NOW_MS, plan_version=3, runtime="MicroPython 1.25.0"),
        "plan with codecs, pauses and day parts": messages.Plan(
            version=4,
            rules=[messages.Rules()],
            sessions=[messages.Session(id="s-2", at_ms=NOW_MS, length_ms=2000, items=[item, mulaw])],
            day_parts=[messages.DayPart(from_minute=390, half_db=0), messages.DayPart(from_minute=1170, half_db=-12)],
        ),
        "finished with a silent item": told(
            seq=5, kind="finished", at_ms=NOW_MS, session="s-2", frames=2034, underruns=0, silent=[2]
        ),
        **felt_samples(),
        "biggest number": messages.Ack(pole=POLE, journal=JOURNAL, upto=1 << 53),
    }


WRONG = (
    ("no bytes", "Ack", b""),
    ("not an object", "Ack", b"[1]"),
    ("cut", "Ack", b'{"pole":"x","journal":"0123456789ab","upto":1'),
    ("not UTF-8", "Ack", b'{"pole":"\xff","journal":"0123456789ab","upto":1}'),
    ("missing field", "Ack", b'{"pole":"x","journal":"0123456789ab"}'),
    ("not hexadecimal", "Ack", b'{"pole":"x","journal":"0123456789AB","upto":1}'),
    ("boolean for a number", "Ack", b'{"pole":"x","journal":"0123456789ab","upto":true}'),
    ("float for a number", "Ack", b'{"pole":"x","journal":"0123456789ab","upto":1.5}'),
    ("number too big", "Ack", b'{"pole":"x","journal":"0123456789ab","upto":9007199254740993}'),
    ("number negative", "Ack", b'{"pole":"x","journal":"0123456789ab","upto":-1}'),
    ("text too long", "Ack", b'{"pole":"aaaaaaaaaaaaaaaaaaaaaaaaa","journal":"0123456789ab","upto":1}'),
    ("control character", "Stop", b'{"session":"a\\u0007b"}'),
    ("half a surrogate pair", "Stop", b'{"session":"\\ud800"}'),
    ("null for a required text", "Stop", b'{"session":null}'),
    ("unknown word", "Receipt", b'{"pole":"x","journal":"0123456789ab","seq":1,"kind":"heard","at_ms":1}'),
    ("list for a word", "Receipt", b'{"pole":"x","journal":"0123456789ab","seq":1,"kind":["started"],"at_ms":1}'),
    (
        "a horn too many",
        "Receipt",
        b'{"pole":"x","journal":"0123456789ab","seq":1,"kind":"horn_open","at_ms":1,"horn":9}',
    ),
    ("upper-case hexadecimal", "Item", b'{"media":"' + b"AB" * 32 + b'","bytes":512,"frames":1}'),
    ("object for a list", "Plan", b'{"version":1,"rules":[],"sessions":{}}'),
    (
        "wrong item deep inside",
        "Plan",
        b'{"version":1,"rules":[],"sessions":[{"id":"a","at_ms":1,"length_ms":0,"items":[]}]}',
    ),
)


def message_vectors() -> dict:
    """Of messages.json."""
    right = [
        {"name": name, "message": type(one).__name__, "bytes": encode(one).hex()} for name, one in samples().items()
    ]
    wider = b'{"upto":9,"later":[1,{"x":null}],"journal":"0123456789ab","pole":"x"}'
    lenient = [
        {
            "name": "unknown fields and another order",
            "message": "Ack",
            "bytes": wider.hex(),
            "canonical": b'{"pole":"x","journal":"0123456789ab","upto":9}'.hex(),
        }
    ]
    return {
        "right": right,
        "read": lenient,
        "wrong": [{"name": name, "message": kind, "bytes": raw.hex()} for name, kind, raw in WRONG],
    }


def sealed_nonsense(body: bytes) -> tuple:
    """What the right key has sealed although it is no order: refused after the seal, by what it says."""

    def with_body(raw: bytes) -> bytes:
        return keys.sign("plan", 1, raw)

    head, session, _ = body.split(b"\n")
    crowd = b"\n".join([head] + [session] * (messages.MAX_SESSIONS + 1))
    stop = seal.body(7, NOW_MS, NOW_MS + 1000, "g/00070", messages.Stop(session="s-1"))
    return (
        ("sealed, but not JSON", with_body(b"{]}"), 0, "body"),
        ("sealed, of an unknown type", with_body(body.replace(b'"plan"', b'"flash"')), 0, "body"),
        ("sealed, a plan whose last line is cut", with_body(body[:-1]), 0, "body"),
        ("sealed, a plan with an empty line", with_body(body + b"\n"), 0, "body"),
        ("sealed, more sessions than a plan may have", with_body(crowd), 0, "body"),
        ("sealed, a stop with a second line", with_body(stop + b"\n{}"), 0, "body"),
        ("sealed, with a float for a counter", with_body(body.replace(b'"seq":7', b'"seq":7.0')), 0, "body"),
        (
            "sealed, a list of keys as an order",
            keys.sign("plan", 1, seal.body(1, NOW_MS, NOW_MS + 1000, "g/00070", messages.KeyList(version=9, keys=[]))),
            0,
            "key",
        ),
    )


def order_vectors() -> dict:
    """Of orders.json."""
    stop, plan = messages.Stop(session="s-1"), samples()["plan"]
    good = keys.order("g/00070", 7, plan, NOW_MS)
    body = seal.body(7, NOW_MS, NOW_MS + 1000, "g/00070", plan)

    def flipped(at: int) -> bytes:
        return good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]

    cases = (
        ("a plan to a group", good, 0, None),
        ("a stop to the pole", keys.order("p/cum-loa-7", 1, stop, NOW_MS), 0, None),
        ("a check to the pole", keys.order("p/cum-loa-7", 1, messages.Check(what="battery"), NOW_MS), 0, None),
        ("a stop to everybody", keys.order("g/all", 1, stop, NOW_MS), 0, None),
        ("the same counter again", good, 7, "duplicate"),
        ("an older counter", good, 8, "replay"),
        ("one bit of the body", flipped(-5 % len(good)), 0, "seal"),
        ("one bit of the signature", flipped(100), 0, "seal"),
        ("one bit of the magic", flipped(0), 0, "format"),
        ("one bit of the length", flipped(4), 0, "format"),
        ("another kid", keys.order("g/00070", 7, plan, NOW_MS, kid=9), 0, "key"),
        ("a key that is not listed", keys.order("g/00070", 7, plan, NOW_MS, key="stranger"), 0, "seal"),
        ("a key of another role", keys.order("g/00070", 7, plan, NOW_MS, key="emergency", kid=2), 0, "key"),
        ("another group's", keys.order("g/00071", 7, plan, NOW_MS), 0, "audience"),
        ("another pole's", keys.order("p/other", 7, stop, NOW_MS), 0, "audience"),
        ("expired", keys.order("g/00070", 7, plan, NOW_MS - 10_000, lasts_ms=10_000), 0, "expired"),
        ("two minutes ahead", keys.order("g/00070", 7, plan, NOW_MS + 120_000), 0, None),
        ("more than two minutes ahead", keys.order("g/00070", 7, plan, NOW_MS + 120_001), 0, "future"),
        ("cut in the signature", good[:200], 0, "format"),
        ("cut in the body", good[:-1], 0, "seal"),
        ("nothing", b"", 0, "format"),
        ("without body", good[:262], 0, "format"),
        ("signature as large as the modulus", seal.pack(1, keys.modulus("plan").to_bytes(256, "big"), body), 0, "seal"),
        ("signature of zeros", seal.pack(1, bytes(256), body), 0, "seal"),
        *sealed_nonsense(body),
    )
    return {
        "now_ms": NOW_MS,
        "audiences": AUDIENCES,
        "root": f"{keys.modulus('root'):x}",
        "keys": keys.key_list().hex(),
        "cases": [{"name": name, "bytes": raw.hex(), "last_seq": last, "why": why} for name, raw, last, why in cases],
    }


def receipt_vectors() -> dict:
    """Of receipts.json."""
    key = keys.pole_key(POLE)
    by_name = samples()
    good = receipt.pack(key, receipt.RECEIPT, by_name["started"])
    right = [
        {"purpose": "receipt", "message": "Receipt", "bytes": good.hex()},
        {"purpose": "ack", "message": "Ack", "bytes": receipt.pack(key, receipt.ACK, by_name["ack"]).hex()},
        {"purpose": "state", "message": "State", "bytes": receipt.pack(key, receipt.STATE, by_name["state"]).hex()},
        {
            "purpose": "telemetry",
            "message": "Telemetry",
            "bytes": receipt.pack(key, receipt.TELEMETRY, by_name["telemetry"]).hex(),
        },
    ]
    for one in right:
        one["body"] = bytes.fromhex(one["bytes"])[34:].hex()
    wrong = [
        {"name": "another purpose", "purpose": "state", "message": "State", "bytes": good.hex()},
        {"name": "one bit", "purpose": "receipt", "message": "Receipt", "bytes": (good[:-1] + b"|").hex()},
        {
            "name": "another pole's key",
            "purpose": "ack",
            "message": "Ack",
            "bytes": receipt.pack(keys.pole_key("other"), receipt.ACK, by_name["ack"]).hex(),
        },
        {"name": "cut", "purpose": "receipt", "message": "Receipt", "bytes": good[:33].hex()},
    ]
    return {"key": key.hex(), "right": right, "wrong": wrong}


def time_vectors() -> dict:
    """Of time.json."""
    key, nonce = keys.pole_key(POLE), bytes(range(8))
    answer = receipt.tell_time(key, nonce, NOW_MS * 1000, NOW_MS * 1000 + 250)
    return {
        "key": key.hex(),
        "pole": POLE,
        "nonce": nonce.hex(),
        "request": receipt.ask_time(POLE, nonce).hex(),
        "answer": answer.hex(),
        "received_us": NOW_MS * 1000,
        "sent_us": NOW_MS * 1000 + 250,
        "wrong": [answer[:-1].hex(), (answer[:20] + b"\x01" + answer[21:]).hex(), "", b"LT1".hex()],
        "wrong_requests": ["", b"LT1\x05abc".hex(), b"LT9\x01a12345678".hex(), b"LT1\x01\xff12345678".hex()],
    }


def everything() -> dict[str, str]:
    """Text of each file by its name."""
    made = {
        "messages.json": message_vectors(),
        "orders.json": order_vectors(),
        "receipts.json": receipt_vectors(),
        "time.json": time_vectors(),
    }
    return {name: keys.dump(value) for name, value in made.items()}


if __name__ == "__main__":
    for file, text in everything().items():
        (FOLDER / file).write_text(text)
