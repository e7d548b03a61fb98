"""The one module that knows TensorFlow: which device computes, and input gradients."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

# TensorFlow's start-up notices would otherwise land among the user's messages.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf

from pmed_core.errors import UserError

Choice = Literal["auto", "cpu", "gpu"]


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
    with keras.device(f"{name.lower()}:0"):
        yield name


def _grow_memory(device: Any) -> None:
    try:
        tf.config.experimental.set_memory_growth(device, True)
    except RuntimeError:
        # The device is already in use by this worker; its memory policy stands.
        return


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as one graph, traced once for each input shape."""
    return tf.function(function, reduce_retracing=False)  # type: ignore[no-any-return]


def input_gradients(function: Callable[[Any], Any], inputs: Any) -> Any:
    """d function(inputs).sum() / d inputs, in the shape of the inputs."""
    points = tf.convert_to_tensor(inputs)
    with tf.GradientTape() as tape:
        tape.watch(points)
        values = function(points)
    return tape.gradient(values, points)
