"""The scans of a cohort and one of them: its risk, the picture, and one panel at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import frame, plots, tables
from pages.parts.downloads import download
from pages.parts.errors import panel, refreshed
from pages.parts.modalities.scan.pick import pick_cohort_of_scans, pick_scan, search_key
from pages.parts.modalities.scan.viewer import scan_viewer
from pages.parts.pickers import pick_model
from pages.parts.standing import (
    alert_badge,
    alert_worth,
    basis_badge,
    standing_badge,
    tells,
    trust_caption,
)
from pages.parts.staying import staying
from pages.parts.trust import trust_view
from pages.parts.words import count, general, percent, percents, plain, short
from pages.parts.worklist import case_list
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
from pmed_core.figures.standing import IN_TRAINING, TOO_GOOD, basis_title, scan_sentence, standing
from pmed_core.service import scans
from pmed_core.service.entries import CohortEntry, ModelEntry
from pmed_core.service.worklist import scan_list


def workspace(entries: Sequence[ModelEntry], beside: DeltaGenerator) -> None:
    """The scans of a cohort, and next to them the one that is picked. Model and cohort are picked
    ``beside`` the heading."""
    with beside:
        entry = pick_model(entries)
        cohort = pick_cohort_of_scans(entry)
    if cohort is None:
        return
    left, right = st.columns([3, 7], gap="medium")
    with left:
        name = pick_scan(cohort)
    with right:
        label = _case(entry, cohort, name)
    with left:
        every = scan_list(entry.id, cohort.id, label)
        case_list(entry, label, every, search_key(cohort))


def _case(entry: ModelEntry, cohort: CohortEntry, name: str | None) -> str:
    """One scan, or what will stand there -> the label it is about."""
    labels = entry.outcome.labels
    label = labels[entry.outcome.at_first([0.0] * len(labels))]
    if name is None:
        frame.warm(entry.id, cohort.id)
        st.caption("The scan, its risk and the evidence on it appear here.")
        return label
    with panel():
        label = scan_view(entry, cohort, name)
    return label


def scan_view(entry: ModelEntry, cohort: CohortEntry, name: str) -> str:
    """The number that all else is about, below it the picture, and beside that one panel at a time
    -> its label."""
    found: Evidence | None = None
    with panel():
        found = _answer(entry, cohort, name)
    believed = found if found is not None and not found.outside else None
    picture, beside = st.columns([3, 2], gap="medium")
    with picture:
        scan_viewer(cohort.id, name, believed)
    if found is not None:
        with beside:
            refreshed(lambda: _panels(entry, cohort, found))
    return found.label if found is not None else entry.outcome.labels[0]


def _panels(entry: ModelEntry, cohort: CohortEntry, found: Evidence) -> None:
    """What else there is to say, one at a time, and the files that hold it."""
    panels: dict[str, Callable[[], None]] = {}
    if not found.outside:
        panels["Reasons"] = lambda: _reasons(entry, cohort, found)
        if found.outline is not None:
            panels["Outline"] = lambda: _lesions(entry, cohort, found)
        panels["In context"] = lambda: _context(entry, found)
    if panels:
        picked = st.segmented_control(
            "Panel", list(panels), default="Reasons", required=True, key=f"panel-{entry.id}",
            label_visibility="collapsed", wrap=True,
        )  # fmt: skip
        panels.get(picked or "", panels["Reasons"])()
    with st.popover("Download", icon=":material/download:"):
        _downloads(entry, cohort, found)


def _answer(entry: ModelEntry, cohort: CohortEntry, name: str) -> Evidence:
    """What the model says of the scan, in numbers or in the sentence that stands for them."""
    with st.spinner("Asking the model"):
        found = scans.look(entry.id, cohort.id, name)
    known = scans.label(cohort.id, name)
    label = f"Observed: **{plain(short(known))}**." if known else ""
    if found.outside:
        _outside()
        st.markdown(label)
        return found
    if found.basis == "in training":
        st.warning(f"**{IN_TRAINING}.**", icon=":material/dangerous:")
    chosen = _explained(entry, found)
    if chosen != found.label:
        found = scans.look(entry.id, cohort.id, name, chosen)
    if tells(entry.evaluation, "scan"):
        _number(entry, found, label)
    else:
        basis_badge(found.basis, basis_title(found.basis))
        with st.expander("Show the number anyway", key="all-the-same"):
            _number(entry, found, label)
    if not found.guarded:
        st.caption(f":material/warning: {UNGUARDED}")
    return found


def _number(entry: ModelEntry, found: Evidence, label: str) -> None:
    """The probability, how far it may be off, and its side of the threshold."""
    k = found.labels.index(found.label)
    value = found.probability[k]
    more = f" {TOO_GOOD}." if found.basis == "in training" else ""
    with (
        staying("case-head"),
        st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"),
    ):
        st.metric(
            f"Probability of {plain(short(found.label, 40))}", percent(value), width="content",
            help=f"Interval: {plain(found.interval)}.{more}",
        )  # fmt: skip
        # As wide as its badges: on a narrow screen it goes below the number.
        with st.container(width=438):
            span = percents(found.low[k], found.high[k])
            st.markdown(f"Interval **{span}**. {label}")
            with st.container(horizontal=True, gap="small"):
                alert_badge(entry.alert, value)
                basis_badge(found.basis, basis_title(found.basis))
                standing_badge(entry.evaluation)
            alert_worth(entry, found.label, value)


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


def _downloads(entry: ModelEntry, cohort: CohortEntry, found: Evidence) -> None:
    """Made when they are asked for."""
    name = found.scan
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


def _context(entry: ModelEntry, found: Evidence) -> None:
    """How far to trust it, the probability as a hundred dots, and that of each class."""
    trust_caption(entry.evaluation, scan_sentence(found.basis))
    if not standing(entry.evaluation).tells:
        return
    k = found.labels.index(found.label)
    about = short(entry.outcome.event(found.label), 90)
    ends = (found.low[k], found.high[k])
    plots.icon_array(found.probability[k], ends, entry.alert, about, entry.modality.one)
    if entry.outcome.of_one_event:
        return
    each = zip(found.labels, found.probability, found.low, found.high, strict=True)
    rows = [
        {"Class": one, "Probability": percent(risk), "Interval": percents(low, high)}
        for one, risk, low, high in each
    ]
    tables.show(
        pd.DataFrame(rows), "classes", "Probability of each class",
        {"Probability": st.column_config.TextColumn(alignment="right")},
    )  # fmt: skip


def _lesions(entry: ModelEntry, cohort: CohortEntry, found: Evidence) -> None:
    """What the model outlines, with sizes."""
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


def _reasons(entry: ModelEntry, cohort: CohortEntry, found: Evidence) -> None:
    """Where the prediction comes from, and whether that can be believed."""
    _regions(found)
    name, label = found.scan, found.label
    trust_view(f"{entry.id}-{name}", lambda: scans.check(entry.id, cohort.id, name, label))


def _regions(found: Evidence) -> None:
    """The places that matter, and how much; the sum is the prediction."""
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
        rows[["Region", "Log-odds", "Size"]], "regions", "Regions and what they add",
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
