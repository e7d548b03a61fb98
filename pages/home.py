"""Home: what this is, what is there, and the one thing to do next."""

from __future__ import annotations

import streamlit as st

from pages.parts import runs, ways
from pages.parts.pickers import heading
from pages.parts.road import Step, road
from pages.parts.samples import sample_cards
from pages.parts.standing import kept_models
from pages.parts.terms import notice
from pages.parts.unlisted import unlisted_note
from pages.parts.words import count, plain, short
from pmed_core.service import cohorts, models, training
from pmed_core.service.entries import CohortEntry, ModelEntry


def _next_step(
    entries: tuple[CohortEntry, ...], trained: tuple[ModelEntry, ...], alive: int
) -> None:
    """The one thing to do, as a sentence and a button."""
    undecided = next((one for one in entries if one.outcome is None), None)
    if alive:
        sentence = f"{count(alive, 'run')} in progress. You can close this page meanwhile."
        step = Step("pages/jobs.py", "Watch", ":material/list_alt:", {})
    elif trained:
        one, page = trained[0], trained[0].modality.listed
        sentence = f"**{_named(one.name)}** is trained. Check its performance, then open a {page}."
        step = Step("pages/models.py", "See performance", ":material/neurology:", {"model": one.id})
    elif undecided:
        sentence = f"Choose the outcome of **{_named(undecided.name)}**: what a model predicts."
        where = {"cohort": undecided.address}
        step = Step("pages/cohorts.py", "Choose the outcome", ":material/table:", where)
    else:
        sentence = f"**{_named(entries[0].name)}** is ready. Train a model on it."
        where = {"cohort": entries[0].address}
        step = Step("pages/train.py", "Train a model", ":material/model_training:", where)
    if not ways.leads(step.page):
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/arrow_forward: {sentence}", width="stretch")
        if st.button(step.label, type="primary", icon=step.icon):
            st.switch_page(step.page, query_params=step.address)


def _named(name: str) -> str:
    return plain(short(name))


heading(
    "Precision medicine",
    "Train a model on your own data, check how far to trust it, and see for one patient "
    "why it predicts what it does.",
)
preparing = ways.leads("pages/cohorts.py")
if preparing:
    unlisted_note()
entries, trained, jobs = cohorts.cohorts(), models.models(), training.jobs()
running = [job for job in jobs if job.alive]
if preparing:
    road(len(entries), trained)
elif not trained:
    st.info("There is no model in this project yet.", icon=":material/neurology:")
for one in entries:
    notice(one.address, one.name)
if entries or trained:
    _next_step(entries, trained, len(running))
    kept_models(trained)
    for job in running:
        runs.row(job, actions=False)
if preparing:
    with st.expander("Start with a sample", icon=":material/science:", key="samples",
                     expanded=not (entries or trained)):  # fmt: skip
        st.markdown("Open a sample, train a model, check how good it is, then look at one patient.")
        sample_cards()
