"""One molecule: which parts speak for its prediction, what is known of it, and what is like it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts import plots, state, tables
from pages.parts.errors import panel, refreshed
from pages.parts.patient_panels import About, Answer, Panels, in_context
from pages.parts.patient_pick import Case
from pages.parts.whatif import before_and_after
from pages.parts.words import count, plain, short
from pmed_core.figures import wording
from pmed_core.figures.trust import certainty
from pmed_core.modalities.molecule import column_of, holds_molecules
from pmed_core.modalities.molecule.portrait import Near, Portrait
from pmed_core.modalities.molecule.words import ALERTED, NO_ALERTS, compared, nearest, ranked
from pmed_core.service import cohorts, patients
from pmed_core.service import molecules as asked
from pmed_core.service.entries import CohortEntry, ModelEntry
from pmed_core.work import Consultation

ACROSS = 4
AMONG, LISTED = "In training", "In the list"


def panels_of_molecule(entry: ModelEntry, case: Case, found: Consultation, about: About) -> Panels:
    """Of a molecule, where there is one."""
    (label, answer), panels = about, Panels()
    k = found.labels.index(label)
    if not case.cells.get(column_of(entry.variables)):
        return {"Reasons": _nothing}
    panels["Reasons"] = lambda: _why(entry, case, about)
    if answer is not None:
        panels["In context"] = lambda: in_context(entry, found, k)
    # The report beside it compares with the same list, and is drawn anew with it.
    panels["Properties"] = lambda: _properties(entry, case)
    panels["Similar molecules"] = lambda: _alike(entry, case)
    panels["What if"] = lambda: refreshed(lambda: _what_if(entry, case, found, label))
    return panels


def _nothing() -> None:
    st.caption("There is no molecule to be shown.")


def _portrait(entry: ModelEntry, case: Case, shares: tuple[float, ...] = ()) -> Portrait:
    return asked.depict(entry.id, case.cells, case.asked, shares)


def _why(entry: ModelEntry, case: Case, about: About) -> None:
    """The molecule coloured by what its pieces add, and the same as bars and as a table."""
    label, answer = about
    with panel():
        if answer is None:
            _plain(_portrait(entry, case))
            st.caption("Not explained, because the prediction itself is not reliable.")
            return
        _explained(entry, case, label, answer)


def _explained(entry: ModelEntry, case: Case, label: str, answer: Answer) -> None:
    with st.spinner("Explaining"):
        explanation = answer()
        shares = tuple(map(float, explanation.shap[0]))
        portrait = _portrait(entry, case, shares)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _plain(portrait)
        name = explanation.quantity.name
        st.caption(
            f"Orange parts raise the {plain(name)}, blue parts lower it; the stronger, the "
            "more. The numbers are those of the fragments beside."
        )
    with right:
        plots.waterfall(explanation, entry.outcome.event(label))
        st.caption(f":material/straighten: {plain(certainty(explanation))}")
        st.caption(
            "A fragment's share is what the prediction loses, on average, where hydrogen stands "
            "in its place."
        )


def _plain(portrait: Portrait) -> None:
    """The picture and the structure in signs."""
    said = f"Structure: {short(portrait.smiles, 120)}"
    st.image(portrait.svg, caption=said, alt=said)
    if portrait.changes:
        st.caption(plain(f"When it was read, {'; '.join(portrait.changes)}."))


def _reference() -> CohortEntry | None:
    """The cohort with whose molecules properties are compared, also in the report; None for those
    of training."""
    lists = {one.id: one for one in cohorts.cohorts() if holds_molecules(one.variables)}
    before = state.chosen("reference")
    picked = st.selectbox(
        "Compared with", list(lists), None, placeholder="The molecules of training",
        key=state.picked("reference", before if before in lists else ""),
        on_change=state.follow, args=("reference",),
        format_func=lambda one: short(lists[one].name, 60),
        help="Any cohort with molecules. Bring in a list, such as approved drugs, on Cohorts.",
    )  # fmt: skip
    return lists[picked] if picked else None


def _properties(entry: ModelEntry, case: Case) -> None:
    """What is known without any model."""
    reference = _reference()
    with panel(), st.spinner("Comparing"):
        _told(asked.depict(
            entry.id, case.cells, case.asked, reference=reference.id if reference else "",
        ), reference.name if reference else "")  # fmt: skip


def _told(portrait: Portrait, reference: str) -> None:
    """``reference``: the name of the list it is compared with; empty for the training molecules."""
    among = LISTED if reference else AMONG
    rows = [
        {"Property": one.name, "Value": one.value}
        | ({} if one.lower is None else {among: ranked(one.lower)})
        | {"What it means": one.meaning}
        for one in portrait.facts
    ]
    tables.show(pd.DataFrame(rows), "molecule-facts", "Properties of the molecule")
    if told := compared(portrait, short(reference, 60) if reference else ""):
        st.caption(plain(told))
    if not portrait.alerts:
        st.caption(NO_ALERTS)
        return
    st.markdown(
        f":material/warning: **{count(len(portrait.alerts), 'structural alert')}.** {ALERTED}"
    )
    alerts = [{"List": one.catalogue, "Alert": one.name} for one in portrait.alerts]
    tables.show(pd.DataFrame(alerts), "molecule-alerts", "Structural alerts")


def _alike(entry: ModelEntry, case: Case) -> None:
    """The nearest training molecules, and whether the model knows such molecules at all."""
    portrait = _portrait(entry, case)
    st.markdown(nearest(portrait))
    if not portrait.near:
        st.caption("An imported model comes without molecules to compare with.")
        return
    _pictures([one for one in portrait.near if one.svg])
    rows = [
        {
            "Molecule": one.patient, "Similarity": one.similarity, "Observed": one.observed,
            "SMILES": one.smiles,
        }
        for one in portrait.near
    ]  # fmt: skip
    tables.show(
        pd.DataFrame(rows), "molecule-near", "The most similar training molecules",
        {"Similarity": st.column_config.NumberColumn(format="%.2f", help="Tanimoto, 0 to 1.")},
    )  # fmt: skip


def _pictures(near: list[Near]) -> None:
    for column, one in zip(st.columns(ACROSS), near, strict=False):
        with column:
            said = f"{short(one.patient, 30)}: {short(one.observed, 40)}"
            st.image(one.svg, caption=said, alt=f"Structure of {said}")


def _what_if(entry: ModelEntry, case: Case, before: Consultation, label: str) -> None:
    """Another structure, and what the model says of it."""
    column = column_of(entry.variables)
    own = str(case.cells[column])
    st.caption("How the prediction differs for another structure. Change an atom or a group.")
    text = st.text_input(
        "Structure as SMILES", value=own, key=f"if-smiles-{entry.id}-{case.patient}"
    ).strip()
    if not text or text == own:
        st.caption("Change the structure to see the prediction change.")
        return
    cells = dict(case.cells) | {column: text}
    with panel():
        after = patients.consult(entry.id, cells, case.asked)
        left, right = st.columns([1, 2], gap="medium")
        with left:
            _plain(asked.depict(entry.id, cells, case.asked))
        with right:
            if after.outside:
                st.warning(
                    f"{wording.OUTSIDE}: {plain(' '.join(after.outside))}",
                    icon=":material/wrong_location:",
                )
                return
            k = before.labels.index(label)
            before_and_after(before, after, k, entry.outcome.quantities[k])
