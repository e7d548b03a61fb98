"""A model in each part of its patients, side by side."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmed_core.figures import comparison, wording
from pmed_core.outcomes import Outcome
from pmed_core.subgroups import Subgroups


def groups(found: Subgroups) -> go.Figure:
    """One line a group with its 95 % interval, and all of them together."""
    told = {one.name: one.measures[found.measure] for one in (found.whole, *found.groups)}
    return comparison.forest(told, found.measure, ours=found.whole.name)


def groups_caption(found: Subgroups, outcome: Outcome) -> str:
    """What a line is, and how easily chance makes one look worse."""
    title = wording.measure_title(found.measure, outcome)
    return (
        f"{title} of each group, best first, with 95 % intervals; the square is all of them. Of "
        "twenty variables that make no difference one looks as if it did. Fewer events, or "
        "patients who are more alike, make a group look worse as well."
    )


def groups_table(found: Subgroups, outcome: Outcome) -> pd.DataFrame:
    """One row a group."""
    names = list(found.whole.measures)
    rows = [
        [one.name, one.n, one.events,
         *(wording.measured(name, one.measures[name], outcome) for name in names)]
        for one in (found.whole, *found.groups)
    ]  # fmt: skip
    titles = [wording.measure_title(name, outcome) for name in names]
    return pd.DataFrame(rows, columns=["Group", "Evaluated", "Of them", *titles])
