"""A Dask cluster on this machine, for tests."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Cluster:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self._folder = folder
        self.scheduler = self._run("dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port))
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_workers(self, number: int) -> "Cluster":
        """Start workers of one thread, which nobody starts again when they are killed."""
        self.workers += [self._run("dask_worker", self.address, "--no-nanny", "--nthreads", "1") for _ in range(number)]
        return self

    def _run(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--no-dashboard"]
        if module == "dask_worker":
            command += ["--local-directory", str(self._folder)]
        with (self._folder / f"{module}.log").open("ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder)

    def stop(self) -> None:
        """Kill all that runs."""
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@contextmanager
def running(folder: Path, workers: int) -> Iterator[Cluster]:
    started = Cluster(folder)
    try:
        yield started.add_workers(workers)
    finally:
        started.stop()
