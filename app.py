"""The frame of the app and its router: page config, navigation, the error panel. Nothing else."""

from __future__ import annotations

import logging
import threading

import streamlit as st

from pages.parts.errors import panel
from pages.parts.state import said
from pmed_core.service import patients
from pmed_core.settings import RESEARCH_ONLY


def _navigation() -> None:
    """Draw the chosen page inside the frame."""
    page = st.navigation(
        {
            "Start": [st.Page("pages/home.py", title="Home", icon=":material/home:", default=True)],
            "Prepare": [st.Page("pages/cohorts.py", title="Cohorts", icon=":material/table:")],
            "Build": [
                st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
                st.Page("pages/models.py", title="Models", icon=":material/neurology:"),
            ],
            "Use": [st.Page("pages/patient.py", title="Patient", icon=":material/personal_injury:")],
            "Run": [st.Page("pages/jobs.py", title="Jobs", icon=":material/list_alt:")],
        },
        expanded=True,
    )
    st.caption(f":material/science: {RESEARCH_ONLY}")
    for sentence in said():
        st.toast(sentence, icon=":material/check_circle:")
    with panel():
        page.run()


@st.cache_resource(show_spinner=False)
def _warm() -> None:
    """Start the model process once, beside the first page and not before it."""
    threading.Thread(target=_start, name="warm", daemon=True).start()


def _start() -> None:
    try:
        patients.warm()
    except Exception:
        logging.getLogger("pmed").exception("the model process could not be started early")


st.set_page_config(page_title="pmed", page_icon=":material/ecg_heart:", layout="wide")
_navigation()
_warm()
