"""A warm process that answers questions, one at a time, over pipes of JSON lines."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable

from pmed_core.arrays import to_plain
from pmed_core.errors import UserError
from pmed_core.work import Work

THREADS = {"OMP_NUM_THREADS": "2", "TF_CPP_MIN_LOG_LEVEL": "3"}


class Child:
    """Starts with the first question, and again after it was killed.

    Args:
        memory_mb: limit of the address space; 0 for none.
    """

    def __init__(self, memory_mb: int = 0) -> None:
        self.memory_mb = memory_mb
        self.lock = threading.Lock()
        self.child: subprocess.Popen[str] | None = None
        self.answers: queue.Queue[str] = queue.Queue()

    def ask(self, work: Work | None, seconds: float) -> str:
        """The answer; raises ``UserError`` in the child's words, or where it was too slow or died.

        None asks it to load its libraries.
        """
        question = json.dumps({"work": None if work is None else to_plain(Work, work)})
        with self.lock:
            self._start()
            line = self._exchange(question, seconds)
        answer = json.loads(line)
        if "error" in answer:
            raise UserError(*answer["error"])
        return str(answer["result"])

    def stop(self) -> None:
        """End the process; the next question starts another."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.child = None

    def _start(self) -> None:
        if self.child is not None and self.child.poll() is None:
            return
        self.answers = queue.Queue()
        self.child = subprocess.Popen(
            [sys.executable, "-m", "pmed_core.worker", "serve"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            env=os.environ | THREADS, preexec_fn=_limiter(self.memory_mb),
        )  # fmt: skip
        threading.Thread(target=self._listen, args=(self.child, self.answers), daemon=True).start()

    @staticmethod
    def _listen(child: subprocess.Popen[str], answers: queue.Queue[str]) -> None:
        for line in child.stdout or ():
            answers.put(line)
        answers.put("")

    def _exchange(self, question: str, seconds: float) -> str:
        child = self.child
        try:
            if child is None or child.stdin is None:
                raise BrokenPipeError
            child.stdin.write(question + "\n")
            child.stdin.flush()
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


def _limiter(memory_mb: int) -> Callable[[], None] | None:
    """Limits the child's memory where the system can."""
    if not memory_mb or os.name != "posix":
        return None

    def limit() -> None:
        import resource

        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 2**20,) * 2)

    return limit


