"""Make or change an account; the password is read from standard input."""

import argparse
import getpass
import json
import sys

from headend import main, settings
from headend.cli import BadInput
from headend.domain.person import EVERYWHERE, Person, Role
from headend.ports import Account, AuditEntry

LEAST_PASSWORD = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("username", help="letters a-z, digits, '-', '_' or '.'")
    parser.add_argument("--role", choices=list(Role), required=True, help="what the person may do")
    parser.add_argument("--unit", default=EVERYWHERE, metavar="CODE",
                        help="five-digit code of the commune (default: everywhere)")
    parser.add_argument("--name", help="how pages name the person (default: the username)")
    parser.add_argument("--close", action="store_true", help="close the account: it can not log in any more")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Exit 0 when the account is stored."""
    username = args.username.lower()
    if not username or len(username) > 80 or not all(c.isascii() and (c.isalnum() or c in "-_.") for c in username):
        raise BadInput("a username has 1 to 80 of the letters a-z, digits, '-', '_' and '.'")
    house = main.build(settings.read())
    try:
        with house.ports.db() as db:
            if args.unit != EVERYWHERE and db.commune(args.unit) is None:
                raise BadInput(f"there is no commune {args.unit}; give its five-digit code")
        hashed = house.ports.passwords.hash(_password())
        person = Person(username, args.name or username, Role(args.role), args.unit)
        with house.ports.db() as db:
            db.put_account(Account(person, hashed, args.close))
            db.record(AuditEntry(house.ports.clock.now(), "", "account.put", username, f"{args.role} {args.unit}"))
    finally:
        house.database.close()
    told = {"username": username, "role": args.role, "unit": args.unit, "closed": args.close}
    print(json.dumps(told) if args.json else f"account {username}: {args.role}, {args.unit}")
    return 0


def _password() -> str:
    """From the terminal without echo, or a line of standard input."""
    text = getpass.getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if len(text) < LEAST_PASSWORD:
        raise BadInput(f"a password has at least {LEAST_PASSWORD} characters; write it to standard input")
    return text
