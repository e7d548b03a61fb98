"""What there is to see of one model: its performance, its views, what can be done with it."""

from __future__ import annotations

import streamlit as st

from pages.parts.evaluation import evaluation_view
from pages.parts.groups import groups_view
from pages.parts.growth import growth_view
from pages.parts.heldout import heldout_form, pick_evaluation, report_button
from pages.parts.keep import compare, keep
from pages.parts.modalities import shown_by
from pages.parts.new_patients import new_patients_form
from pmed_core.accounts import Right
from pmed_core.service import access
from pmed_core.service.entries import ModelEntry

OF_ALL = {
    "Groups": Right.LOOK, "New patients": Right.ASK, "Held-out file": Right.BUILD,
    "Compare": Right.LOOK, "Manage": Right.BUILD,
}  # fmt: skip
"""What each asks for; the views of a kind of model show patients."""


def model_views(entry: ModelEntry, entries: tuple[ModelEntry, ...]) -> None:
    """One of the views, chosen above it."""
    of = entry.modality.one
    own = shown_by(entry.modality).MODEL_VIEWS if access.allowed(Right.ASK) else {}
    views = ("Performance", *own, *(view for view in OF_ALL if access.allowed(OF_ALL[view])))
    view = st.segmented_control(
        "View", views, default=views[0], required=True, key=f"models-view-{entry.modality.name}",
        label_visibility="collapsed", format_func=lambda x: x.replace("patient", of),
    )  # fmt: skip
    match view:
        case "Groups":
            groups_view(entry)
        case "New patients":
            new_patients_form(entry)
        case "Held-out file":
            heldout_form(entry)
        case "Compare":
            compare(entries, entry)
        case "Manage":
            keep(entry)
        case str() if view in own:
            own[view](entry)
        case _:
            with st.container(
                horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
            ):
                key, evaluated = pick_evaluation(entry)
                report_button(entry, evaluated)
            evaluation_view(evaluated, key, of, entry)
            growth_view(entry, evaluated)
