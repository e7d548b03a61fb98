"""The viewer of scans: everything after the first paint happens in the browser."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.words import percent
from pmed_core.evidence import Evidence
from pmed_core.service.viewing import view

HERE = Path(__file__).parent
PARTS = ("packed", "geometry", "painting", "controls", "viewer")
"""Of one script, in this order: a component takes a single one."""


@cache
def _viewer() -> Any:
    """Registered once; the files are our own."""
    html, css = (_file(f"viewer.{end}") for end in ("html", "css"))
    js = "\n".join(_file(f"{part}.js") for part in PARTS)
    return st.components.v2.component("pmed_scan_viewer", html=html, css=css, js=js)


def _file(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def scan_viewer(cohort: str, name: str, found: Evidence | None) -> None:
    """The scan among the slices of its series, with its evidence where there is some."""
    _viewer()(data=view(cohort, name, found), key=f"viewer-{cohort}-{name}")
    if found and found.telling:
        st.caption(_colours(found))


def _colours(found: Evidence) -> str:
    share = "the" if found.colour == 1 else f"{percent(found.colour)} of the"
    why = "" if found.colour == 1 else ", for all places together hardly move the model"
    return (
        f"Orange speaks for it, blue against it; the strongest place has {share} full colour{why}."
    )
