"""Cuts the power at every write of an update, on the real littlefs: `update_runner.py ROOT GIVEN`.

It prints what is wrong. GIVEN: {"profile", "orders": {name: sealed}, "images": {digest: hex},
"releases": {name: [release, digest]}}.
"""

import asyncio
import json
import sys

sys.path.insert(0, sys.argv[1])

from firmware import recovery, start
from firmware.app.air import Air
from firmware.app.fetch import Media
from firmware.app.slots import Slots, digest_of, file_of
from firmware.app.update import Restart, Updater
from firmware.app.vault import Vault
from firmware.hal.files import Files
from protocol import seal
from tests.support import seals_once
from tests.support.dying_flash import AT, Flash

BLOCKS = 64
with open(sys.argv[2]) as file:
    GIVEN = json.load(file)
LINE_BYTES = 512
seals_once.install()


class Pole:
    """As much of a pole as an update touches."""

    def __init__(self, flash):
        flash.mount()
        self.files = Files(AT + "/data")
        self.vault = Vault(self.files)
        self.media = Media(self.files)
        self.player = self.clock = self.agenda = self.hal = self.link = self
        self.session = self.box = self.core = None
        self.air = Air()
        self.up = True
        self.source = "net"
        self.slots = Slots(self.vault)
        self.updater = Updater(self, self.slots, self.refused)
        self.report = self

    def open_i2s(self):
        return self

    def deinit(self):
        pass

    def amp(self, level):
        pass

    def refused(self, why, count):
        raise ValueError(why)

    def now_ms(self):
        return 0

    def next_ms(self, now_ms):
        return None

    async def tell_state(self):
        pass


def order(name):
    sealed = seal.unpack(bytes.fromhex(GIVEN["orders"][name]))
    return seal.open_body(sealed).content


def offer(pole, name):
    pole.updater.offer(order(name))


def fetch(pole, name):
    for image in pole.updater.wanted():
        part = "media/" + image.media + ".part"
        with pole.files.open(part, "wb") as file:
            file.write(bytes.fromhex(GIVEN["images"][image.media]))
            pole.files.flush(file)
        pole.media.add(image.media)


def install(pole, name):
    try:
        asyncio.run(pole.updater.install())
    except Restart:
        pass


def try_it(pole, name):
    start.choose(pole.files)


def prove(pole, name):
    if pole.slots.trial:
        pole.slots.confirm()


def whole_way(pole, name):
    offer(pole, name)
    fetch(pole, name)
    install(pole, name)


def confirmed(pole, name):
    whole_way(pole, name)
    start.choose(pole.files)
    pole.slots.confirm()


def by_cable(pole, name):
    """A pole whose slots are both broken, and a person with a cable."""
    console = recovery.Console(json.loads(json.dumps(GIVEN["profile"])), pole.files)
    image = GIVEN["images"][GIVEN["releases"][name][1]]
    lines = [{"do": "order", "hex": GIVEN["orders"][name]}]
    lines += [{"do": "data", "hex": image[at : at + 2 * LINE_BYTES]} for at in range(0, len(image), 2 * LINE_BYTES)]
    for line in lines + [{"do": "end"}]:
        told = json.loads(console.answer(json.dumps(line)))
        if "error" in told:
            raise OSError(told["error"])


def break_both(pole, name):
    for slot in ("a", "b"):
        if pole.files.size(file_of(slot)) >= 0:
            with pole.files.open(file_of(slot), "r+b") as file:
                file.write(b"broken")


STORIES = (  # name, the life before, what is cut, releases that may start afterwards
    ("first order", (), (offer, "one"), (0,)),
    ("first download", ((offer, "one"),), (fetch, "one"), (0,)),
    ("first installation", ((offer, "one"), (fetch, "one")), (install, "one"), (0, 2)),
    ("first start", ((whole_way, "one"),), (try_it, "one"), (2,)),
    ("first proof", ((whole_way, "one"), (try_it, "one")), (prove, "one"), (2,)),
    ("second order", ((confirmed, "one"),), (offer, "two"), (2,)),
    ("second installation", ((confirmed, "one"), (offer, "two"), (fetch, "two")), (install, "two"), (2, 3)),
    ("second start", ((confirmed, "one"), (whole_way, "two")), (try_it, "two"), (3,)),
    ("second proof", ((confirmed, "one"), (whole_way, "two"), (try_it, "two")), (prove, "two"), (3,)),
    ("all of it at once", ((confirmed, "one"),), (whole_way, "two"), (2, 3)),
    ("by cable", ((confirmed, "one"), (confirmed, "two"), (break_both, "")), (by_cable, "two"), (None, 3)),
)


def started(flash):
    """The release that starts on this flash: 0 is the core image's, None the console. It has to be whole."""
    flash.mount()
    files = Files(AT + "/data")
    slot = start.choose(files)
    if slot is None or slot == "":
        return None if slot is None else 0
    release = Slots(Vault(files)).release(slot)
    digest = digest_of(files, file_of(slot))
    assert [release, digest] in GIVEN["releases"].values(), "a broken program was started"
    return release


def once(image, act, name, last, torn, allowed):
    """(operations, what is wrong after a cut at operation `last`)"""
    flash = Flash(BLOCKS, image)
    pole = Pole(flash)
    flash.arm(last, torn)
    try:
        act(pole, name)
    except OSError:
        if not flash.dead:
            raise
    operations = flash.operations
    flash = Flash(BLOCKS, flash.image)
    release = started(flash)
    if release not in allowed:
        return operations, "starts %s" % release
    # And the update can be brought to its end, whatever was cut.
    pole = Pole(flash)
    if act is by_cable:
        by_cable(pole, name)
    elif not pole.slots.trial:
        whole_way(pole, name)
    release = started(flash)
    if release != GIVEN["releases"][name][0]:
        return operations, "the update does not get on: %s" % release
    return operations, ""


def main():
    told, wrong = {}, []
    for story, before, (act, name), allowed in STORIES:
        flash = Flash(BLOCKS)
        flash.format()
        for step, what in before:
            step(Pole(flash), what)
        image = bytes(flash.image)
        total, found = once(image, act, name, None, False, allowed)
        wrong += ["%s: %s" % (story, found)] if found else []
        for torn in (False, True):
            for last in range(total):
                _, found = once(image, act, name, last, torn, allowed)
                wrong += ["%s, cut at %d%s: %s" % (story, last, " torn" if torn else "", found)] if found else []
        told[story] = total
    print(json.dumps({"operations": told, "wrong": wrong}))


main()
