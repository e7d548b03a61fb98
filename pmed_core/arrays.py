"""Arrays as fields of nouns, and nouns as JSON."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, Field, PlainSerializer, PlainValidator, TypeAdapter


def _plain(value: NDArray[Any]) -> Any:
    return value.tolist()


Floats = Annotated[
    NDArray[np.float64],
    PlainValidator(lambda value: np.array(value, dtype=np.float64)),
    PlainSerializer(_plain),
]
Integers = Annotated[
    NDArray[np.int64],
    PlainValidator(lambda value: np.array(value, dtype=np.int64)),
    PlainSerializer(_plain),
]
Flags = Annotated[
    NDArray[np.bool_],
    PlainValidator(lambda value: np.array(value, dtype=bool)),
    PlainSerializer(_plain),
]


def _packed(mask: NDArray[np.bool_]) -> dict[str, Any]:
    bits = np.packbits(mask).tobytes()
    return {"shape": list(mask.shape), "bits": base64.b64encode(bits).decode("ascii")}


def _unpacked(value: Any) -> NDArray[np.bool_]:
    if isinstance(value, np.ndarray):
        return value.astype(bool)
    bits = np.frombuffer(base64.b64decode(value["bits"]), dtype=np.uint8)
    shape = tuple(value["shape"])
    return np.unpackbits(bits, count=int(np.prod(shape))).astype(bool).reshape(shape)


def _as_bytes(pixels: NDArray[np.uint8]) -> dict[str, Any]:
    data = base64.b64encode(np.ascontiguousarray(pixels).data).decode("ascii")
    return {"shape": list(pixels.shape), "bytes": data}


def _from_bytes(value: Any) -> NDArray[np.uint8]:
    if isinstance(value, np.ndarray):
        return value.astype(np.uint8)
    data = np.frombuffer(base64.b64decode(value["bytes"]), dtype=np.uint8)
    return data.reshape(tuple(value["shape"]))


def formerly(today: str, before: str) -> Any:
    """A field that earlier versions kept under another name, which is still read."""
    return Field(validation_alias=AliasChoices(today, before))


Pixels = Annotated[NDArray[np.uint8], PlainValidator(_from_bytes), PlainSerializer(_as_bytes)]
"""A picture in 0..255."""
Mask = Annotated[NDArray[np.bool_], PlainValidator(_unpacked), PlainSerializer(_packed)]
"""Many yes and no, eight to a byte."""


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def to_plain(kind: Any, noun: Any) -> Any:
    """A noun as dicts, lists, text and numbers."""
    return _adapter(kind).dump_python(noun, mode="json")


def from_plain(kind: Any, plain: Any) -> Any:
    """The noun that :func:`to_plain` wrote; raises ``pydantic.ValidationError``."""
    return _adapter(kind).validate_python(plain)


def to_json(kind: Any, noun: Any) -> str:
    """A noun as JSON text; NaN is kept (``NaN``), so read it with :func:`from_json`."""
    return json.dumps(to_plain(kind, noun), ensure_ascii=False)


def without_nan(text: str | bytes) -> Any:
    """JSON as plain values; raises ``ValueError`` where a number in it is none."""
    return json.loads(text, parse_constant=_no_nan)


def _no_nan(constant: str) -> float:
    if constant == "NaN":
        raise ValueError("NaN where a number must be")
    return float(constant)


def from_json(kind: Any, text: str | bytes) -> Any:
    """The noun that :func:`to_json` wrote; raises ``ValueError`` on anything else."""
    return from_plain(kind, json.loads(text))
