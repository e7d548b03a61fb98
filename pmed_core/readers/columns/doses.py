"""Categories that are numbers of a unit, as the doses of a treatment are: "0.5" and "10" of mg."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from pmed_core.readers.columns import numbers, texts
from pmed_core.readers.columns.asked import Asked
from pmed_core.variable import Kind, Variable


def such(variable: Variable) -> bool:
    """Whether a variable's categories are; those of bands are not."""
    names = pd.Series(list(variable.categories), dtype="str")
    return bool(variable.unit and len(names)) and numbers.written_plainly(names) is not None


def as_number(variable: Variable, asked: Asked) -> Asked:
    """The same column asked for its numbers, in that unit."""
    return replace(asked, earlier=replace(variable, kind=Kind.NUMBER, categories=(), range=None))


def named(doses: pd.Series[Any]) -> pd.Series[Any]:
    """(n,) numbers -> categories. What a change of unit leaves behind is no dose of its own: 0.1 mg
    of 100 µg."""
    return texts.as_text(doses.map(lambda dose: float(f"{dose:.9g}")))
