"""What can be done with a model as a thing: name, take out, bring in, delete, compare."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts import plots, state, tables, ways
from pages.parts.deletion import delete_model
from pages.parts.downloads import download
from pages.parts.errors import panel
from pages.parts.words import (
    DASH,
    count,
    duration,
    measure_title,
    moment,
    plain,
    question,
    short,
)
from pmed_core.errors import UserError
from pmed_core.figures import wording
from pmed_core.service import cohorts, exports, models, revisions
from pmed_core.service.entries import ModelEntry
from pmed_core.settings import RESEARCH_ONLY

COMPARED = (
    "auroc", "c_index", "integrated_brier", "average_precision", "brier", "log_loss",
    "calibration_slope", "calibration_intercept", "sensitivity", "specificity", "ppv", "npv",
    "r2", "rmse", "mae", "coverage", "interval_width",
)  # fmt: skip


def keep(entry: ModelEntry) -> None:
    """Rename, describe, download, delete."""
    _facts(entry)
    with st.form("rename", border=True):
        name = st.text_input("Name", value=entry.name, max_chars=80, key=f"rename-{entry.id}")
        notes = st.text_area(
            "Notes", value=entry.notes, max_chars=models.NOTES_LENGTH, key=f"notes-{entry.id}",
            placeholder="What it is for, what to look out for, who agreed to what",
            help="Kept here beside the model; they are not exported with it.",
        )  # fmt: skip
        if st.form_submit_button("Save name and notes", icon=":material/save:"):
            with panel():
                models.rename(entry.id, name)
                models.write_notes(entry.id, notes)
                state.say("The name and the notes are saved.")
                st.rerun()
    refused = exports.why_not_onnx(entry)
    with st.container(horizontal=True):
        download(
            "Model card", lambda: models.card(entry.id), ("model-card.md", "text/markdown"),
            "card", icon=":material/description:",
        )  # fmt: skip
        download(
            "Export the model", lambda: models.export(entry.id), ("model.zip", "application/zip"),
            "export", icon=":material/download:",
        )  # fmt: skip
        if refused is None and st.button("Export as ONNX", icon=":material/output:"):
            _onnx(entry)
        delete_model(entry)
    st.caption("The exported file holds no patient and no code: weights, preprocessing, the card.")
    if refused is not None:
        st.caption(f"{plain(refused.what)}. {plain(refused.remedy)}")


@st.dialog("Export as ONNX", width="medium")
def _onnx(entry: ModelEntry) -> None:
    """Written and checked first, so that what went wrong can be said; then handed out."""
    st.write(
        "One file that other programs can run. It takes each input by its name, and gives the "
        f"calibrated prediction and whether a {entry.modality.one} is unlike those of training. It "
        "holds no intervals and no explanations, and says nothing of a category that training "
        "never saw."
    )
    with panel():
        with st.spinner("Writing the file, and repeating the test cases in onnxruntime"):
            data = exports.onnx(entry.id)
        st.success(
            "onnxruntime repeats the model's predictions of all test cases.",
            icon=":material/check:",
        )
        download(
            f"Download, {len(data) / 1e6:.1f} MB", lambda: data,
            ("model.onnx", "application/octet-stream"), "onnx", icon=":material/download:",
            type="primary",
        )  # fmt: skip
    st.caption(RESEARCH_ONLY)


def _facts(entry: ModelEntry) -> None:
    rows = {
        "Model": entry.network_title,
        "Predicts": question(entry.outcome),
        "Trained on": f"{entry.cohort_name or 'unknown'}, {_size(entry)}{_revision(entry)}",
        "Inputs": f"{len(entry.variables):,}",
        "Training alone": f"{duration(entry.seconds)}, without comparison and evaluation",
        "Made": moment(entry.created),
    }
    st.table({title: plain(value) for title, value in rows.items()}, border="horizontal")
    if cohorts.here(entry.cohort):
        ways.link(
            "pages/cohorts.py", "Open its cohort", ":material/table:",
            {"cohort": cohorts.address(entry.cohort)},
        )  # fmt: skip


def _revision(entry: ModelEntry) -> str:
    """Which revision of the cohort it was trained on, where there are several."""
    number, of = revisions.numbered(entry.cohort) if entry.cohort else (0, 0)
    return f", revision {number} of {of}" if of > 1 else ""


def _size(entry: ModelEntry) -> str:
    """How much it was trained on; a patient may have several scans or rows."""
    patients = entry.card.get("patients", entry.rows)
    return count(entry.rows, entry.modality.counted(entry.rows, patients))


def import_form() -> None:
    """Bring in an exported model."""
    with st.form("import", clear_on_submit=True):
        file = st.file_uploader(
            "A model exported by this program (.zip)", type="zip", key="import-file"
        )
        st.caption(
            "It is checked first: it must repeat its 20 stored predictions exactly. That shows "
            "that it is whole, not who made it: import only from a source you trust."
        )
        if st.form_submit_button("Import", type="primary", icon=":material/upload_file:"):
            with panel():
                if file is None:
                    raise UserError("No file is chosen", "", "Choose a file first.")
                with st.spinner("Checking the model"):
                    state.choose("model", models.bring_in(file.name, file))
                state.say("The model is imported.")
                st.rerun()


def compare(entries: Sequence[ModelEntry], first: ModelEntry) -> None:
    """Two to four models side by side."""
    by_id = {entry.id: entry for entry in entries}
    if len(by_id) < 2:
        st.info("Comparing needs a second model. Train or import one.", icon=":material/info:")
        return
    others = [identity for identity in by_id if identity != first.id]
    picked = st.multiselect(
        "Models to compare", list(by_id), default=[first.id, others[0]], max_selections=4,
        format_func=lambda identity: short(by_id[identity].name), key=f"compare-{first.id}",
    )  # fmt: skip
    if len(picked) < 2:
        st.info("Pick at least two models.", icon=":material/info:")
        return
    chosen = [by_id[identity] for identity in picked]
    alike = _alike(chosen)
    if not alike:
        st.warning(
            f"These models were not evaluated on the same {first.modality.one}s and outcome, so "
            "their numbers cannot be compared directly, and none is called the best.",
            icon=":material/warning:",
        )  # fmt: skip
    titles = _side_by_side(chosen)
    if alike:
        plots.compared({t: e.evaluation for t, e in zip(titles, chosen, strict=True)})


def _alike(chosen: Sequence[ModelEntry]) -> bool:
    """Whether all predict the same for the same patients, as far as can be told."""
    asked = {(e.cohort, e.outcome, e.evaluation.n, e.evaluation.events) for e in chosen}
    return len(asked) == 1 and all(entry.cohort for entry in chosen)


def _compared(chosen: Sequence[ModelEntry]) -> list[str]:
    """The measures that one of them has at least: what each puts first, then those of all."""
    first = (name for entry in chosen for name in entry.evaluation.first)
    there = {name for entry in chosen for name in entry.evaluation.measures}
    return [name for name in dict.fromkeys((*first, *COMPARED)) if name in there]


def _side_by_side(chosen: Sequence[ModelEntry]) -> list[str]:
    """A column a model -> their titles."""
    titles = [f"{n}. {short(entry.name, 40)}" for n, entry in enumerate(chosen, 1)]
    names = _compared(chosen)
    asked = chosen[0].outcome
    table = {"Measure (95 % interval)": [measure_title(name, asked) for name in names]}
    for title, entry in zip(titles, chosen, strict=True):
        found = entry.evaluation.measures
        table[title] = [
            wording.measured(n, found[n], entry.outcome) if n in found else DASH for n in names
        ]
    extra = ("Evaluated on", "Model", "Training alone")
    table["Measure (95 % interval)"] += extra
    for title, entry in zip(titles, chosen, strict=True):
        table[title] += [entry.evaluation.on, entry.network_title, duration(entry.seconds)]
    tables.show(pd.DataFrame(table), "compare-table", "Models compared", height="content")
    return titles
