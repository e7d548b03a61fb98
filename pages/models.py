"""Models: how good each is, what moves it, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from pages.parts import state, ways
from pages.parts.damaged import damaged_list
from pages.parts.keep import import_form
from pages.parts.model_list import model_list
from pages.parts.model_views import model_views
from pages.parts.pickers import heading, no_model, pick_model
from pages.parts.terms import notice
from pages.parts.words import OPEN
from pmed_core.accounts import Right
from pmed_core.service import access, cohorts, models


@st.dialog("Import a model", width="medium")
def _import() -> None:
    import_form()


heading(
    "Models",
    "How well a model performs on patients it has not seen, and what drives its predictions.",
)
damaged_list("model")
build = access.allowed(Right.BUILD)
if entries := models.models():
    fresh, above = not state.chosen("model"), st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = pick_model(entries)
        if build and st.button("Import a model", icon=":material/upload_file:"):
            _import()
        page, of = chosen.modality.page, chosen.modality.listed
        if ways.leads(page) and st.button(f"Open a {of}", type="primary", icon=OPEN[page]):
            st.switch_page(f"pages/{page}.py", query_params=state.address("model"))
    with above:
        model_list(entries, open_at_first=fresh)
    if address := cohorts.address(chosen.cohort):
        notice(address, chosen.cohort_name)
    model_views(chosen, entries)
else:
    no_model()
    if build:
        st.subheader("Or import one", anchor=False)
        import_form()
