"""What the project's files must not hold: where one machine keeps things, and where packages come from."""

import re

from tests.support.project import files, name_of

# Written apart, so that this file does not hold what it looks for.
REGISTRIES = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "deb." + "debian.org",
    "docker" + ".io",
)
MACHINE_PATHS = ("/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/")
TEXT_SUFFIXES = {
    ".py",
    ".md",
    ".toml",
    ".yml",
    ".yaml",
    ".lock",
    ".json",
    ".html",
    ".js",
    ".css",
    ".sh",
    ".cfg",
    "",
}
TEXTS = [path for path in files() if path.suffix in TEXT_SUFFIXES]


def test_no_file_names_a_package_registry():
    assert mentions("|".join(map(re.escape, REGISTRIES))) == []


def test_no_file_names_a_folder_of_one_machine():
    assert mentions("|".join(rf"(?<![\w.}}]){folder}" for folder in MACHINE_PATHS)) == []


def mentions(pattern: str) -> list[str]:
    """Where the project's texts match, as "file:line: what"."""
    return [
        f"{name_of(path)}:{number}: {found[0]}"
        for path in TEXTS
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if (found := re.search(pattern, line))
    ]


def test_nothing_that_is_made_belongs_to_the_project():
    made = (".venv/", ".tools/", ".loa/", "dist/", "build/")
    assert [name_of(path) for path in files() if name_of(path).startswith(made) or path.suffix == ".pyc"] == []
