"""One job on a machine of the cluster, from the wait for room to the end of its worker.

Ray tries nothing again by itself: a job whose worker died is given anew by the supervisor, under
another token, so that a machine which was only cut off keeps no result.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray
from ray.exceptions import RayError

from pmed_core.engine.on_ray.cluster import Cluster
from pmed_core.engine.on_ray.held import CONTENT, LOOK, TOLD, Held, NotNow, Told, listen
from pmed_core.engine.on_ray.node import CODE, Node
from pmed_core.job import device_of
from pmed_core.settings import PROJECTS, settings
from pmed_core.work import Work

SOON = 3.0
"""Seconds in which a job begins where there is room: until then nothing is said of it."""
TERM_SECONDS = 5.0
"""For a worker that is told to end to give its job back."""
LOST = 3
ROOM = "Waiting for room on the Ray cluster (processors: {cpus}, GPUs: {gpus})"


def run(held: Held, cluster: Cluster, module: str) -> int:
    """Start ``module`` for the job where there is room -> its exit status, or ``LOST``.

    Raises ``NotNow`` and ``Dropped`` where it did not begin, ``Told`` once its worker was told.
    """
    with _joined(cluster):
        node, refused = _where_there_is_room(held, cluster, module)
        try:
            why = ray.get(refused)
        except RayError as error:
            why = _said("A machine of the Ray cluster cannot run this", error)
        if why:
            raise NotNow(why)
        held.begun()
        return _watched(node, node.run.remote(held.job, held.token, cluster.cpus))


def _where_there_is_room(held: Held, cluster: Cluster, module: str) -> tuple[Any, Any]:
    """-> the actor that runs the job, and why it cannot, which is known by now."""
    gpus, began = _gpus(held.work), time.monotonic()
    node, refused = _asked(held, cluster, module, gpus)
    while not _ended(refused):
        held.look()
        waited = time.monotonic() - began
        if gpus and waited > CONTENT and device_of(held.work) == "auto":
            ray.kill(node)
            gpus = 0
            node, refused = _asked(held, cluster, module, gpus)
        if waited > SOON:
            held.waits(ROOM.format(cpus=cluster.cpus, gpus=gpus))
    return node, refused


def _asked(held: Held, cluster: Cluster, module: str, gpus: int) -> tuple[Any, Any]:
    asked = {"num_cpus": cluster.cpus, "num_gpus": gpus, "max_restarts": 0}
    node = ray.remote(Node).options(max_concurrency=2, **asked).remote(module, gpus)
    return node, node.refused.remote(held.job, held.token, _project(), CODE)


@contextmanager
def _joined(cluster: Cluster) -> Iterator[None]:
    try:
        ray.init(cluster.address, namespace="pmed", configure_logging=False, log_to_driver=False)
    except (RayError, OSError, RuntimeError, ValueError) as error:
        why = _said("This machine cannot join the Ray cluster", error)
        raise NotNow(why) from error
    # Ray has set a way of its own to end.
    listen()
    try:
        yield
    finally:
        ray.shutdown()


def _said(what: str, error: Exception) -> str:
    """For the screen; Ray's own words are for whoever looks after the server."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {what}: {error}\n")
    return f"{what} ({type(error).__name__}; see logs/supervisor.log)."


def _watched(node: Any, working: Any) -> int:
    while not _ended(working):
        if TOLD.is_set():
            node.end.remote(int(signal.SIGTERM))
            ray.wait([working], timeout=TERM_SECONDS)
            raise Told
    try:
        return int(ray.get(working))
    except RayError:
        return LOST


def _ended(reference: Any) -> bool:
    return bool(ray.wait([reference], timeout=LOOK)[0])


def _gpus(work: Work) -> int:
    """One for what needs it, and for what would like one where one is free."""
    device = device_of(work)
    free = device == "auto" and ray.available_resources().get("GPU", 0) >= 1
    return int(device == "gpu" or free)


def _project() -> str:
    home = settings().home
    return home.name if settings().hosted and home.parent.name == PROJECTS else ""
