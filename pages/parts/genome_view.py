"""Pharmacogenes of one patient, and the polygenic scores of a cohort."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.parts import plots, tables
from pages.parts.errors import panel, refreshed
from pages.parts.search import search_box
from pages.parts.words import plain
from pmed_core.errors import UserError
from pmed_core.figures import genomes as told
from pmed_core.genome.knowledge import knowledge
from pmed_core.genome.told import NOT_A_DIAGNOSIS, NOT_ADVICE, PolygenicScores
from pmed_core.service import cohorts, genomes
from pmed_core.service.entries import CohortEntry

BUILDS = ("GRCh38", "GRCh37")
NO_GROUPS = "No groups"


def positions_of(entry: CohortEntry) -> str:
    """The build of the positions: as the file says, else as a person does."""
    if build := genomes.build_of(entry):
        st.caption(f"Positions are those of {build}.")
        return build
    return st.selectbox(
        "Build of the genome", BUILDS, index=None, key=f"build-{entry.id}", width=320,
        placeholder="The file does not tell", help="Positions of another build lie elsewhere: the "
        "wrong choice would call other variants.",
    ) or ""  # fmt: skip


def _patient(entry: CohortEntry, where: str) -> str | None:
    find = partial(cohorts.find_patients, entry.id)
    listed = cohorts.patients(entry.id)
    return search_box("Patient", find, listed[0] if len(listed) == 1 else "", f"{where}-{entry.id}")


def pharmacogenes_view(entry: CohortEntry, build: str) -> None:
    """Which alleles a patient has, and what guidelines say goes with them."""
    patient = _patient(entry, "genes")
    if patient is None:
        st.caption(
            "Star alleles by CPIC's definitions, the phenotype that goes with them, and what the "
            "guideline says of it."
        )
        return
    with panel():
        with st.spinner("Reading the genes"):
            calls = genomes.pharmacogenes(entry.id, patient, build)
        tables.show(told.genes_table(calls), f"genes-{entry.id}", "Pharmacogenes of the patient")
        for one in calls:
            if note := told.note(one):
                called = plain(one.summary) if one.diplotypes else "is not called"
                st.markdown(f"**{one.gene}** {called}: {plain(note)}")
        said = told.statements_table(calls)
        if len(said):
            st.markdown("**What guidelines say goes with these phenotypes**")
            tables.show(said, f"guidelines-{entry.id}", "Statements of guidelines")
        st.caption(plain(f"{NOT_ADVICE} {knowledge().source}"))


def polygenic_view(entry: CohortEntry, build: str) -> None:
    """Every patient's score by a file, and where one of them stands."""
    if scores := _computed(entry, build):
        refreshed(lambda: _scores(entry, scores))
    else:
        st.caption(f"{NOT_A_DIAGNOSIS} Scores are not kept: download them.")


def _computed(entry: CohortEntry, build: str) -> PolygenicScores | None:
    with st.form(f"form-scores-{entry.id}"):
        file = st.file_uploader(
            "Scoring file of the PGS Catalog", type=["txt", "gz", "tsv", "csv"],
            help="As the catalog offers it, harmonised to the genome's build.",
        )  # fmt: skip
        group = st.selectbox(
            "Groups of like ancestry", [NO_GROUPS, *(v.name for v in genomes.groupings(entry))],
            help="A score is compared within the patient's own group.", width=420,
        )  # fmt: skip
        if not st.form_submit_button("Compute", type="primary", icon=":material/calculate:"):
            return None
    with panel():
        if file is None:
            raise UserError("No file is chosen", "", "Choose a scoring file first.")
        with st.spinner("Adding up the weights"):
            of = "" if group == NO_GROUPS else group
            return genomes.polygenic(entry.id, file.name, file, build, of)
    return None


def _scores(entry: CohortEntry, found: PolygenicScores) -> None:
    st.markdown(f"**{plain(found.name)}**" + (f": {plain(found.trait)}" if found.trait else ""))
    st.caption(plain(" ".join((*told.matched_words(found.matched, found.build), *found.notes))))
    patient = _patient(entry, "scores") or ""
    if patient in found.patients:
        st.markdown(f"**{plain(told.standing(found, patient))}**")
    plots.plot(
        f"scores-{entry.id}", told.scores(found, patient), told.scores_caption(found, patient),
        told.scores_table(found),
    )  # fmt: skip
    st.caption(NOT_A_DIAGNOSIS)
