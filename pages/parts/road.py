"""The way from data to one patient, as a picture of three steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.parts import ways
from pages.parts.words import OPEN, OPENING, count
from pmed_core.service.entries import ModelEntry


@dataclass(frozen=True)
class Step:
    """A page with what leads to it: a label, an icon, and what stands in its address."""

    page: str
    label: str
    icon: str
    address: dict[str, str]


def road(cohorts: int, models: Sequence[ModelEntry]) -> None:
    """Data, model, one patient: what each is, and what there is of it."""
    page, trained = (models[0].modality.page if models else "patient"), len(models)
    steps = (
        ("1. Data", "Tables, scans, molecules, sequences, genomes. Say what is to be predicted.",
         Step("pages/cohorts.py", _there(cohorts, "cohort", "Upload a file"), ":material/table:",
              {})),
        ("2. Model", "Trained here, and evaluated on patients it has never seen.",
         Step("pages/models.py" if trained else "pages/train.py",
              _there(trained, "model", "Train a model"), ":material/neurology:", {})),
        ("3. One patient", "What is predicted, how far to trust it, why, and what would change it.",
         Step(f"pages/{page}.py", OPENING[page], OPEN[page], {})),
    )  # fmt: skip
    for column, (title, sentence, step) in zip(st.columns(3), steps, strict=True):
        with column.container(border=True, height="stretch", vertical_alignment="distribute"):
            st.subheader(f"{step.icon} {title}", anchor=False)
            st.markdown(sentence)
            ways.link(step.page, step.label, ":material/arrow_forward:")


def _there(n: int, one: str, otherwise: str) -> str:
    return count(n, one) if n else otherwise
