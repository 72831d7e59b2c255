"""Packets of MQTT 3.1.1 (OASIS, 2014), as far as a pole needs them; numbers of sections are the standard's."""

KEEPALIVE_S = 30  # the broker takes a pole for dead after 1.5 times this: silence shows within a minute

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = 0x10, 0x20, 0x30, 0x40, 0x82, 0x90
PINGREQ, PINGRESP, DISCONNECT = 0xC0, 0xD0, 0xE0


def packet(kind, body):
    """A whole packet: fixed header (2.2) and body."""
    size = len(body)
    head = bytearray([kind])
    while True:
        digit = size & 0x7F
        size >>= 7
        head.append(digit | 0x80 if size else digit)
        if not size:
            return bytes(head) + body


def text(value):
    """A length-prefixed string or byte string."""
    raw = value.encode() if isinstance(value, str) else value
    return len(raw).to_bytes(2, "big") + raw


def connect_packet(client, user, password, will):
    """CONNECT with clean_session = 0; `will` = (topic, bytes), retained, QoS 1."""
    flags = 0x2C  # will, its QoS 1, retained
    tail = text(client) + text(will[0]) + text(will[1])
    if user:
        flags |= 0xC0
        tail += text(user) + text(password)
    return packet(CONNECT, text("MQTT") + bytes([4, flags]) + KEEPALIVE_S.to_bytes(2, "big") + tail)
