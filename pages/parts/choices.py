"""The form made from the options of a training run: a field is written once, in the options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

import annotated_types
import streamlit as st
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from pmed_core.errors import UserError
from pmed_core.modalities import Modality
from pmed_core.modalities.options import Network, offered, titles
from pmed_core.options import AnyNetwork, AnyOptions
from pmed_core.outcomes import Outcome

FIRST = ("network",)
"""Shown at once; the rest folds away."""
ONLY_WHERE = {"window_centre": ("window", "custom"), "window_width": ("window", "custom")}
"""Option -> the other option, and its value, with which it means something."""


def options_form(key: str, modality: Modality, outcome: Outcome) -> AnyOptions:
    """Draw every option of a training run for that outcome and return what is chosen."""
    fields: Mapping[str, FieldInfo] = modality.Options.model_fields
    networks = offered(modality.networks, outcome)
    chosen = {name: _network(fields[name], key, networks) for name in FIRST}
    with st.expander("More options", icon=":material/tune:", key=f"{key}-more"):
        st.caption("The defaults suit most cohorts.")
        chosen |= _rest(fields, key)
    try:
        return modality.Options.model_validate(chosen)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(str(first["msg"]), f"Option {place}", "Correct it.") from error


def _rest(fields: Mapping[str, FieldInfo], key: str) -> dict[str, Any]:
    """Two in a row; what depends on another choice is shown where that is made."""
    chosen: dict[str, Any] = {}
    columns: Iterator[Any] = iter(())
    for name in (name for name in fields if name not in FIRST):
        other, value = ONLY_WHERE.get(name, ("", None))
        if other and chosen[other] != value:
            chosen[name] = fields[name].get_default()
            continue
        column = next(columns, None)
        if column is None:
            columns = iter(st.columns(2))
            column = next(columns)
        with column:
            chosen[name] = _field(name, fields[name], key)
    return chosen


def _network(field: FieldInfo, key: str, networks: Sequence[type[Network]]) -> dict[str, Any]:
    """The model and, where it has some, its own options."""
    named = titles(networks)
    picked = st.segmented_control(
        field.title or "Model", list(named), default=field.default.name, required=True,
        format_func=named.__getitem__, key=f"{key}-network-{len(named)}", wrap=True,
    )  # fmt: skip
    name = picked or field.default.name
    adapter = TypeAdapter[BaseModel](AnyNetwork)
    options = adapter.validate_python({"name": name})
    st.caption((type(options).__doc__ or "").strip())
    own = {
        one: _field(one, about, f"{key}-{name}")
        for one, about in type(options).model_fields.items()
        if one != "name"
    }
    return {"name": name} | own


def _field(name: str, field: FieldInfo, key: str) -> Any:
    """The widget that fits the field's type; its title and description come from the field."""
    label, default = field.title or name.replace("_", " ").capitalize(), field.get_default()
    common: dict[str, Any] = {"help": field.description, "key": f"{key}-{name}"}
    if field.annotation is bool:
        return st.toggle(label, value=default, **common)
    if get_origin(field.annotation) is Literal:
        return st.segmented_control(
            label, get_args(field.annotation), default=default, required=True,
            format_func=_spelled, **common,
        )  # fmt: skip
    if field.annotation in (int, float):
        low, high = _bounds(field)
        of = field.annotation
        return st.number_input(
            label, min_value=low, max_value=high, value=of(default), step=of(1), **common
        )
    return default


def _bounds(field: FieldInfo) -> tuple[Any, Any]:
    """Lowest and highest value that the field allows, as far as it says so."""
    low: Any = None
    high: Any = None
    for rule in field.metadata:
        if isinstance(rule, annotated_types.Ge):
            low = rule.ge
        if isinstance(rule, annotated_types.Gt):
            low = 0.1
        if isinstance(rule, annotated_types.Le):
            high = rule.le
    if field.annotation is float:
        return low if low is None else float(low), high if high is None else float(high)
    return low, high


def _spelled(value: str) -> str:
    """ "class_weights" -> "Class weights", "cpu" -> "CPU"."""
    short_for = value in ("cpu", "gpu", "clahe")
    return value.upper() if short_for else value.replace("_", " ").capitalize()
