"""`loa bench`: each bench answers with one JSON object, also when this machine can not measure it."""

import importlib
import json

import pytest

from headend import cli
from simulator import bench


@pytest.mark.parametrize("name", bench.BENCHES)
def test_each_bench_is_there_and_says_what_it_measures(name, capsys):
    module = importlib.import_module(bench.BENCHES[name][0])
    assert module.__doc__ and callable(module.run)
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", name, "--help"])
    assert ended.value.code == 0 and bench.BENCHES[name][1] in capsys.readouterr().out.replace("\n", " ")


def pretend(monkeypatch, run):
    monkeypatch.setitem(bench.BENCHES, "decode", ("simulator.bench.decode", "pretended"))
    monkeypatch.setattr("simulator.bench.decode.run", run)


def test_what_was_found_is_one_object_or_a_line_for_each(monkeypatch, capsys):
    pretend(monkeypatch, lambda arguments: {"a": 1, "b": {"c": 2}})
    assert cli.main(["bench", "decode", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"a": 1, "b": {"c": 2}}
    assert cli.main(["bench", "decode"]) == 0
    assert capsys.readouterr().out == 'a: 1\nb: {"c": 2}\n'


def test_what_can_not_be_measured_here_is_a_failure_with_a_sentence(monkeypatch, capsys):
    def refuse(arguments):
        raise bench.Unmeasurable("ptrace: not here")

    pretend(monkeypatch, refuse)
    assert cli.main(["bench", "decode", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"error": "ptrace: not here"}


def test_a_bench_that_does_not_exist_is_bad_input(capsys):
    assert cli.main(["bench", "nothing", "--json"]) == 2
    assert "error" in json.loads(capsys.readouterr().out)
