"""Programs which are not Python packages: found on the machine, or brought to it.

`find` and `require` look and change nothing; `bring` also fetches. A recipe per program stands in
`catalogue`.
"""

import os
from pathlib import Path

from simulator.programs.catalogue import RECIPES, Program, Recipe
from simulator.programs.packages import Apt, PackageError, Say, install, may_install, one_at_a_time

PROJECT = Path(__file__).resolve().parents[2]

__all__ = ["Missing", "Program", "bring", "find", "require"]


class Missing(Exception):
    """A program is not here and cannot be brought; the text says what would be needed."""


def find(name: str) -> Program | None:
    """The program `name` if it is on this machine already; KeyError if there is no recipe for it."""
    recipe = RECIPES[name]
    return recipe.on_system() or recipe.unpacked_in(home_of(recipe))


def require(name: str) -> Program:
    """The program `name` if it is on this machine already. Raises Missing."""
    program = find(name)
    if program is None:
        raise Missing(f"{name} is missing; {RECIPES[name].needed}")
    return program


def bring(name: str, say: Say) -> Program:
    """The program `name`, fetched first if need be; `say` gets a line for each slow step. Raises Missing."""
    program = find(name)
    if program is not None:
        return program
    recipe = RECIPES[name]
    try:
        with one_at_a_time(tools_folder(), say):
            program = find(name)  # another process may have brought it while this one waited
            if program is None:
                fetch(recipe, say)
                program = find(name)
    except (PackageError, OSError) as error:
        raise Missing(f"{name} is missing: {error}; {recipe.needed}") from error
    if program is None:
        raise Missing(f"{name} is missing: it was fetched, but does not run on this machine; {recipe.needed}")
    return program


def fetch(recipe: Recipe, say: Say) -> None:
    """Install the recipe's packages where that is allowed, else unpack them under the tools folder."""
    if recipe.installable and may_install() is not None:
        try:
            return install(recipe.packages, say)
        except PackageError as error:
            say(f"apt-get could not install {recipe.name} ({error}): unpacking it instead")
    for suite in recipe.suites_to_ask():
        try:
            return unpack(recipe, suite, say)
        except PackageError as why:
            error = why
            say(f"{recipe.name} can not be had from {suite or 'the suite of this machine'}: {why}")
    raise error


def unpack(recipe: Recipe, suite: str | None, say: Say) -> None:
    """Unpack the recipe's packages of one suite. Raises PackageError."""
    apt_folder = tools_folder() / "apt" / f"{suite or 'own'}-{recipe.architecture}"
    apt = Apt(apt_folder, recipe.architecture, suite, on_top_of_system=not recipe.own_loader)
    apt.unpack(recipe.packages, home_of(recipe), say)


def home_of(recipe: Recipe) -> Path:
    """Where the recipe's packages are unpacked."""
    return tools_folder() / f"{recipe.packages[0]}-{recipe.architecture}"


def tools_folder() -> Path:
    """The folder of unpacked programs: .tools in a checkout, else the user's cache.

    PostgreSQL refuses to run as root, so root's programs must lie where another user can reach them.
    """
    if os.geteuid() == 0 and not reachable_by_others(PROJECT):
        return Path("/var/cache/loa/tools")
    if (PROJECT / "pyproject.toml").is_file():
        return PROJECT / ".tools"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "loa" / "tools"


def reachable_by_others(folder: Path) -> bool:
    """Whether every folder on the way lets any user pass."""
    return all(step.stat().st_mode & 0o001 for step in (folder, *folder.parents))
