"""Names of MQTT topics. No '.' in a level, nothing needs MQTT 5, so that any broker can carry them.

A stream is what a counter belongs to: "g/<group>" or "p/<pole>", also the audience (`to`) of a sealed
message.
"""

from protocol.schema import WireError, utf8

ROOT = "loa"
EVERYBODY = "all"

PLAN = "plan"
ORDER = "order"
ACK = "ack"
RECEIPT = "receipt"
STATE = "state"
TELEMETRY = "telemetry"


def check_name(name):
    """A pole or group name: 1–24 of a–z, 0–9 and '-'; anything else could reach another topic."""
    if type(name) is not str or not 1 <= len(name) <= 24:
        raise WireError("name of 1 to 24 characters expected")
    for byte in utf8(name, "name"):
        if not (97 <= byte <= 122 or 48 <= byte <= 57 or byte == 45):
            raise WireError("name: only a-z, 0-9 and '-'")
    return name


def group(name):
    """Stream of a group (a commune's code, or EVERYBODY)."""
    return "g/" + check_name(name)


def pole(name):
    """Stream of one pole."""
    return "p/" + check_name(name)


def topic(stream, leaf):
    """Full MQTT topic of a stream's leaf."""
    return ROOT + "/" + stream + "/" + leaf


def parse(text):
    """(stream, leaf) of a full topic, or WireError."""
    parts = text.split("/")
    if len(parts) != 4 or parts[0] != ROOT or parts[1] not in ("g", "p"):
        raise WireError("not a topic of this protocol")
    check_name(parts[2])
    return parts[1] + "/" + parts[2], parts[3]


def of_pole(pole_name, groups):
    """The topics that a pole reads: its own orders and acks, plans and orders of its groups."""
    read = [topic(pole(pole_name), ORDER), topic(pole(pole_name), ACK)]
    for name in groups:
        read.append(topic(group(name), PLAN))
        read.append(topic(group(name), ORDER))
    return read
