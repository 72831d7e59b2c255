"""./loa makes its environment from the lock file: once, whoever calls, however often it was interrupted.

A small project of its own with one small package, and a real pip: no network.
"""

import base64
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import zipfile

import pytest

from tests.support.project import ROOT
from tests.support.waiting import wait_until

# Not the environment of the tests: what ./loa is started with on a new machine.
SYSTEM_PYTHON = sys._base_executable

pytestmark = pytest.mark.slow

COMMAND_LINE = """
import json, os, sys
import greeting
print(json.dumps([greeting.WORD, sys.argv[1:], os.getcwd()]))
"""
HELP = "import sys; print('help', sys.argv[1:])"


class Project:
    """A folder with ./loa, a command line that imports the locked package, and a place where pip finds it."""

    def __init__(self, folder):
        self.folder = folder / "project"
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        (self.folder / "headend").mkdir(parents=True)
        shutil.copy(ROOT / "loa", self.folder)
        (self.folder / "headend" / "__init__.py").touch()
        (self.folder / "headend" / "cli.py").write_text(COMMAND_LINE)
        self.environment = {
            **{key: text for key, text in os.environ.items() if not key.startswith(("PIP_", "PYTHON"))},
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_CONFIG_FILE": os.devnull,
        }

    def lock(self, word, spoil=False):
        """Lock a version of the package that says `word`; `spoil` locks a hash that the package does not have."""
        version = f"1.{len(list(self.wheels.iterdir()))}"
        wheel = make_wheel(self.wheels, version, word)
        digest = hashlib.sha256(b"something else" if spoil else wheel.read_bytes()).hexdigest()
        line = f"greeting=={version} \\\n    --hash=sha256:{digest}\n"
        for name in ("requirements.lock", "requirements-dev.lock"):
            (self.folder / name).write_text(line)

    def start(self, *arguments, cwd=None, **environment):
        return subprocess.Popen(
            [SYSTEM_PYTHON, str(self.folder / "loa"), *arguments],
            cwd=cwd or self.folder,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments, cwd=None, **environment):
        """(exit code, standard output, standard error)"""
        process = self.start(*arguments, cwd=cwd, **environment)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err


def make_wheel(folder, version, word):
    """A Python package by hand: one module, and the three files that pip wants to see."""
    info = f"greeting-{version}.dist-info"
    contents = {
        "greeting.py": f"WORD = {word!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: greeting\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{info}/RECORD,,"]
    for name, text in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        record.append(f"{name},sha256={digest},{len(text.encode())}")
    path = folder / f"greeting-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**contents, f"{info}/RECORD": "\n".join(record) + "\n"}.items():
            archive.writestr(name, text)
    return path


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path)
    made.lock("xin chào")
    return made


def test_the_first_start_prepares_and_the_second_is_silent(project, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "headend").mkdir(parents=True)
    (elsewhere / "headend" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    code, out, err = project.run("demo", "--audio", "x.wav", cwd=elsewhere)
    assert (code, out) == (0, f'["xin ch\\u00e0o", ["demo", "--audio", "x.wav"], "{elsewhere}"]\n')
    assert "making the environment" in err and "1 of 1: greeting-1.0" in err
    assert project.run("demo", cwd=elsewhere)[2] == ""
    assert "1 of 1: greeting" in project.run("test", cwd=elsewhere)[2]
    assert project.run("test", cwd=elsewhere)[2] == ""


def test_a_new_lock_is_installed_and_a_wrong_hash_never(project):
    project.run("demo")
    project.lock("forged", spoil=True)
    code, out, err = project.run("demo")
    assert (code, out) == (1, "")
    assert "could not be installed" in err.splitlines()[-1] and "DO NOT MATCH" in err
    project.lock("good again")
    assert "good again" in project.run("demo")[1]


def test_two_at_once_prepare_once(project):
    first, second = project.start("demo"), project.start("demo")
    texts = [process.communicate(timeout=120) for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0]
    assert sum("making the environment" in err for _, err in texts) == 1
    assert sum("waiting for another ./loa" in err for _, err in texts) == 1


@pytest.mark.parametrize("moment", ["making the environment", "installing"])
def test_one_that_was_killed_half_way_is_made_good(project, moment):
    process = project.start("demo")
    said = []
    wait_until(lambda: said.append(process.stderr.readline()) or moment in said[-1], moment)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    code, out, err = project.run("demo")
    assert code == 0 and "xin ch" in out, err


def test_help_needs_no_packages(project):
    (project.folder / "headend" / "cli.py").write_text(HELP)
    assert project.run("--help") == (0, "help ['--help']\n", "")
    assert not (project.folder / ".venv").exists()


def hide(tmp_path, *modules):
    """Settings under which the Python that runs ./loa does not find these modules; that of .venv does."""
    lines = [f"    sys.modules[{name!r}] = None" for name in modules]
    start = ["import sys", "if sys.prefix == sys.base_prefix:"]
    (tmp_path / "sitecustomize.py").write_text("\n".join([*start, *lines]))
    return {"PYTHONPATH": str(tmp_path)}


def ways_to_a_pip():
    """Those that this machine's Python has: a pip, or the means to unpack one."""
    return [
        module
        for module in ("pip", "ensurepip")
        if subprocess.run([SYSTEM_PYTHON, "-m", module, "--version"], capture_output=True).returncode == 0
    ]


@pytest.mark.parametrize("way", ways_to_a_pip())
def test_one_of_two_ways_to_a_pip_is_enough(project, tmp_path, way):
    settings = hide(tmp_path, *({"pip", "ensurepip"} - {way}))
    code, out, err = project.run("demo", **settings)
    assert code == 0 and "xin ch" in out, err
    project.lock("changed")
    assert "changed" in project.run("demo", **settings)[1]


def test_without_any_pip_one_sentence_says_what_to_install(project, tmp_path):
    code, out, err = project.run("demo", **hide(tmp_path, "ensurepip", "pip"))
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith("loa: no pip was found; install it")
    assert "Traceback" not in err
