"""The form made from the options of a training run: a field is written once, in the options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

import annotated_types
import streamlit as st
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from pmed_core.errors import UserError
from pmed_core.modalities import Modality
from pmed_core.modalities.options import First, Network, idle, offered, titles
from pmed_core.options import AnyOptions
from pmed_core.outcomes import Outcome

ONLY_WHERE = {"window_centre": ("window", "custom"), "window_width": ("window", "custom")}
"""Option -> the other option, and its value, with which it means something."""
TENTH = 10
"""A number below ten is stepped through by tenths of its default: a frequency of 0.01 by 0.001."""


def options_form(key: str, modality: Modality, outcome: Outcome) -> AnyOptions:
    """Draw every option of a training run for that outcome and return what is chosen."""
    fields: Mapping[str, FieldInfo] = modality.Options.model_fields
    networks = offered(modality.networks, outcome)
    chosen = {name: _field(name, about, key) for name, about in fields.items() if _words(about)}
    network, chosen["network"] = _network(fields["network"], key, networks)
    chosen |= {n: fields[n].get_default() for n in idle(modality.Options, network)}
    with st.expander("More options", icon=":material/tune:", key=f"{key}-more"):
        st.caption("The defaults suit most cohorts.")
        chosen |= _rest({n: about for n, about in fields.items() if n not in chosen}, key)
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
    for name in fields:
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


def _network(
    field: FieldInfo, key: str, networks: Sequence[type[Network]]
) -> tuple[Network, dict[str, Any]]:
    """The model, and what it is kept as with its own options, where it has some."""
    named = titles(networks)
    picked = st.segmented_control(
        field.title or "Model", list(named), default=field.default.name, required=True,
        format_func=named.__getitem__, key=f"{key}-network-{len(named)}", wrap=True,
    )  # fmt: skip
    name = picked or field.default.name
    options = next(one for one in networks if titles([one]).keys() == {name})()
    st.caption((type(options).__doc__ or "").strip())
    own = {
        one: _field(one, about, f"{key}-{name}")
        for one, about in type(options).model_fields.items()
        if one != "name"
    }
    return options, {"name": name} | own


def _field(name: str, field: FieldInfo, key: str) -> Any:
    """The widget that fits the field's type; its title and description come from the field."""
    label, default = field.title or name.replace("_", " ").capitalize(), field.get_default()
    common: dict[str, Any] = {"help": field.description, "key": f"{key}-{name}"}
    if field.annotation is bool:
        return st.toggle(label, value=default, **common)
    if get_origin(field.annotation) is Literal:
        values = get_args(field.annotation)
        words = _words(field) or tuple(map(_spelled, values))
        return st.segmented_control(
            label, values, default=default, required=True, wrap=True,
            format_func=dict(zip(values, words, strict=True)).__getitem__, **common,
        )  # fmt: skip
    if field.annotation is int:
        low, high = _bounds(field, 1)
        return st.number_input(label, low, high, value=int(default), step=1, **common)
    if field.annotation is float:
        step = min(1.0, abs(default) / TENTH) or 1.0
        low, high = _bounds(field, step / TENTH)
        return st.number_input(
            label, low, high, value=float(default), step=step, format="%g", **common
        )
    if field.annotation is str:
        return st.text_input(label, value=default, **common).strip()
    raise TypeError(f"No form for the option '{name}'")


def _words(field: FieldInfo) -> tuple[str, ...]:
    """Of the values of a choice that comes first; empty of all others."""
    return next((one.words for one in field.metadata if isinstance(one, First)), ())


def _bounds(field: FieldInfo, least: float) -> tuple[Any, Any]:
    """Lowest and highest value that the field allows, as far as it says so; ``least``: so much
    above what a value has to exceed."""
    low: Any = None
    high: Any = None
    for rule in field.metadata:
        if isinstance(rule, annotated_types.Ge):
            low = rule.ge
        if isinstance(rule, annotated_types.Gt):
            low = rule.gt + least  # type: ignore[operator]
        if isinstance(rule, annotated_types.Le):
            high = rule.le
    if field.annotation is float:
        return low if low is None else float(low), high if high is None else float(high)
    return low, high


def _spelled(value: str) -> str:
    """ "class_weights" -> "Class weights", "cpu" -> "CPU"."""
    short_for = value in ("cpu", "gpu", "clahe")
    return value.upper() if short_for else value.replace("_", " ").capitalize()
