"""One bulletin from two presses to proof: Mosquitto with TLS, a head-end process, six MicroPython poles, all real."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from headend.domain.person import Role
from headend.domain.session import SessionState
from headend.domain.times import to_ms
from headend.ports import Outgoing
from protocol import messages, seal, topics
from simulator.demo import broadcast, city
from simulator.runtime import find_runtime
from tests.support import staging

POLES = 6


@pytest.fixture(scope="module")
def aired(tmp_path_factory, micropython_amd64):
    """The station after one session, with wrong orders of every kind sent meanwhile."""
    folder = tmp_path_factory.mktemp("proof")
    with staging.station(folder, find_runtime("micropython"), broker="mosquitto-tls") as stage:
        [aired] = broadcast.air(stage, None, staging.SHORT)
        stage.wait(lambda: len(staging.told(stage, aired, messages.READY)) == POLES, "all poles to be ready", 30)
        send_wrong_orders(stage)
        broadcast.wait_for_end(stage, [aired])
        stage.wait(lambda: all_refused(stage), "all poles to refuse every wrong order", 20)
        yield stage, aired


WRONG = {"seal": "forged", "replay": "replayed", "audience": "misaddressed", "expired": "expired",
         "format": "truncated"}


def send_wrong_orders(stage):
    """Each would stop the session, or plan another one, if a pole believed it."""
    ports, to = stage.house.ports, topics.group(city.WARD)
    now_ms = to_ms(ports.clock.now())
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with ports.db() as db:
        session = db.sessions(city.WARD)[0].id
        kid = ports.sealer.kid("stop")
        stop = messages.Stop(session=session, reason="wrong")

        def send(payload):
            db.post(Outgoing(topics.topic(to, topics.ORDER), payload))

        def sealed(seq, exp_ms=now_ms + 60_000, to=to, session="other"):
            return ports.sealer.seal(seq, now_ms - 1000, exp_ms, to, messages.Stop(session=session))

        body = seal.body(900, now_ms, now_ms + 60_000, to, stop)
        send(seal.pack(kid, stranger.sign(seal.signed_bytes(kid, body), padding.PKCS1v15(), hashes.SHA256()), body))
        send(sealed(500))
        send(sealed(499, session=session))  # an older counter: a replay
        send(sealed(501, to=topics.group("00577"), session=session))
        send(sealed(502, exp_ms=now_ms - 1, session=session))
        send(sealed(503, session=session)[:200])


def refusals(stage):
    with stage.house.ports.db() as db:
        return {(one.receipt.pole, one.receipt.why) for one in db.receipts(kinds=(messages.REFUSED,))}


def all_refused(stage):
    return refusals(stage) >= {(pole, why) for pole in stage.fleet.poles for why in WRONG}


def test_every_pole_is_heard_from_its_first_word_to_its_last(aired):
    soundings = staging.likenesses(*aired)
    assert len(soundings) == POLES
    assert all(one.likeness > 0.95 for one in soundings.values()), soundings


def test_every_pole_begins_at_its_second(aired):
    soundings = staging.likenesses(*aired)
    assert max(abs(one.start_error_ms) for one in soundings.values()) < 20, soundings


def test_every_pole_sounds_exactly_once(aired):
    assert set(staging.airings(*aired).values()) == {1}


def test_every_receipt_arrives_once_and_without_gap(aired):
    stage, session = aired
    for kind in (messages.RECEIVED, messages.READY, messages.STARTED, messages.FINISHED):
        assert set(staging.told(stage, session, kind)) == set(stage.fleet.poles)
    assert all(staging.numbers_without_gap(stage).values())


def test_the_receipt_tells_the_true_instant_of_the_first_sample(aired):
    stage, session = aired
    planned_us = to_ms(staging.session_of(stage, session).start_at) * 1000
    true_ms = {name: one.start_error_ms for name, one in staging.likenesses(stage, session).items()}
    for pole, receipt in staging.told(stage, session, messages.STARTED).items():
        assert abs((receipt.first_at_us - planned_us) / 1000 - true_ms[pole]) < 20


def test_no_pole_says_that_it_has_started_before_it_has(aired):
    for receipt in staging.told(*aired, messages.STARTED).values():
        assert receipt.at_ms * 1000 + 999 >= receipt.first_at_us


@pytest.mark.parametrize(("why", "kind"), WRONG.items())
def test_a_wrong_order_is_refused_by_every_pole_and_the_refusal_arrives(aired, why, kind):
    stage, _ = aired
    assert {pole for pole, reason in refusals(stage) if reason == why} == set(stage.fleet.poles), kind


def test_the_page_says_what_happened(aired):
    stage, session = aired
    words = staging.page(stage, f"/sessions/{session.session}")
    assert words.count("đã phát") >= POLES
    assert staging.session_of(stage, session).state is SessionState.DONE


def test_the_pages_sound_is_what_left_the_sink(aired):
    stage, session = aired
    desk = broadcast.desk_of(stage, Role.BROADCASTER, city.WARD)
    pole = next(iter(stage.fleet.poles))
    wav = desk.raw(f"/api/sessions/{session.session}/poles/{pole}/heard.wav")
    assert wav[:4] == b"RIFF"
    line = staging.line_of_sound(stage, session, stage.fleet.poles[pole])
    loudest = line[abs(line).argmax() - 500:][:1000].tobytes()
    assert loudest in wav

