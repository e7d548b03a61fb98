"""The viewer of scans: everything after the first paint happens in the browser."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.words import percent, plain
from pmed_core.evidence import Evidence
from pmed_core.service import scans

HERE = Path(__file__).parent / "viewer"
SLICES_AT_ONCE = 60


@cache
def _viewer() -> Any:
    """Registered once; the three files are our own."""
    html, css, js = (
        (HERE / f"viewer.{end}").read_text(encoding="utf-8") for end in ("html", "css", "js")
    )
    return st.components.v2.component("pmed_scan_viewer", html=html, css=css, js=js)


def scan_viewer(cohort: str, name: str, found: Evidence | None) -> None:
    """The scan among the slices of its series, with its evidence where there is some."""
    shown = scans.view(cohort, name, found, SLICES_AT_ONCE)
    packed = {
        key: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for key, value in shown.items()
    }
    packed["slices"] = [base64.b64encode(one).decode() for one in shown["slices"]]
    _viewer()(data=packed, key=f"viewer-{cohort}-{name}")
    st.caption(
        "Scroll to zoom, drag to pan, double-click to reset."
        + (f" {_colours(found)}" if found and found.telling else "")
        + (f" {plain(shown['note'])}" if shown["note"] else "")
    )


def _colours(found: Evidence) -> str:
    share = "the" if found.colour == 1 else f"{percent(found.colour)} of the"
    why = "" if found.colour == 1 else ", for all places together hardly move the model"
    return (
        f"Orange speaks for it, blue against it; the strongest place has {share} full colour{why}."
    )
