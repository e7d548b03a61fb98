"""The one module that knows TensorFlow: which device computes, and input gradients."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

# TensorFlow's start-up notices would otherwise land among the user's messages.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf

from pmed_core.errors import UserError

# Nor should its warning that many networks are each asked through a graph of their own.
tf.get_logger().setLevel("ERROR")

Choice = Literal["auto", "cpu", "gpu"]
Precision = Literal["float32", "mixed_float16", "mixed_bfloat16"]

TENSOR_CORES, BFLOAT = (7, 0), (8, 0)
"""Compute capabilities from which a card is faster in 16 bits, and has those of wide range."""
BUSY = ("nvidia-smi", "--query-gpu=utilization.gpu,memory.used,memory.total",
        "--format=csv,noheader,nounits")  # fmt: skip
PATIENCE = 5
"""Seconds that the driver's own tool is given."""


def gpus() -> tuple[str, ...]:
    """Names of the GPUs that TensorFlow can use; empty on most laptops."""
    return tuple(device.name for device in tf.config.list_physical_devices("GPU"))


def chosen(choice: Choice) -> str:
    """ "GPU" or "CPU"; raises ``UserError`` where a GPU is asked for and there is none."""
    if choice == "gpu" and not gpus():
        raise UserError(
            "There is no GPU that TensorFlow can use", "", "Choose the device 'auto' or 'cpu'."
        )
    return "GPU" if choice != "cpu" and gpus() else "CPU"


@contextmanager
def on(choice: Choice) -> Iterator[str]:
    """Run what follows on the chosen device."""
    name = chosen(choice)
    if name == "GPU":
        for device in tf.config.list_physical_devices("GPU"):
            _grow_memory(device)
    # Of processors there is one, without a number: torch would take "cpu:0" for another.
    with keras.device("gpu:0" if name == "GPU" else "cpu"):
        yield name


def _grow_memory(device: Any) -> None:
    try:
        tf.config.experimental.set_memory_growth(device, True)
    except RuntimeError:
        # The device is already in use by this worker; its memory policy stands.
        return


def precision(name: str) -> Precision:
    """What networks of scans are trained in on the device that ``on`` gave: 16 bits where the
    card's own units compute them (Micikevicius et al., Mixed Precision Training, ICLR 2018)."""
    if name != "GPU":
        return "float32"
    cards = tf.config.list_physical_devices("GPU")
    details = (tf.config.experimental.get_device_details(card) for card in cards)
    capability = min(detail.get("compute_capability") or (0, 0) for detail in details)
    if capability < TENSOR_CORES:
        return "float32"
    return "mixed_float16" if capability < BFLOAT else "mixed_bfloat16"


def busy() -> str:
    """ "GPU 87 % busy, 3.1 of 16.0 GB used", a card after the other; empty where none can tell."""
    tool = shutil.which(BUSY[0])
    if not tool:
        return ""
    try:
        asked = subprocess.run(
            (tool, *BUSY[1:]), capture_output=True, text=True, timeout=PATIENCE, check=True
        )
        cards = [[float(cell) for cell in line.split(",")] for line in asked.stdout.splitlines()]
    except (OSError, subprocess.SubprocessError, ValueError):
        # Some cards do not say ("[N/A]"); training goes on without.
        return ""
    return "; ".join(
        f"GPU {share:.0f} % busy, {used / 1024:.1f} of {total / 1024:.1f} GB used"
        for share, used, total in cards
    )


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as one graph, compiled once for each shape of its inputs."""
    # Without AutoGraph: no branch hangs on a tensor, and it warns of each `match` that it meets.
    return tf.function(function, jit_compile=True, reduce_retracing=False, autograph=False)  # type: ignore[no-any-return]


def input_gradients(function: Callable[[Any], Any], inputs: Any) -> Any:
    """d function(inputs).sum() / d inputs, in the shape of the inputs."""
    points = tf.convert_to_tensor(inputs)
    with tf.GradientTape() as tape:
        tape.watch(points)
        values = function(points)
    return tape.gradient(values, points)
