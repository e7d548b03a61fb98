"""How many more patients would help a model."""

from __future__ import annotations

import streamlit as st

from pages.parts import plots, runs
from pages.parts.errors import panel, refreshed
from pages.parts.modalities import shown_by
from pages.parts.words import duration, plain
from pmed_core.accounts import Right
from pmed_core.evaluation import Evaluation
from pmed_core.figures.learning_curve import sentence
from pmed_core.job import Job
from pmed_core.learning_curve import LearningCurve
from pmed_core.service import access, models
from pmed_core.service.entries import ModelEntry
from pmed_core.work import Growth

TRAININGS = 1.5
"""Of all patients, that those on parts of them take together."""


def growth_view(entry: ModelEntry, evaluated: Evaluation) -> None:
    """The curve where it is known, its progress while it is made, else the button that asks.

    Nothing below an evaluation on other patients, and of an imported model, which came without its
    own.
    """
    asked = entry.cohort and shown_by(entry.modality).GROWTH
    if not asked or evaluated is not entry.evaluation:
        return
    st.subheader("More patients", anchor=False)
    found, latest = models.growth(entry.id), runs.latest(Growth, entry.id)
    if found is not None:
        _known(found)
    elif latest is not None and latest.alive:
        refreshed(lambda: runs.under_way(latest.id), 1.0)
    elif access.allowed(Right.BUILD):
        _offer(entry, latest)
    else:
        st.caption("Nobody has asked yet how much more patients would help.")


def _known(found: LearningCurve) -> None:
    st.markdown(f"**{plain(sentence(found))}**")
    plots.growth(found)


def _offer(entry: ModelEntry, latest: Job | None) -> None:
    runs.failed(latest)
    st.caption(
        "Trains this model on a quarter, a half and three quarters of the patients and looks ahead "
        f"from there. It takes about {duration(TRAININGS * entry.seconds)}, in the background."
    )
    if st.button("How many more patients would help?", icon=":material/trending_up:", key="growth"):
        with panel():
            models.ask_growth(entry.id)
            st.rerun()
