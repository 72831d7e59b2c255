"""`loa demo` answers bad input with one sentence and exit code 2, and touches nothing that is not its own."""

import json

import pytest

from headend.cli import main


@pytest.mark.parametrize(("words", "hint"), [
    (["--poles", "0"], "1 to 200"),
    (["--poles", "x"], "--poles"),
    (["--audio", "/nowhere/at/all.mp3"], "no file"),
    (["--port", "70000"], "65535"),
    (["--runtime", "rust"], "--runtime"),
])
def test_bad_input_gets_one_sentence(capsys, words, hint):
    assert main(["demo", "--once", "--json", *words]) == 2
    printed = capsys.readouterr()
    assert hint in json.loads(printed.out)["error"]
    assert printed.err.count("\n") == 1


def test_a_folder_with_other_files_is_left_alone(capsys, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["demo", "--once", "--json", "--data", str(tmp_path)]) == 2
    assert "other files" in json.loads(capsys.readouterr().out)["error"]
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_json_alone_asks_for_once(capsys):
    assert main(["demo", "--json"]) == 2
    assert "--once" in json.loads(capsys.readouterr().out)["error"]
