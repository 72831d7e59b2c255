"""A pole that only asks for the time: `python -m tests.support.pings PORT POLE KEY SHIFT_US`, from its own process.

Prints a JSON object with the round trips and the ways to the server, each sorted, of 1,000 pings, in µs.
"""

import json
import os
import socket
import sys
import time

from protocol.receipt import ask_time, read_time


def main(port: int, pole: str, key: bytes, shift_us: int) -> None:
    """Ping; the server's clock is `shift_us` ahead of ours."""
    round_trips, ways = [], []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(("127.0.0.1", port))
        line.settimeout(10)
        for _ in range(1000):
            nonce = os.urandom(8)
            left_us = time.time_ns() // 1000
            line.send(ask_time(pole, nonce))
            answer = line.recv(100)
            round_trips.append(time.time_ns() // 1000 - left_us)
            answered, received_us, _ = read_time(key, answer)
            assert answered == nonce
            ways.append(received_us - shift_us - left_us)
    print(json.dumps({"round_trips": sorted(round_trips), "ways": sorted(ways)}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], bytes.fromhex(sys.argv[3]), int(sys.argv[4]))
