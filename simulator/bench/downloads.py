"""Kill downloads at random, many a second, while the server lies: how many wrong files does that leave?

`loa bench downloads --kills 1000 --json`. Each worker is a folder and a process of the real firmware's download and
nothing else; after each kill every finished file is compared with what it should be.
"""

import argparse
import json
import random
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from simulator.bench.bad_server import BadServer
from simulator.runtime import ROOT, Runtime, find_runtime

WORKERS = 3
SHARE_OF_FAULTS = 0.3
FILES = 4
CHUNKS = (0.3, 6.5)  # of one file, least and most
KILL_AFTER_SECONDS = (0.01, 0.12)
FINISH_SECONDS = 60


class Worker:
    """One pole's downloads: killed until its share of kills is used up, then left to finish."""

    def __init__(self, folder: Path, runtime: Runtime, server: BadServer, seed: int):
        self.folder = folder
        self.kills = self.rounds = 0
        self.wrong: list[str] = []
        self._argv = runtime.argv
        self._server = server
        self._dice = random.Random(seed)
        self._begin()

    def _begin(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        sizes = [int(self._dice.uniform(*CHUNKS) * 65536) // 512 * 512 for _ in range(FILES)]
        self._items = [self._server.add(self._dice.randbytes(size)) for size in sizes]
        named = [{"media": one.media, "bytes": one.bytes, "frames": one.frames} for one in self._items]
        (self.folder / "items.json").write_text(json.dumps(named))

    def _start(self) -> subprocess.Popen:
        script = str(ROOT / "simulator" / "bench" / "fetcher.py")
        return subprocess.Popen([*self._argv, script, str(ROOT), str(self.folder), self._server.base])

    def kill_some(self, kills: int) -> None:
        """Kill the process `kills` times; when everything is there, begin with other files."""
        while self.kills < kills:
            process = self._start()
            try:
                process.wait(self._dice.uniform(*KILL_AFTER_SECONDS))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                self.kills += 1
            self._compare()
            if process.returncode > 0:
                raise RuntimeError("the process that fetches has failed")
            if process.returncode == 0:
                self._complete()
                self._begin()

    def finish(self) -> None:
        """Without kills, until everything is there."""
        process = self._start()
        try:
            process.wait(FINISH_SECONDS)
        finally:
            process.kill()
            process.wait()
        self._compare()
        self._complete()

    def _compare(self) -> None:
        for path in (self.folder / "media").glob("*"):
            if "." not in path.name and path.read_bytes() != self._server.files[path.name]:
                self.wrong.append(path.name)

    def _complete(self) -> None:
        self.rounds += 1
        names = [one.media for one in self._items]
        self.wrong += [f"{name} is missing" for name in names if not (self.folder / "media" / name).exists()]


def measure(kills: int, runtime: Runtime, folder: Path, seed: int = 1) -> dict:
    """What so many kills leave behind."""
    server = BadServer(SHARE_OF_FAULTS, seed)
    begun = time.monotonic()
    workers = [Worker(folder / str(n), runtime, server, seed + n) for n in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda worker: worker.kill_some(-(-kills // WORKERS)), workers))
        server.share = 0
        list(pool.map(Worker.finish, workers))
    server.close()
    return {
        "kills": sum(worker.kills for worker in workers),
        "wrong_files": sum(len(worker.wrong) for worker in workers),
        "files_fetched": sum(worker.rounds for worker in workers) * FILES,
        "answers": sum(server.told.values()),
        "faults": {name: count for name, count in sorted(server.told.items()) if name != "right"},
        "runtime": runtime.name,
        "seconds": round(time.monotonic() - begun, 1),
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `loa bench downloads`."""
    parser.add_argument("--kills", type=int, default=1000, help="how many processes to kill (default 1000)")
    parser.add_argument("--seed", type=int, default=1, help="of all dice (default 1)")


def run(arguments: argparse.Namespace) -> dict:
    """Measure in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        return measure(arguments.kills, find_runtime("auto"), Path(folder), arguments.seed)
