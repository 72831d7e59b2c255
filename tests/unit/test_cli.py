"""The command line answers every kind of mistake with one sentence and the right exit code."""

import json
import sys
import types

import pytest

from headend import cli


@pytest.fixture
def command(monkeypatch):
    """A command "greet" whose module a test fills."""
    module = types.ModuleType("greeting", "Greet somebody.\n\nMore about greeting.")
    module.add_arguments = lambda parser: parser.add_argument("--name", required=True)
    module.run = lambda args: print(f"hello {args.name}") or cli.DONE
    monkeypatch.setitem(sys.modules, "greeting", module)
    monkeypatch.setitem(cli.COMMANDS, "greet", ("greeting", "greet somebody"))
    return module


def test_a_command_gets_its_arguments_and_gives_the_exit_code(command, capsys):
    assert cli.main(["greet", "--name", "Hà Nội"]) == 0
    assert capsys.readouterr().out == "hello Hà Nội\n"


def test_the_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown and gist in shown for name, (_, gist) in cli.COMMANDS.items())


def test_the_help_of_a_command_begins_with_what_it_does(command, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["greet", "--help"])
    assert ended.value.code == 0
    assert "Greet somebody." in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["dance"], ["greet"], ["greet", "--loud"]], ids=" ".join)
def test_bad_input_is_one_sentence_and_exit_code_2(command, capsys, words):
    assert cli.main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
    assert "--help" in shown.err


def test_a_refusal_is_one_sentence_and_exit_code_1(command, capsys):
    def refuse(_):
        raise cli.Refused("the horn is asleep")

    command.run = refuse
    assert cli.main(["greet", "--name", "x"]) == 1
    assert capsys.readouterr().err == "loa: the horn is asleep\n"


def test_with_json_a_failure_is_an_object_too(command, capsys):
    assert cli.main(["greet", "--json"]) == 2
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"error": shown.err.removeprefix("loa: ").strip()}


def test_a_command_that_is_not_installed_says_where_it_is(monkeypatch, capsys):
    monkeypatch.setitem(cli.COMMANDS, "test", ("tests_elsewhere.run", ""))
    assert cli.main(["test"]) == 1
    assert "checkout" in capsys.readouterr().err


def test_a_fault_inside_a_command_is_not_taken_for_a_missing_command(monkeypatch, tmp_path):
    (tmp_path / "broken_command.py").write_text("import a_package_that_is_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(cli.COMMANDS, "break", ("broken_command", ""))
    with pytest.raises(ModuleNotFoundError, match="a_package_that_is_not_there"):
        cli.main(["break"])
