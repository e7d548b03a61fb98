"""Headings, empty states, and the boxes in which a cohort or a model is picked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import frame, state, ways
from pages.parts.words import count, moment, plain, question, short
from pmed_core.service import cohorts, models
from pmed_core.service.entries import CohortEntry, ModelEntry

FIRST = ("pages/cohorts.py", "Add a cohort or open a sample", ":material/table:")
"""The step before all others: a page, its label and icon."""


def heading(title: str, line: str) -> DeltaGenerator:
    """What the page is, and what it is for; the first thing that every page draws -> the place
    beside it, for the choice of what the whole page is about."""
    frame.require()
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        with st.container(width="content", gap="small"):
            st.title(title, anchor=False, width="content")
            st.caption(line, width="content")
        return st.container(horizontal=True, vertical_alignment="bottom", width="content")


def empty(sentence: str, page: str, label: str, icon: str) -> None:
    """Nothing to show yet, and the step that changes it, where whoever looks may take it."""
    with st.container(border=True, width=640):
        st.markdown(sentence)
        ways.link(page, label, icon)


def no_cohort() -> None:
    """There is no cohort yet."""
    empty(
        "There is no cohort yet. A cohort is what a model learns from: a table with a row for each "
        "patient, or scans, molecules, sequences, genomes.",
        *FIRST,
    )  # fmt: skip


def no_model() -> None:
    """There is no model yet, and perhaps nothing to train one on."""
    if not cohorts.cohorts():
        empty("There is no model yet, and no cohort to train one on.", *FIRST)
        return
    empty(
        "There is no model yet. Train one on a cohort, or import one that was exported elsewhere.",
        "pages/train.py", "Train a model", ":material/model_training:",
    )  # fmt: skip


def pick_cohort(entries: Sequence[CohortEntry]) -> CohortEntry:
    """The chosen cohort of one or more; the page ends here where the address knows none."""
    titles = _told_apart({e.address: (f"{short(e.name)} ({_size(e)})", e.created) for e in entries})
    asked = state.chosen("cohort")
    if asked and asked not in titles and (address := cohorts.address(asked)) in titles:
        state.choose("cohort", address)  # that of a single revision, which a model has
    chosen = _current("cohort", list(titles))
    _box("cohort", "Cohort", titles, chosen)
    return next(e for e in entries if e.address == chosen)


def pick_model(entries: Sequence[ModelEntry]) -> ModelEntry:
    """The chosen model of one or more; the page ends here where the address knows none."""
    titles = _told_apart(
        {e.id: (f"{short(e.name)} ({question(e.outcome)})", e.created) for e in entries}
    )
    chosen = _current("model", list(titles), lambda: [one.id for one in models.models()])
    _box("model", "Model", titles, chosen)
    return next(e for e in entries if e.id == chosen)


def _told_apart(found: Mapping[str, tuple[str, float]]) -> dict[str, str]:
    """Id -> title; those of the same title get the time at which they were made."""
    often = Counter(title for title, _ in found.values())
    return {
        identity: f"{title}, {moment(made)}" if often[title] > 1 else title
        for identity, (title, made) in found.items()
    }


def _current(
    what: state.Id, ids: list[str], anywhere: Callable[[], Collection[str]] = tuple
) -> str:
    """The chosen id where it can be shown, the newest where none is chosen; empty for an id that
    nobody knows.

    ``anywhere``: asks for the ids of all pages, as a model of scans is not one of patients; then
    the one that was chosen here before is shown again.
    """
    chosen = state.chosen(what)
    if chosen in ids:
        return chosen
    if chosen and chosen not in anywhere():
        return ""
    instead = ids[0]
    if chosen:
        instead = next((one for one in state.earlier(what) if one in ids), instead)
    state.choose(what, instead)
    return instead


def _box(what: state.Id, label: str, titles: dict[str, str], chosen: str) -> None:
    """Nothing else is shown for an address that leads nowhere: it is not another cohort's."""
    st.selectbox(
        label, list(titles), format_func=lambda one: titles.get(one, one or ""),
        key=state.picked(what, chosen), on_change=state.follow, args=(what,), width=520,
        index=0 if chosen else None, placeholder=f"Choose a {what}",
    )  # fmt: skip
    if not chosen:
        gone(what, "It was deleted")
        st.stop()


def gone(what: str, why: str) -> None:
    """An address that leads nowhere; the ways on stand beside it."""
    st.warning(
        f"There is no {what} at this address. {why}, or belongs to another server.",
        icon=":material/link_off:",
    )


def _size(entry: CohortEntry) -> str:
    return count(entry.rows, entry.modality.one)


def cohort_line(entry: CohortEntry) -> str:
    """A cohort in one line of Markdown."""
    inputs = sum(v.role == "input" for v in entry.variables)
    read = f", {count(inputs, 'input')}" if inputs > 1 else ""
    return f"{_size(entry)}{read}. Outcome: {plain(question(entry.outcome))}."
