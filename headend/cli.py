"""The command line: `loa COMMAND`. Each command is a module that is imported only when it is asked for.

Such a module offers `add_arguments(parser)` and `run(args) -> int`; its docstring's first line describes it.
Exit codes: 0 done; 1 refused or failed; 2 bad input. With --json exactly one object goes to standard output,
also when the command fails ({"error": sentence}); everything else goes to standard error.
"""

import argparse
import importlib
import json
import sys
from types import ModuleType

from headend.settings import BadSetting

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

COMMANDS = {
    "demo": ("simulator.demo", "show the whole system at work on this machine"),
    "serve": ("headend.main", "run the head-end"),
    "fleet": ("simulator.fleet", "run virtual poles"),
    "account": ("headend.commands.account", "make, change or close an account"),
    "bench": ("simulator.bench", "measure this system on this machine"),
    "law": ("headend.commands.law", "judge a plan on paper"),
    "cap": ("headend.commands.cap", "read a warning of the Common Alerting Protocol"),
    "enrol": ("headend.commands.enrol", "enrol speaker clusters and write their profiles"),
    "test": ("tests.run", "run the tests (in a checkout)"),
}


class BadInput(Exception):
    """What was asked for makes no sense; the text is one sentence that says what to do."""


class Refused(Exception):
    """What was asked for was refused or failed; the text is one sentence."""


class Parser(argparse.ArgumentParser):
    """A parser that answers bad input with one sentence instead of a page."""

    def error(self, message: str):
        raise BadInput(f"{message}; see {self.prog} --help")


def main(argv: list[str] | None = None) -> int:
    """Run the command line and give the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    try:
        return dispatch(arguments)
    except (BadInput, BadSetting) as error:
        return complain(str(error), BAD_INPUT, "--json" in arguments)
    except Refused as error:
        return complain(str(error), FAILED, "--json" in arguments)
    except KeyboardInterrupt:
        return complain("interrupted", INTERRUPTED, "--json" in arguments)


def dispatch(arguments: list[str]) -> int:
    """Import the command's module, read its arguments and run it."""
    name = overview().parse_args(arguments[:1]).command
    module = load(name)
    description = (module.__doc__ or "").strip().splitlines()[:1]
    parser = Parser(prog=f"loa {name}", description="".join(description), allow_abbrev=False)
    module.add_arguments(parser)
    return module.run(parser.parse_args(arguments[1:]))


def overview() -> Parser:
    """The parser of the first word; its help is the list of commands."""
    listing = "\n".join(f"  {name:<10}{gist}" for name, (_, gist) in COMMANDS.items())
    parser = Parser(
        prog="loa",
        description="Public-address broadcasting for communes.",
        epilog=f"commands:\n{listing}\n\n'loa COMMAND --help' tells more about one of them.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="what to do")
    return parser


def load(name: str) -> ModuleType:
    """The module of a command; Refused where this installation does not have it."""
    path, _ = COMMANDS[name]
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name not in (path, path.rpartition(".")[0]):
            raise
        raise Refused(f"'loa {name}' is not part of this installation: run it in a checkout") from error


def complain(sentence: str, code: int, as_json: bool) -> int:
    """Say why the command ended early, in the form that was asked for."""
    print(f"loa: {sentence}", file=sys.stderr)
    if as_json:
        print(json.dumps({"error": sentence}, ensure_ascii=False))
    return code


if __name__ == "__main__":
    # Not this module's own main: commands raise the exceptions of headend.cli, which are not those of __main__.
    sys.exit(importlib.import_module("headend.cli").main())
