"""What audio is on the pole, what may go, and what stays whatever happens."""

import asyncio

import pytest

from firmware.app.fetch import SPARE_BYTES, Fetch, Media, NoRoom
from protocol import messages
from simulator.hal.files import CAPACITY_BYTES, Files

ALARM, OLD, WANTED = "aa" * 32, "bb" * 32, "cc" * 32


@pytest.fixture
def files(tmp_path):
    made = Files(str(tmp_path / "data"))
    for name in (ALARM, OLD, WANTED, WANTED + ".chunks", OLD + ".part"):
        with made.open("media/" + name, "wb") as file:
            file.write(name[:2].encode())
    return made


def test_eviction_takes_what_nobody_needs_and_never_what_is_to_be_kept(files):
    Media(files).keep(ALARM)
    media = Media(files)
    assert media.has(ALARM) and media.has(OLD)
    media.evict({WANTED})
    assert sorted(files.names("media/")) == [WANTED, WANTED + ".chunks"] and files.names("keep/") == [ALARM]
    assert media.has(ALARM) and media.has(WANTED) and not media.has(OLD)
    with media.open(ALARM) as file:
        assert file.read() == b"aa"


def test_what_is_kept_stays_kept_when_the_agenda_names_it_too(files):
    media = Media(files)
    media.keep(ALARM)
    media.keep(ALARM)
    media.evict({ALARM})
    media.evict(set())
    assert Media(files).has(ALARM)


def test_the_last_of_the_flash_is_left_for_plans_and_receipts(files):
    async def attempt(size):
        fetch = Fetch(None, files, "http://h/m", bytes)
        fetch._chunk_list = nothing
        await fetch.get(messages.Item(media="dd" * 32, bytes=size, frames=1))

    async def nothing(item):
        return b""

    most = files.free() - SPARE_BYTES
    asyncio.run(attempt(most))
    files.remove("media/" + "dd" * 32 + ".part")
    with pytest.raises(NoRoom):
        asyncio.run(attempt(most + 1))
    assert files.free() < CAPACITY_BYTES
