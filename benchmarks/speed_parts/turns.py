"""Systems that take turns: each a process of its own that stays alive, and the environment of the peers."""

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from speed_parts.systems import MADE

ROOT = Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / "build" / "peers"
# What is installed, the first that can be: fastText built for this very processor is faster than its wheel.
PINS = {
    "fasttext": ("fasttext==0.9.3", "fasttext-wheel==0.9.2"),
    "vowpalwabbit": ("vowpalwabbit==9.11.9",),
    "spacy": ("spacy==3.8.18",),
}
PEER_OF = {
    "word fasttext": "fasttext",
    "word vowpalwabbit": "vowpalwabbit",
    "word spacy": "spacy",
    "default fasttext": "fasttext",
    "default subwords": "fasttext",
}
PATIENCE = 600  # seconds to wait for an answer
_FEW = 1000  # paragraphs of the first turn, from which the others' number follows
# One core, and the linear algebra that NumPy chooses by itself.
_ONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"), "1")
#: What would make what is measured slower than it is for a user.
HINDRANCES = frozenset({"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONDONTWRITEBYTECODE"})


class StoppedError(Exception):
    """A system cannot be prepared, or stopped; the message is the last that it said."""


def environment() -> dict[str, str]:
    """Return the environment of processes that are measured."""
    return {name: value for name, value in os.environ.items() if name not in HINDRANCES} | _ONE


def installed() -> dict[str, dict[str, str]]:
    """Install the peers where they are not yet, and return each one's ``package``, or ``error``."""
    python, noted = PEERS / "bin" / "python", PEERS / "installed.json"
    wanted = json.dumps(PINS)
    with suppress(OSError, ValueError):
        found: dict[str, Any] = json.loads(noted.read_text(encoding="utf-8"))
        if found["wanted"] == wanted and python.exists():
            return found["peers"]
    uv = str(Path(sys.executable).with_name("uv"))
    try:
        subprocess.run(
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(PEERS)],
            check=True,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        fault = _last(str(getattr(error, "stderr", "") or error))
        return {name: {"error": f"cannot be installed: {fault}"} for name in PINS}
    peers = {name: _installed([uv, "pip", "install", "--python", str(python)], name) for name in PINS}
    if not any("error" in peer for peer in peers.values()):
        noted.write_text(json.dumps({"wanted": wanted, "peers": peers}), encoding="utf-8")
    return peers


def _installed(install: list[str], name: str) -> dict[str, str]:
    error = ""
    for pin in PINS[name]:
        print(f"installing {pin}", file=sys.stderr)
        done = subprocess.run([*install, pin], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return {"package": pin}
        error = _last(done.stderr)
    return {"error": f"cannot be installed: {error}"}


def _last(words: str) -> str:
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    """Return what is to be read from, and what is to be written to."""
    ends = os.pipe()
    return open(ends[0], "rb", buffering=0), open(ends[1], "wb", buffering=0)  # noqa: PTH123 - no paths


class Worker:
    """A system in a process of its own."""

    def __init__(self, name: str, folder: Path) -> None:
        python = PEERS / "bin" / "python" if name in PEER_OF else Path(sys.executable)
        self.name = name
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - it closes with the process
        orders, self._orders = _pipe()
        self._answers, answers = _pipe()
        command = [str(python), str(Path(__file__).with_name("systems.py")), name, str(folder)]
        with orders, answers:
            self._process = subprocess.Popen(
                command, stdin=orders, stdout=answers, stderr=self._said, env=environment()
            )

    def answer(self) -> dict[str, Any]:
        """Wait for an answer and return it."""
        ready, _, _ = select.select([self._answers], [], [], PATIENCE)
        line = self._answers.readline() if ready else b""
        if not line:
            self._said.seek(0)
            raise StoppedError(_last(self._said.read().decode(errors="replace")) if ready else "it gave no answer")
        found: dict[str, Any] = json.loads(line)
        return found

    def turn(self, count: int) -> dict[str, float]:
        """Label so many paragraphs, and return seconds by clock: ``cpu`` and ``clock``."""
        with suppress(BrokenPipeError):  # no answer will come, and that is told
            self._orders.write(b"%d\n" % count)
        return self.answer()

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._orders, self._answers, self._said):
            stream.close()


@contextmanager
def workers(folder: Path, names: list[str]) -> Iterator[tuple[dict[str, Worker], dict[str, list[str]], dict[str, str]]]:
    """Yield systems that are ready, the stances that they give, and why others are not there."""
    peers = installed() if any(name in PEER_OF for name in names) else {}
    ready: dict[str, Worker] = {}
    stances: dict[str, list[str]] = {}
    faults: dict[str, str] = {}
    with ExitStack() as stack:
        for name in names:
            fault = peers.get(PEER_OF.get(name, ""), {}).get("error")
            if fault:
                faults[name] = fault
                continue
            worker = Worker(name, folder)
            stack.callback(worker.stop)
            try:
                stances[name] = worker.answer()["stances"]
            except StoppedError as error:
                faults[name] = f"cannot be run: {error}"
            else:
                ready[name] = worker
        yield ready, stances, faults


def measured(folder: Path, texts: int, rounds: int, seconds: float, names: list[str] | None = None) -> dict[str, Any]:
    """Return the rates of all systems, in turns: each round all of them, each beginning at another.

    Args:
        folder: What :mod:`speed_parts.texts` wrote.
        texts: How many paragraphs there are.
        rounds: How many rounds.
        seconds: What one turn may take, of the CPU.
        names: Systems, or all.
    """
    chosen = names or list(MADE)
    rates: dict[str, dict[str, list[float]]] = {}
    with workers(folder, chosen) as (ready, stances, faults):
        counts = {}
        for name, worker in ready.items():
            counts[name] = min(texts, _FEW)
            for _ in range(2):  # to be warm, the second time with as many as will be
                quick = counts[name] / max(worker.turn(counts[name])["cpu"], 1e-6)
                counts[name] = min(texts, max(counts[name], round(quick * seconds)))
        for number in range(rounds):
            order = list(ready)
            for name in order[number % len(order) :] + order[: number % len(order)]:
                found = ready[name].turn(counts[name])
                own = rates.setdefault(name, {"cpu": [], "clock": []})
                for clock, values in own.items():
                    values.append(counts[name] / found[clock])
            print(f"round {number + 1} of {rounds} done", file=sys.stderr)
    return {"rates": rates, "counts": counts, "agreement": agreement(stances), "faults": faults}


def agreement(stances: dict[str, list[str]]) -> dict[str, float]:
    """Return the share of paragraphs that get the stance that scikit-learn's pipeline of the same group gives."""
    found = {}
    for name, own in stances.items():
        expected = stances.get(f"{'word' if name.startswith('word') else 'default'} scikit-learn", [])
        if own and len(own) == len(expected):
            found[name] = sum(map(str.__eq__, own, expected)) / len(own)
    return found
