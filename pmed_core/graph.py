"""A computation as ONNX operators, so that a program that knows nothing of this one repeats it.

Only operators of opset 18 and of version 3 of the operators for trees, which runtimes have known
since 2023.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import DTypeLike, NDArray
from onnx import helper, numpy_helper

OPSETS = {"": 18, "ai.onnx.ml": 3}
IR_VERSION = 8
TREES = "ai.onnx.ml"
OURS = "pmed:"
"""What names begin with that no caller sees, so that no input is called so."""


class Graph:
    """Operators in the order in which they are computed."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

    def named(self, name: str) -> Node:
        """Something that another operator or the caller calls so."""
        return Node(self, name)

    def given(self, name: str, dtype: DTypeLike) -> Node:
        """An input: (patients,) cells of that type."""
        self.inputs.append(_of_patients(name, dtype))
        return self.named(name)

    def constant(self, array: NDArray[Any]) -> Node:
        """An array that belongs to the file."""
        name = f"{OURS}constant {len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return self.named(name)

    def do(self, operator: str, given: Sequence[Given], domain: str = "", **how: Any) -> Node:
        """What an operator makes of its inputs."""
        made = self.named(f"{OURS}value {len(self.nodes)}")
        names = [self._as_node(one).name for one in given]
        self.nodes.append(helper.make_node(operator, names, [made.name], domain=domain, **how))
        return made

    def answer(self, name: str, node: Node, dtype: DTypeLike) -> None:
        """An output: (patients,) of that type."""
        self.nodes.append(helper.make_node("Identity", [node.name], [name]))
        self.outputs.append(_of_patients(name, dtype))

    def _as_node(self, given: Given) -> Node:
        if isinstance(given, Node):
            return given
        return self.constant(np.asarray(given, None if isinstance(given, np.ndarray) else float))

    def as_bytes(self, name: str, about: str, metadata: dict[str, str]) -> bytes:
        """The file; ``about`` and ``metadata`` are kept in it."""
        graph = helper.make_graph(
            self.nodes, name, self.inputs, self.outputs, self.constants, doc_string=about
        )
        opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="pmed",
            doc_string=about,
        )  # fmt: skip
        helper.set_model_props(model, metadata)
        return bytes(model.SerializeToString())


@dataclass(frozen=True, eq=False)
class Node:
    """What an operator makes; arithmetic on it adds operators to its graph, as numpy has them."""

    graph: Graph
    name: str

    def do(self, operator: str, *others: Given, **how: Any) -> Node:
        """What an operator makes of this and others."""
        return self.graph.do(operator, (self, *others), **how)

    def __add__(self, other: Given) -> Node:
        return self.do("Add", other)

    def __sub__(self, other: Given) -> Node:
        return self.do("Sub", other)

    def __mul__(self, other: Given) -> Node:
        return self.do("Mul", other)

    def __truediv__(self, other: Given) -> Node:
        return self.do("Div", other)

    def __matmul__(self, other: Given) -> Node:
        return self.do("MatMul", other)

    def __neg__(self) -> Node:
        return self.do("Neg")

    def exp(self) -> Node:
        return self.do("Exp")

    def log(self) -> Node:
        return self.do("Log")

    def clip(self, low: float, high: float) -> Node:
        """As ``numpy.clip``."""
        return self.do("Max", low).do("Min", high)

    def sum(self, axis: int, keep: bool = False) -> Node:
        return self.do("ReduceSum", np.array([axis]), keepdims=int(keep))

    def mean(self, axis: int) -> Node:
        return self.do("ReduceMean", np.array([axis]), keepdims=0)

    def logsumexp(self, axis: int, keep: bool = False) -> Node:
        return self.do("ReduceLogSumExp", np.array([axis]), keepdims=int(keep))

    def log_softmax(self) -> Node:
        """Over the last axis."""
        return self.do("LogSoftmax", axis=-1)

    def softplus(self) -> Node:
        """log(1 + e^x), as ``numpy.logaddexp(0, x)``."""
        return self.do("Max", 0.0) + (-self.do("Abs")).exp().__add__(1.0).log()

    def take(self, places: NDArray[np.int64] | Node, axis: int) -> Node:
        """As ``numpy.take``."""
        return self.do("Gather", places, axis=axis)

    def part(self, axis: int, start: int, end: int) -> Node:
        """From ``start`` to before ``end`` along an axis."""
        return self.do("Slice", np.array([start]), np.array([end]), np.array([axis]))

    def before(self, other: Given, axis: int) -> Node:
        """Side by side."""
        return self.do("Concat", other, axis=axis)

    def within(self, axis: int) -> Node:
        """With a new axis of one."""
        return self.do("Unsqueeze", np.array([axis]))

    def without(self, axis: int) -> Node:
        """Without an axis of one."""
        return self.do("Squeeze", np.array([axis]))

    def shaped(self, *shape: int) -> Node:
        """As ``numpy.reshape``; 0 leaves an axis as it is."""
        return self.do("Reshape", np.array(shape))

    def as_type(self, dtype: DTypeLike) -> Node:
        return self.do("Cast", to=_code(dtype))

    def where(self, yes: Given, no: Given) -> Node:
        """As ``numpy.where`` of this."""
        return self.do("Where", yes, no)


Given = Node | NDArray[Any] | float


def _code(dtype: DTypeLike) -> int:
    if np.dtype(dtype).kind in "OU":
        return int(onnx.TensorProto.STRING)
    return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def _of_patients(name: str, dtype: DTypeLike) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, _code(dtype), ["patients"])
