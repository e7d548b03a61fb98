"""A warm process that answers questions, one at a time, over pipes of JSON lines."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from typing import IO

from pmed_core.arrays import to_plain
from pmed_core.engine.python import command, environment, limited
from pmed_core.errors import Busy, UserError
from pmed_core.work import Work


class Child:
    """Starts with the first question, and again after it has ended.

    Args:
        memory_mb: limit of what it writes to (RLIMIT_DATA); 0 for none.
        threads: how many it computes with; 0: as many as there are cores.
        module: what it runs, as ``python -m <module> serve MB``.
    """

    def __init__(
        self, memory_mb: int = 0, module: str = "pmed_core.worker", threads: int = 0
    ) -> None:
        self.threads = threads
        self.command = command(module, "serve", str(memory_mb))
        self.lock = threading.Lock()
        self.child: subprocess.Popen[str] | None = None
        self.answers: queue.Queue[str] = queue.Queue()

    def ask(self, work: Work | None, seconds: float, home: str = "") -> str:
        """The answer; None asks it to load its libraries.

        ``home``: where what is asked about is kept; empty: in that of this process.

        Raises ``UserError`` in the child's words, or where it was too slow, busy, or has ended.
        """
        plain = None if work is None else to_plain(Work, work)
        question = json.dumps({"work": plain, "home": home})
        if not self.lock.acquire(timeout=seconds):
            raise Busy(
                "The machine is busy with what others have asked", "", "Try again in a minute."
            )
        try:
            self._start()
            line = self._exchange(question, seconds)
        finally:
            self.lock.release()
        answer = json.loads(line)
        if "error" in answer:
            raise UserError(*answer["error"])
        return str(answer["result"])

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.child is not None and self.child.poll() is None

    def stop(self) -> None:
        """End the process; the next question starts another."""
        child, self.child = self.child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                _close(pipe)

    def _start(self) -> None:
        if self.alive:
            return
        self.stop()
        self.answers = queue.Queue()
        self.child = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            encoding="utf-8", env=environment(**limited(self.threads)),
        )  # fmt: skip
        threading.Thread(target=_listen, args=(self.child, self.answers), daemon=True).start()

    def _exchange(self, question: str, seconds: float) -> str:
        try:
            self._write(question + "\n")
            line = self.answers.get(timeout=seconds)
        except queue.Empty as error:
            self.stop()
            raise UserError(
                f"This took longer than {seconds:.0f} seconds and was stopped", "",
                "Try again with a smaller table.",
            ) from error  # fmt: skip
        except BrokenPipeError:
            line = ""
        if not line:
            self.stop()
            raise UserError(
                "The process that was working on this was ended, perhaps for lack of memory", "",
                "Try again; if it happens again, try a smaller table.",
            )  # fmt: skip
        return line

    def _write(self, text: str) -> None:
        pipe = self.child.stdin if self.child else None
        if pipe is None:
            raise BrokenPipeError
        pipe.write(text)
        pipe.flush()


def _listen(child: subprocess.Popen[str], answers: queue.Queue[str]) -> None:
    """Pass on each line; an empty one says that the process has ended."""
    try:
        for line in child.stdout or ():
            answers.put(line)
    except ValueError:
        # The pipe was closed because the process was stopped.
        pass
    answers.put("")


def _close(pipe: IO[str]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        # What was still to be written is for a process that has ended.
        return
