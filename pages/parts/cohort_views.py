"""The views of a cohort, and above all of them what is not saved yet."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.history import history_view
from pages.parts.labels import labels_editor
from pages.parts.modalities import shown_by
from pages.parts.outcome import next_is_the_outcome, outcome_chooser
from pages.parts.pickers import cohort_line
from pages.parts.quality import distributions, quality_panel
from pages.parts.reading import reading_view
from pages.parts.terms import notice
from pages.parts.unsaved import unsaved_row
from pages.parts.variables import variables_editor
from pmed_core.service import cohorts
from pmed_core.service.entries import CohortEntry

PATH = ("Variables", "Outcome", "Quality")
"""The steps from a table to a training."""
VIEWS = (*PATH, "Reading", "Distributions", "Rows", "History")
NUMBERS = (":material/counter_1:", ":material/counter_2:", ":material/counter_3:")


def cohort_views(entry: CohortEntry) -> None:
    """What is known of a cohort, a view at a time."""
    st.markdown(cohort_line(entry))
    notice(entry.address)
    first = "Outcome" if entry.outcome is None else "Quality"
    view = st.segmented_control(
        "View", VIEWS, required=True, label_visibility="collapsed", wrap=True,
        key=state.view_key(entry.address, first), format_func=_numbered,
    )  # fmt: skip
    unsaved = st.container()
    _view(entry, str(view))
    _next_step(entry, str(view))
    # Last, as what is typed into this very view counts.
    with unsaved:
        unsaved_row(entry)


def _numbered(view: str) -> str:
    """The steps of the path with their numbers."""
    return f"{NUMBERS[PATH.index(view)]} {view}" if view in PATH else view


def _next_step(entry: CohortEntry, view: str) -> None:
    """At the end of each step the one after it."""
    if view == "Outcome" and entry.outcome is not None:
        st.button(
            "Next: check the quality", icon=":material/arrow_forward:", key="next-quality",
            on_click=state.show_view, args=(entry.address, "Quality"),
        )  # fmt: skip
    elif view == "Quality" and entry.outcome is not None:
        if st.button("Next: train a model", icon=":material/arrow_forward:", key="next-train"):
            state.choose("run", "")
            st.switch_page("pages/train.py", query_params=state.address("cohort"))
    elif view != "Outcome" and (entry.outcome is None or view == "Variables"):
        next_is_the_outcome(entry)


def _view(entry: CohortEntry, view: str) -> None:
    quality = cohorts.quality(entry.id)
    match view:
        case "Reading":
            reading_view(entry)
        case "Outcome":
            outcome_chooser(entry, quality)
        case "Variables":
            variables_editor(entry, quality)
            labels_editor(entry, quality)
        case "Distributions":
            distributions(entry, quality)
        case "Rows":
            shown_by(entry.modality).rows(entry)
        case "History":
            history_view(entry)
        case _:
            quality_panel(entry, quality)
