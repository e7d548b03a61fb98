"""Which scan: of the model's own cohort, or of another one."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.search import search_box
from pages.parts.words import short
from pmed_core.service import cohorts, links, scans
from pmed_core.service.entries import CohortEntry, ModelEntry


def pick_cohort_of_scans(entry: ModelEntry) -> CohortEntry | None:
    """The model's own first; None where there are no scans."""
    held = [one for one in cohorts.cohorts() if one.modality == entry.modality]
    if cohorts.here(entry.cohort):
        own = cohorts.revision(entry.cohort)
        held = [own, *(one for one in held if one.address != own.address)]
    if not held:
        st.info("There are no scans here. Add some on the Cohorts page.", icon=":material/info:")
        return None
    by_id, key = {one.id: one for one in held}, f"scans-of-{entry.id}"
    _follow_link(tuple(by_id), key)
    chosen = st.selectbox(
        "Scans of", list(by_id), width=300, key=key,
        format_func=lambda one: short(by_id[one].name, 40),
    )  # fmt: skip
    return by_id[chosen]


def search_key(cohort: CohortEntry) -> str:
    """Of the box in which a scan is found."""
    return f"scan-{cohort.id}"


def pick_scan(cohort: CohortEntry) -> str | None:
    """A box that searches all scans of the cohort."""
    picked = search_box(
        "Scan", lambda text, limit: scans.names(cohort.id, text, limit), state.patient(),
        search_key(cohort),
    )  # fmt: skip
    if picked is not None:
        state.choose_patient(picked)
        state.show_link(links.link(cohort.id, picked), "scan")
    return picked


def _follow_link(held: tuple[str, ...], box: str) -> None:
    """Choose the scan that the address names, and its cohort."""
    token = state.followed_link("scan")
    if not token:
        return
    cohort, scan = links.linked_scan(held, token)
    if scan:
        state.show_in(box, cohort)
        state.turn_to(scan, f"scan-{cohort}")
    else:
        st.info("The scan of this link is not in these cohorts.", icon=":material/link_off:")
        state.show_link("", "scan")
