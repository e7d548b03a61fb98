"""Which pages there are, and the ways to those that whoever looks may open."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pmed_core.accounts import Right
from pmed_core.service import access
from pmed_core.settings import settings

Pages = tuple[tuple[str, str, str], ...]

SECTIONS: dict[str, Pages] = {
    "Start": (("home", "Home", ":material/home:"),),
    "Prepare": (("cohorts", "Cohorts", ":material/table:"),),
    "Build": (
        ("train", "Train", ":material/model_training:"),
        ("models", "Models", ":material/neurology:"),
    ),
    "Use": (
        ("patient", "Patient", ":material/personal_injury:"),
        ("scan", "Scan", ":material/radiology:"),
        ("treatment", "Treatment", ":material/compare:"),
        ("genomes", "Genomes", ":material/genetics:"),
    ),
    "Run": (
        ("jobs", "Jobs", ":material/list_alt:"),
        ("users", "Users", ":material/group:"),
        ("audit", "Audit", ":material/history:"),
    ),
}
"""Section -> its pages: file, title, icon."""

NEEDED = {
    "home": Right.LOOK, "models": Right.LOOK, "jobs": Right.LOOK,
    "cohorts": Right.PREPARE, "train": Right.BUILD,
    "patient": Right.ASK, "scan": Right.ASK, "treatment": Right.ASK,
    "genomes": Right.ASK,
    "users": Right.ADMINISTER, "audit": Right.ADMINISTER,
}  # fmt: skip
"""Page -> what its verbs ask for."""


def sections() -> dict[str, Pages]:
    """Those that there are: on a laptop there is nobody to let in."""
    if settings().hosted:
        return SECTIONS
    found = {
        section: tuple(one for one in pages if NEEDED[one[0]] is not Right.ADMINISTER)
        for section, pages in SECTIONS.items()
    }
    return {section: pages for section, pages in found.items() if pages}


def leads(page: str) -> bool:
    """Whether a file such as ``pages/train.py`` may be opened."""
    return access.allowed(NEEDED[page.removeprefix("pages/").removesuffix(".py")])


def link(page: str, label: str, icon: str, query_params: Mapping[str, str] | None = None) -> None:
    """A link to a page; nothing where it may not be opened."""
    if leads(page):
        st.page_link(page, label=label, icon=icon, query_params=dict(query_params or {}) or None)
