"""One scan: picking it, its risk, its evidence."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts import frame, state, tables
from pages.parts.downloads import download
from pages.parts.errors import panel, refreshed
from pages.parts.scan_viewer import scan_viewer
from pages.parts.search import search_box
from pages.parts.standing import tells, trust_badges
from pages.parts.trust import trust_view
from pages.parts.words import count, general, percent, percents, plain, short
from pmed_core.evidence import Evidence, Lesion
from pmed_core.figures import wording
from pmed_core.figures.regions import (
    BOXES,
    EXACT,
    UNGUARDED,
    WHY_OUTSIDE,
    longest_side,
    region_rows,
)
from pmed_core.figures.standing import IN_TRAINING, TOO_GOOD, basis_title, scan_sentence
from pmed_core.service import cohorts, scans
from pmed_core.service.entries import CohortEntry, ModelEntry


def pick_scan(entry: ModelEntry) -> tuple[CohortEntry, str] | None:
    """A cohort of scans and one of its scans; None until both are clear."""
    held = [one for one in cohorts.cohorts() if one.modality == entry.modality]
    if cohorts.here(entry.cohort):
        own_one = cohorts.revision(entry.cohort)
        held = [own_one, *(one for one in held if one.address != own_one.address)]
    if not held:
        st.info("There are no scans here. Add some on the Cohorts page.", icon=":material/info:")
        return None
    by_id = {one.id: one for one in held}
    own = entry.cohort if entry.cohort in by_id else held[0].id
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cohort = st.selectbox(
            "Scans of", list(by_id), index=list(by_id).index(own), width=300,
            format_func=lambda one: short(by_id[one].name, 40), key=f"scans-of-{entry.id}",
        )  # fmt: skip
        picked = search_box(
            "Scan", lambda text, limit: scans.names(cohort, text, limit), state.patient(),
            f"scan-{cohort}",
        )  # fmt: skip
    if picked is None:
        frame.warm(entry.id, cohort)
        st.caption("The scan, its risk and the evidence on it appear here.")
        return None
    return by_id[cohort], picked


def scan_view(entry: ModelEntry, cohort: CohortEntry, name: str) -> None:
    """The answer, then the picture on the left and where it comes from on the right."""
    found: Evidence | None = None
    with panel():
        found = _answer(entry, cohort, name)
    believed = found if found is not None and not found.outside else None
    left, right = st.columns([3, 2])
    if believed is not None:
        with right, panel():
            _lesions(entry, cohort, believed)
            _regions(believed)
    with left:
        scan_viewer(cohort.id, name, believed)
        if found is not None:
            _downloads(entry, cohort, name, found)
        if believed is not None:
            label = believed.label
            refreshed(
                lambda: trust_view(
                    f"{entry.id}-{name}", lambda: scans.check(entry.id, cohort.id, name, label)
                )
            )


def _answer(entry: ModelEntry, cohort: CohortEntry, name: str) -> Evidence:
    """What the model says of the scan, in numbers or in the sentence that stands for them."""
    with st.spinner("Asking the model"):
        found = scans.look(entry.id, cohort.id, name)
    known = scans.label(cohort.id, name)
    label = f":material/label: Its label is **{plain(short(known))}**." if known else ""
    said = basis_title(found.basis), scan_sentence(found.basis)
    trust_badges(entry.evaluation, found.basis, said)
    if found.outside:
        _outside()
        st.markdown(label)
        return found
    left, right = st.columns([3, 2], vertical_alignment="center")
    with left:
        if tells(entry.evaluation, "scan"):
            _risk(entry, found)
        else:
            with st.expander("What it says all the same", key="all-the-same"):
                _risk(entry, found)
        if not found.guarded:
            st.caption(f":material/warning: {UNGUARDED}")
    with right:
        st.markdown(label)
        chosen = _explained(entry, found)
    return found if chosen == found.label else scans.look(entry.id, cohort.id, name, chosen)


def _explained(entry: ModelEntry, found: Evidence) -> str:
    """Of several classes, the one whose evidence is shown: the likeliest until another is asked
    for."""
    if entry.outcome.of_one_event:
        return found.label
    chosen = st.selectbox(
        "Evidence for", found.labels, found.labels.index(found.label), format_func=short,
        key=f"label-{entry.id}-{found.scan}",
    )  # fmt: skip
    return str(chosen)


def _downloads(entry: ModelEntry, cohort: CohortEntry, name: str, found: Evidence) -> None:
    """Made when they are asked for."""
    with st.container(horizontal=True):
        download(
            "Report (PDF)", lambda: scans.report(entry.id, cohort.id, name, found),
            ("scan-report.pdf", "application/pdf"), "report", icon=":material/picture_as_pdf:",
        )  # fmt: skip
        if found.outside:
            return
        if found.telling:
            download(
                "Evidence (PNG)", lambda: scans.picture(cohort.id, name, found),
                ("scan-evidence.png", "image/png"), "picture", icon=":material/image:",
            )  # fmt: skip
        if found.outline is not None:
            download(
                "Outline (PNG)", lambda: scans.outline(found),
                ("scan-outline.png", "image/png"), "outline", icon=":material/draw:",
            )  # fmt: skip
            download(
                "Outline (DICOM)", lambda: scans.dicom(entry.id, cohort.id, name),
                ("scan-outline.zip", "application/zip"), "dicom", icon=":material/radiology:",
                disabled=not scans.has_spacing(cohort.id, name),
                help="A DICOM segmentation of the whole series with the slices it refers to. It "
                "needs the size of a pixel in millimetres.",
            )  # fmt: skip


def _outside() -> None:
    """Instead of a number."""
    st.warning(
        f"**{wording.OUTSIDE}.** No probability and no map are shown, because the model was never "
        "trained on a scan like this one.",
        icon=":material/wrong_location:",
    )
    st.caption(WHY_OUTSIDE)


def _risk(entry: ModelEntry, found: Evidence) -> None:
    if found.basis == "in training":
        st.warning(f"**{IN_TRAINING}.** {TOO_GOOD}.", icon=":material/dangerous:")
    if entry.outcome.of_one_event:
        st.metric(
            f"Probability of {plain(short(found.labels[0], 40))}", percent(found.probability[0])
        )
        side = "at or above" if found.probability[0] >= entry.threshold else "below"
        st.markdown(
            f"Interval **{percents(found.low[0], found.high[0])}** ({plain(found.interval)}). "
            f"That is {side} the threshold of {percent(entry.threshold)}."
        )
        return
    rows = [
        {
            "Class": label,
            "Probability": percent(risk),
            "Interval": percents(low, high),
        }
        for label, risk, low, high in zip(
            found.labels, found.probability, found.low, found.high, strict=True
        )
    ]
    tables.show(
        pd.DataFrame(rows), "classes", "Probability of each class",
        {"Probability": st.column_config.TextColumn(alignment="right")},
    )  # fmt: skip
    st.caption(f"Interval: {plain(found.interval)}.")


def _lesions(entry: ModelEntry, cohort: CohortEntry, found: Evidence) -> None:
    """What the model outlines, with sizes."""
    if found.outline is None:
        return
    st.subheader("Outlined lesions", anchor=False)
    _measured(found.lesions, found.outlined_slices, "lesions")
    slices = scans.slices(cohort.id, found.scan)
    if slices > found.outlined_slices:
        refreshed(lambda: _whole_series(entry, cohort, found.scan, slices))


def _whole_series(entry: ModelEntry, cohort: CohortEntry, name: str, slices: int) -> None:
    """Long series take a while, so a person asks for them."""
    if st.button(f"Measure on all {slices:,} slices", icon=":material/straighten:", key="series"):
        with st.spinner("Outlining every slice of the series"):
            found = scans.series(entry.id, cohort.id, name)
        _measured(found.lesions, len(found.scans), "lesions-of-series")


def _measured(lesions: Sequence[Lesion], slices: int, key: str) -> None:
    where = f"the {slices:,} slices" if slices > 1 else "this scan"
    if not lesions:
        st.caption(f"The model outlines nothing on {where}.")
        return
    rows = [_lesion(number + 1, lesion) for number, lesion in enumerate(lesions)]
    tables.show(pd.DataFrame(rows), key, "Lesions with their sizes")
    volumes = [lesion.millilitres for lesion in lesions if lesion.millilitres is not None]
    total = f" Together {general(sum(volumes), 3)} ml." if len(volumes) > 1 else ""
    st.caption(f"On {where}.{total} For agreement with human outlines see the model's performance.")


def _lesion(number: int, lesion: Lesion) -> dict[str, object]:
    """Only columns that are known."""
    row: dict[str, object] = {"Lesion": number}
    if lesion.diameter_mm is not None:
        row["Longest side"] = longest_side(lesion)
    if lesion.millilitres is not None:
        row["Volume"] = f"{general(lesion.millilitres, 2)} ml"
    else:
        row["Size"] = count(lesion.pixels, "pixel")
    return row | {"Slices": lesion.slices, "Largest on": short(lesion.scan, 40)}


def _regions(found: Evidence) -> None:
    """The places that matter, and how much; the sum is the prediction."""
    st.subheader("Where", anchor=False)
    if not found.telling:
        st.warning(
            "No map is shown: it stays nearly the same when the network's weights are shuffled "
            f"(correlation {found.steadiness:.2f}), so it would show the scan and not what "
            "the model learnt.",
            icon=":material/visibility_off:",
        )
        return
    rows = pd.DataFrame(region_rows(found), columns=["Region", "Size", "Log-odds"])
    tables.show(
        rows, "regions", "Regions and what they add",
        {"Log-odds": st.column_config.NumberColumn(format="%+.2f")},
    )  # fmt: skip
    exact = (
        EXACT
        if found.explanation.method == "exact"
        else f"Shapley values of {found.places.size} places, hidden in turn by a blurred scan; "
        f"largest standard error {found.explanation.standard_error.max():.2f}."
    )
    st.caption(
        f"{exact} {BOXES} It shows what moved the model, not what causes the disease. Shuffled "
        f"weights give another map (correlation {found.steadiness:.2f})."
    )
