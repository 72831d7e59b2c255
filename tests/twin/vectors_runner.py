"""Runs the golden vectors on whatever interpreter it is started with; prints one line of JSON: what each came to."""

import json
import sys
import time

sys.path.insert(0, sys.argv[1])

from protocol import messages, receipt, schema, seal  # noqa: E402

FOLDER = sys.argv[1] + "/protocol/vectors/"


def load(name):
    with open(FOLDER + name) as file:
        return json.load(file)


def outcome(act):
    try:
        return act()
    except schema.WireError as why:
        return "WireError: " + str(why)


def canonical(kind, raw):
    return schema.encode(schema.decode(getattr(messages, kind), raw)).hex()


def run_messages(vectors):
    for group in ("right", "read", "wrong"):
        for case in vectors[group]:
            raw = bytes.fromhex(case["bytes"])
            yield outcome(lambda case=case, raw=raw: canonical(case["message"], raw))


def judge(case, vectors, keys):
    try:
        sealed = seal.unpack(bytes.fromhex(case["bytes"]))
        key = seal.known_key(keys, sealed.kid)
        seal.verify(sealed, int(key.modulus, 16))
        letter = seal.open_body(sealed)
        seal.key_for(keys, sealed.kid, letter.kind, vectors["now_ms"])
        new = seal.admit(letter, vectors["audiences"], vectors["now_ms"], case["last_seq"])
        return None if new else "duplicate"
    except seal.SealError as why:
        return why.word


def run_orders(vectors):
    keys = seal.open_keys(bytes.fromhex(vectors["keys"]), int(vectors["root"], 16), 0).keys
    for case in vectors["cases"]:
        yield judge(case, vectors, keys)


def run_receipts(vectors):
    key = bytes.fromhex(vectors["key"])
    for case in vectors["right"] + vectors["wrong"]:
        raw, purpose, kind = bytes.fromhex(case["bytes"]), case["purpose"].encode(), getattr(messages, case["message"])
        yield outcome(lambda: schema.encode(receipt.unpack(key, purpose, kind, raw)).hex())  # noqa: B023


def run_time(vectors):
    key, nonce = bytes.fromhex(vectors["key"]), bytes.fromhex(vectors["nonce"])
    yield receipt.ask_time(vectors["pole"], nonce).hex()
    yield receipt.tell_time(key, nonce, vectors["received_us"], vectors["sent_us"]).hex()
    yield [
        part if type(part) is int else part.hex() for part in receipt.read_time(key, bytes.fromhex(vectors["answer"]))
    ]
    for raw in vectors["wrong"]:
        yield outcome(lambda: str(receipt.read_time(key, bytes.fromhex(raw))))  # noqa: B023
    for raw in vectors["wrong_requests"]:
        yield outcome(lambda: str(receipt.read_ask(bytes.fromhex(raw))))  # noqa: B023


def verify_us(vectors):
    """The quickest of a few checks of a plan's seal, and the longest step of it."""
    keys = seal.open_keys(bytes.fromhex(vectors["keys"]), int(vectors["root"], 16), 0).keys
    raw = bytes.fromhex(vectors["cases"][0]["bytes"])
    whole, step = [], []
    for _ in range(5):
        sealed = seal.unpack(raw)
        begin = last = time.time_ns()
        steps = []
        for _ in seal.verify_steps(sealed, int(keys[0].modulus, 16)):
            now = time.time_ns()
            steps.append(now - last)
            last = now
        whole.append(time.time_ns() - begin)
        step.append(max(steps))
    return [min(whole) // 1000, min(step) // 1000]


print(
    json.dumps(
        {
            "messages": list(run_messages(load("messages.json"))),
            "orders": list(run_orders(load("orders.json"))),
            "receipts": list(run_receipts(load("receipts.json"))),
            "time": list(run_time(load("time.json"))),
            "verify_us": verify_us(load("orders.json")),
        }
    )
)
