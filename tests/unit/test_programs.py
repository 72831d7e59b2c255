"""Where programs come from: the machine's own package sources; and what is said if they do not."""

from pathlib import Path

import pytest

from simulator import programs
from simulator.programs import packages
from simulator.programs.catalogue import RECIPES, Program

SOURCES = """\
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""


@pytest.fixture
def bookworm(monkeypatch):
    monkeypatch.setattr(packages, "os_release", lambda: {"VERSION_CODENAME": "bookworm"})


@pytest.fixture
def etc_apt(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text("deb http://mirror.example/debian bookworm main\n")
    (tmp_path / "sources.list.d" / "debian.sources").write_text(SOURCES)
    (tmp_path / "sources.list.d" / "vendor.list").write_text("deb http://vendor.example/apt stable main\n")
    (tmp_path / "sources.list.d" / "old.sources.bak").write_text(SOURCES)
    return tmp_path


def test_a_newer_suite_comes_from_the_same_mirror_with_the_same_keys(bookworm, etc_apt):
    found = packages.sources_of_suite(etc_apt, "trixie")
    assert found["sources.list"] == "deb http://mirror.example/debian trixie main\n"
    assert found["sources.list.d/debian.sources"] == SOURCES.replace("bookworm", "trixie")


def test_another_vendor_is_not_asked_for_a_suite_that_it_does_not_have(bookworm, etc_apt):
    found = packages.sources_of_suite(etc_apt, "trixie")
    assert found["sources.list.d/vendor.list"] == ""
    assert "sources.list.d/old.sources.bak" not in found


def test_the_machines_own_suite_is_left_as_it_is(bookworm, etc_apt):
    found = packages.sources_of_suite(etc_apt, None)
    assert found["sources.list.d/debian.sources"] == SOURCES
    assert found["sources.list.d/vendor.list"] == "deb http://vendor.example/apt stable main\n"


def test_micropython_comes_from_debian_13_or_where_its_lists_are_being_renewed_from_the_next(monkeypatch):
    recipe = RECIPES["micropython"]
    for codename, suites in {"bookworm": ("trixie", "forky"), "trixie": (None, "forky"), "noble": (None,)}.items():
        monkeypatch.setattr(
            "simulator.programs.catalogue.os_release", lambda name=codename: {"VERSION_CODENAME": name}
        )
        assert recipe.suites_to_ask() == suites


@pytest.mark.parametrize(("broken", "asked"), [((), ["trixie"]), (("trixie",), ["trixie", "forky"])])
def test_a_suite_that_can_not_be_read_is_named_and_the_next_one_asked(bookworm, monkeypatch, broken, asked):
    seen, said = [], []
    monkeypatch.setattr("simulator.programs.catalogue.os_release", packages.os_release)

    def unpack(recipe, suite, say):
        seen.append(suite)
        if suite in broken:
            raise packages.PackageError("E: Unable to locate package micropython")

    monkeypatch.setattr(programs, "unpack", unpack)
    programs.fetch(RECIPES["micropython-i386"], said.append)
    assert seen == asked
    assert len(said) == len(broken)


def test_where_no_suite_can_be_read_the_last_reason_is_the_reason(bookworm, monkeypatch):
    monkeypatch.setattr("simulator.programs.catalogue.os_release", packages.os_release)

    def unpack(recipe, suite, say):
        raise packages.PackageError(f"E: nothing in {suite}")

    monkeypatch.setattr(programs, "unpack", unpack)
    with pytest.raises(packages.PackageError, match="nothing in forky"):
        programs.fetch(RECIPES["micropython-i386"], lambda line: None)


def test_what_a_program_needs_stands_before_it_on_the_command_line():
    plain = Program("x", Path("/usr/bin/x"))
    loaded = Program("x", Path("/t/x"), loader=("/t/ld.so", "--library-path", "/t"))
    with_libraries = Program("x", Path("/t/x"), env={"LD_LIBRARY_PATH": "/t/lib"})
    assert plain.argv == ["/usr/bin/x"]
    assert loaded.argv == ["/t/ld.so", "--library-path", "/t", "/t/x"]
    assert with_libraries.argv == ["env", "LD_LIBRARY_PATH=/t/lib", "/t/x"]


@pytest.mark.parametrize("name", ["mosquitto", "micropython", "chromium"])
def test_a_missing_program_is_named_with_what_brings_it(name, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "tools_folder", lambda: tmp_path / "tools")
    monkeypatch.setattr("simulator.programs.catalogue.matches", lambda place: [])
    assert programs.find(name) is None
    with pytest.raises(programs.Missing, match=f"^{name} is missing; .*Debian"):
        programs.require(name)


def test_without_apt_the_reason_is_a_sentence(monkeypatch, tmp_path):
    said = []
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "tools_folder", lambda: tmp_path / "tools")
    monkeypatch.setattr("simulator.programs.catalogue.matches", lambda place: [])
    with pytest.raises(
        programs.Missing, match="^micropython is missing: apt-get is not on this machine; needed is "
    ):
        programs.bring("micropython", said.append)
    assert said


def test_a_program_that_is_too_old_is_not_taken(monkeypatch, tmp_path):
    old = tmp_path / "micropython"
    old.write_text("#!/bin/sh\necho False True\n")
    old.chmod(0o755)
    monkeypatch.setattr(programs, "tools_folder", lambda: tmp_path / "tools")
    monkeypatch.setattr("simulator.programs.catalogue.matches", lambda place: [old])
    assert programs.find("micropython") is None
    old.write_text("#!/bin/sh\necho True True\n")
    assert programs.find("micropython").path == old
