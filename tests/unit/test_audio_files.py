"""Files of sound: what may be removed, and when."""

import os

from headend.adapters.audio import keep_newest
from headend.adapters.sound import SoundWorks


def test_of_what_can_be_made_again_the_newest_stay_and_what_is_being_written_stays(tmp_path):
    for number in range(6):
        (tmp_path / f"{number}.wav").write_bytes(b"x")
        os.utime(tmp_path / f"{number}.wav", (number, number))
    (tmp_path / ".part-of-another").write_bytes(b"x")
    os.utime(tmp_path / ".part-of-another", (0, 0))
    keep_newest(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".part-of-another", "4.wav", "5.wav"]
    keep_newest(tmp_path, 2)
    assert len(list(tmp_path.iterdir())) == 3


def test_who_only_looks_into_the_folder_leaves_what_a_head_end_is_writing(tmp_path):
    sound = SoundWorks(tmp_path, lambda text, path: path)
    half = tmp_path / "bulletins" / ".part-of-an-upload"
    half.write_bytes(b"x")
    SoundWorks(tmp_path, lambda text, path: path)
    assert half.exists()
    sound.sweep()
    assert not half.exists()
