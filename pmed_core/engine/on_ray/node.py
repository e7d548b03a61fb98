"""On a machine of the cluster: starts the worker of one job, and ends it.

Knows its home, database and key by the settings of that machine, as every machine does that shares
a queue. Nothing but the job's id, its token and its project comes over the cluster.
"""

from __future__ import annotations

import shutil
import subprocess

from pmed_core import work
from pmed_core.engine.python import command, environment, limited
from pmed_core.engine.supervisor import KILL, PATIENT_SECONDS, end
from pmed_core.errors import UserError
from pmed_core.settings import VERSION, Settings, settings
from pmed_core.store.jobs import MACHINE
from pmed_core.store.store import open_store

CODE = f"{VERSION}/{work.VERSION}"
ANOTHER = "{where} runs another version of the program ({theirs}, not {code}). Install the same."
UNKNOWN = (
    "{where} does not know this job. Give all machines of the cluster the same PMED_DATABASE and "
    "PMED_ARTEFACTS, or a PMED_HOME on a disk that they share, and the same PMED_KEY_FILE."
)


class Node:
    """An actor that has the processors and the GPU of a job for as long as it lives.

    Args:
        module: what is run there, as ``python -m <module> job ID TOKEN``.
        gpus: how many Ray has given it; without one it sees none.
    """

    def __init__(self, module: str, gpus: int) -> None:
        self.module, self.gpus = module, gpus
        self.home = settings().home
        self.child: subprocess.Popen[bytes] | None = None

    def refused(self, job: str, token: int, project: str, code: str) -> str:
        """Why the job cannot run here, in a sentence; "" where it can."""
        where = f"The machine {MACHINE} of the Ray cluster"
        if code != CODE:
            return ANOTHER.format(where=where, theirs=CODE, code=code)
        chosen: Settings = settings().of_project(project) if project else settings()
        self.home = chosen.home
        try:
            known = open_store(chosen).jobs.beat(job, token) != "cancel"
        except UserError as error:
            return f"{where}: {error.on_screen()}"
        return "" if known else UNKNOWN.format(where=where)

    def run(self, job: str, token: int, threads: int) -> int:
        """The exit status of its worker, once that has ended."""
        ours = {name: said for name, said in environment().items() if not name.startswith("RAY_")}
        # Where this process is ended, by whomever, so is what it has started.
        dying = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
        more = {"PMED_HOME": str(self.home), "PMED_DATABASE_WAIT_SECONDS": str(PATIENT_SECONDS)}
        if not self.gpus:
            more["CUDA_VISIBLE_DEVICES"] = ""
        self.child = subprocess.Popen(
            [*dying, *command(self.module, "job", job, str(token))], stdin=subprocess.DEVNULL,
            env=ours | limited(threads) | more, start_new_session=True,
        )  # fmt: skip
        status = self.child.wait()
        return status if status >= 0 else 128 - status

    def end(self, how: int = KILL) -> None:
        """Tell the worker to end, or end it."""
        if self.child is not None:
            end(self.child, how)
