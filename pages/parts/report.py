"""One patient's page as a PDF."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from pages.parts.patient_pick import Case, at_hand, by_importance
from pmed_core.explanation import Explanation
from pmed_core.service import cohorts
from pmed_core.service.entries import ModelEntry
from pmed_core.work import Consultation


def report_button(
    entry: ModelEntry, case: Case, found: Consultation, explanation: Explanation | None
) -> None:
    """Made when it is asked for, not before."""
    st.download_button(
        "Report (PDF)", lambda: report(entry, case, found, explanation), "patient-report.pdf",
        "application/pdf", key="report", on_click="ignore", icon=":material/picture_as_pdf:",
    )  # fmt: skip


def report(
    entry: ModelEntry, case: Case, found: Consultation, explanation: Explanation | None
) -> bytes:
    """The page as bytes."""
    # The PDF library is loaded by those who ask for a report, not by everyone who opens the page.
    from pmed_core.figures.cohorts import places
    from pmed_core.reports.patient import PatientPage, patient_report

    summaries = cohorts.quality(entry.cohort).summaries if at_hand(entry) else ()
    page = PatientPage(
        patient=case.patient or "typed values", model=entry.name, made=datetime.now(),
        consultation=found, judgement=entry.judgement, explanation=explanation,
        places=tuple(places(by_importance(entry), summaries, case.cells)),
        threshold=entry.threshold if len(found.labels) == 1 else None,
    )  # fmt: skip
    return patient_report(page)
