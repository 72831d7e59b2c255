"""What a pole remembers, through power cuts at any byte."""

import json

import pytest

from firmware.app.vault import COMPACT_LINES, KEEP_MS, Journal, Vault
from protocol import messages
from simulator.hal.files import Files

NOW_MS = 1_760_000_000_000
NAME = "0a" * 6


def dice(count: int) -> bytes:
    """Always the same: what matters is when they are thrown."""
    return bytes.fromhex(NAME)[:count]


def other_dice(count: int) -> bytes:
    return b"\xff" * count


@pytest.fixture
def files(tmp_path):
    return Files(str(tmp_path / "data"))


def told(seq: int, kind: str = "received", session: str = "s1", at_ms: int = NOW_MS, **more) -> messages.Receipt:
    return messages.Receipt(pole="p1", journal=NAME, seq=seq, kind=kind, at_ms=at_ms, session=session, **more)


def path_of(files: Files, name: str):
    import pathlib

    return pathlib.Path(files._folder) / name


def test_a_journal_cut_anywhere_holds_a_prefix_of_what_was_written_and_goes_on_without_a_gap(files):
    journal = Journal(Vault(files), dice)
    ends = [0]
    for seq in range(1, 5):
        journal.append(told(seq))
        ends.append(files.size("journal"))
    whole = path_of(files, "journal").read_bytes()
    for cut in range(len(whole) + 1):
        path_of(files, "journal").write_bytes(whole[:cut])
        journal = Journal(Vault(files), dice)
        kept = sum(end <= cut for end in ends) - 1
        assert journal.last_seq == kept
        journal.append(told(kept + 1))
        assert [one.seq for one in Journal(Vault(files), dice).pending(99)] == list(range(1, kept + 2))


def test_receipts_wait_until_they_are_acknowledged_and_numbers_go_on_after_a_restart(files):
    journal = Journal(Vault(files), dice)
    for seq in range(1, 7):
        journal.append(told(seq))
    assert [one.seq for one in journal.pending(3)] == [1, 2, 3]
    journal.ack(4)
    journal.ack(2)  # an old acknowledgement that came late
    journal.ack(99)  # of receipts that do not exist
    again = Journal(Vault(files), dice)
    assert again.acked == 4 and again.last_seq == 6
    assert [one.seq for one in again.pending(9)] == [5, 6]


def test_a_journal_keeps_its_name_over_restarts_also_when_all_of_it_was_forgotten(files):
    journal = Journal(Vault(files), dice)
    assert journal.name == NAME
    journal.append(told(1))
    journal.ack(1)
    journal.compact(NOW_MS + 2 * KEEP_MS, ())
    assert files.size("journal") == 0
    again = Journal(Vault(files), other_dice)
    assert (again.name, again.acked, again.last_seq) == (NAME, 1, 1)


@pytest.mark.parametrize("lost", [("journal",), ("journal", "acked")])
def test_a_pole_that_has_lost_its_journal_begins_another_at_one(files, lost):
    journal = Journal(Vault(files), dice)
    for seq in range(1, 4):
        journal.append(told(seq))
    journal.ack(2)
    for name in lost:
        path_of(files, name).unlink()
    again = Journal(Vault(files), other_dice)
    assert (again.name, again.acked, again.last_seq) == ("ff" * 6, 0, 0)
    assert Journal(Vault(files), dice).name == "ff" * 6


def test_a_pole_that_has_lost_only_what_was_acknowledged_tells_all_again_under_the_same_name(files):
    journal = Journal(Vault(files), dice)
    for seq in range(1, 4):
        journal.append(told(seq))
    journal.ack(2)
    path_of(files, "acked").write_bytes(b"[")
    again = Journal(Vault(files), other_dice)
    assert (again.name, again.acked, again.last_seq) == (NAME, 0, 3)


def test_a_power_cut_while_a_journal_is_begun_costs_at_most_a_name(files):
    Journal(Vault(files), dice)
    path_of(files, "journal").unlink()  # the name was written, the empty journal was not
    again = Journal(Vault(files), other_dice)
    assert (again.name, again.last_seq) == ("ff" * 6, 0)


def test_what_has_sounded_is_known_after_a_restart_with_its_planned_instant(files):
    journal = Journal(Vault(files), dice)
    late = told(1, "started", first_at_us=NOW_MS * 1000 + 2_000_000, skipped_frames=32_000)
    journal.append(late)
    journal.append(told(2, "started", "alarm", first_at_us=NOW_MS * 1000), emergency=True)
    again = Journal(Vault(files), dice)
    assert again.sounded() == [("s1", NOW_MS)]
    assert again.deed("s1").sounded and not again.deed("s1").ended
    again.append(told(3, "finished", frames=1))
    assert Journal(Vault(files), dice).deed("s1").ended == "finished"


def test_an_old_journal_is_compacted_but_forgets_nothing_that_matters(files):
    journal = Journal(Vault(files), dice)
    old_ms = NOW_MS - KEEP_MS - 1
    journal.append(told(1, "started", "kept", old_ms, first_at_us=old_ms * 1000))
    journal.append(told(2, "started", "recent", NOW_MS - 1, first_at_us=NOW_MS * 1000))
    for seq in range(3, COMPACT_LINES + 10):
        journal.append(told(seq, "finished", f"old-{seq}", old_ms))
    journal.append(told(COMPACT_LINES + 10, "refused", "", why="seal"))
    journal.ack(COMPACT_LINES)
    size = files.size("journal")
    journal.tidy(NOW_MS, {"kept": None})
    assert files.size("journal") < size / 10
    for one in (journal, Journal(Vault(files), dice)):
        assert one.last_seq == COMPACT_LINES + 10
        assert one.deed("kept").sounded and one.deed("recent").sounded and one.deed("old-3") is None
        assert [told.seq for told in one.pending(99)] == list(range(COMPACT_LINES + 1, COMPACT_LINES + 11))


def test_a_file_is_the_old_one_or_the_new_one(files):
    vault = Vault(files)
    vault.save_json("x", {"a": 1})
    path_of(files, "x.new").write_bytes(b'{"a"')  # the power went while the next one was written
    assert Vault(files).load_json("x", None) == {"a": 1}
    path_of(files, "x").write_bytes(b"{")
    assert vault.load_json("x", "default") == "default"
    assert vault.load("nothing") is None and json.loads(b"1") == 1
