"""Many poles that tell at once: `python -m tests.support.burst PORT USER PASSWORD POLES RECEIPTS`, in a process.

Each pole sends RECEIPTS receipts, QoS 1, through one connection. Begins when it is sent a line, and prints "done" when
the broker has confirmed all.
"""

import sys

import paho.mqtt.client as paho

from tests.support import nouns
from tests.support.poles_tell import told


def main(port: int, user: str, password: str, poles: int, receipts: int) -> None:
    """Prepare everything, wait for the word, send."""
    messages = [
        told(nouns.receipt(seq, pole=f"pole-{pole}"))
        for seq in range(1, receipts + 1)
        for pole in range(poles)
    ]
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=user)
    client.username_pw_set(user, password)
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", port)
    client.loop_start()
    print("ready", flush=True)
    sys.stdin.readline()
    sent = [client.publish(topic, payload, 1) for topic, payload in messages]
    for one in sent:
        one.wait_for_publish()
    print("done", flush=True)
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
