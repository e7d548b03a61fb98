"""What moves the model over the whole cohort."""

from __future__ import annotations

import streamlit as st

from pages.parts import plots, runs, tables
from pages.parts.errors import refreshed
from pages.parts.words import short
from pmed_core.accounts import Right
from pmed_core.explanation import Explanation
from pmed_core.figures.contributions import ranked
from pmed_core.figures.tables import together
from pmed_core.job import Job
from pmed_core.service import access, models
from pmed_core.service.entries import ModelEntry
from pmed_core.variable import Kind, Variable
from pmed_core.work import Importance


def importance_view(entry: ModelEntry) -> None:
    """The explanation where it is made, its progress while it is, else the button that makes it."""
    found = models.importance(entry.id)
    latest = runs.latest(Importance, entry.id)
    if found is not None:
        _explained(entry, found)
    elif latest is not None and latest.alive:
        refreshed(lambda: runs.under_way(latest.id), 1.0)
    elif access.allowed(Right.BUILD):
        _offer(entry, latest)
    else:
        st.caption("Nobody has asked yet what moves this model over its cohort.")


def _explained(entry: ModelEntry, found: Explanation) -> None:
    plots.beeswarm(found, entry.outcome.event(found.label))
    st.caption(
        "Averaged over all networks. They were trained on these patients, so this describes the "
        "model, not its performance on others. A single patient is explained by the networks that "
        "never saw them."
    )
    inputs = {variable.name: variable for variable in models.inputs(entry.id)}
    strongest = [inputs[name] for name, size in ranked(found) if size > 0]
    if not strongest:
        return
    st.subheader("Effect of one variable", anchor=False)
    refreshed(lambda: plots.dependence(found, _picked("Variable", strongest, f"along-{entry.id}")))
    if found.pairs:
        st.subheader("Interactions", anchor=False)
        st.caption(
            "The pairs of variables that do more, or less, together than each by itself: root mean "
            "square of their interaction over the patients, with its 95 % interval."
        )
        numbers = (f"Strength ({found.quantity.scale})", "Low", "High")
        tables.show(
            together(found), f"together-{entry.id}", "Pairs of variables that interact most",
            {name: st.column_config.NumberColumn(format="%.3g") for name in numbers},
            width="content",
        )  # fmt: skip
    st.subheader("Importance by subgroup", anchor=False)
    st.caption("Does the model look at other things in some patients than in others?")
    every = sorted(inputs.values(), key=lambda variable: variable.kind is Kind.NUMBER)
    refreshed(lambda: plots.subgroups(found, _picked("Groups by", every, f"groups-{entry.id}")))


def _picked(title: str, variables: list[Variable], key: str) -> Variable:
    return st.selectbox(
        title, variables, format_func=lambda variable: short(variable.name), key=key, width=320
    )


def _offer(entry: ModelEntry, latest: Job | None) -> None:
    if not entry.cohort:
        st.info(
            "An imported model came without its patients, so its importance over a cohort cannot "
            "be computed here. Single patients can be explained on the Patient page.",
            icon=":material/info:",
        )
        return
    runs.offer(
        latest,
        "Which inputs move the model most, in which direction, together with which others, and in "
        "which patients? Up to 1,000 patients are explained in the background, which takes about a "
        "minute.",
        ("Explain the model", ":material/insights:"), lambda: models.explain_cohort(entry.id),
    )  # fmt: skip
