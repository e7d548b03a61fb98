"""Models: how good each is, what moves it, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.damaged import damaged_list
from pages.parts.evaluation import evaluation_view
from pages.parts.groups import groups_view
from pages.parts.growth import growth_view
from pages.parts.heldout import heldout_form, pick_evaluation, report_button
from pages.parts.keep import compare, import_form, keep
from pages.parts.modalities import shown_by
from pages.parts.model_list import model_list
from pages.parts.new_patients import new_patients_form
from pages.parts.pickers import heading, no_model, pick_model
from pages.parts.words import OPEN
from pmed_core.service import models
from pmed_core.service.entries import ModelEntry

OF_ALL = ("Groups", "New patients", "Held-out file", "Compare", "Manage")


@st.dialog("Import a model", width="medium")
def _import() -> None:
    import_form()


def _model(entry: ModelEntry, entries: tuple[ModelEntry, ...]) -> None:
    of, own = entry.modality.one, shown_by(entry.modality).MODEL_VIEWS
    views = ("Performance", *own, *OF_ALL)
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


heading(
    "Models",
    "How well a model performs on patients it has not seen, and what drives its predictions.",
)
damaged_list("model")
if entries := models.models():
    fresh, above = not state.chosen("model"), st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = pick_model(entries)
        if st.button("Import a model", icon=":material/upload_file:"):
            _import()
        page, of = chosen.modality.page, chosen.modality.one
        if st.button(f"Open a {of}", type="primary", icon=OPEN[page]):
            st.switch_page(f"pages/{page}.py", query_params=state.address("model"))
    with above:
        model_list(entries, open_at_first=fresh)
    _model(chosen, entries)
else:
    no_model()
    st.subheader("Or import one", anchor=False)
    import_form()
