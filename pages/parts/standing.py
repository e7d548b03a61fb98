"""How far to trust what a model says, where it says it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import ways
from pages.parts.words import OPEN, OPENING, Colour, plain, question, short
from pmed_core.evaluation import Evaluation
from pmed_core.figures import wording
from pmed_core.figures.standing import NO_RISK, NO_RISK_WHY, Level, standing
from pmed_core.service.entries import ModelEntry
from pmed_core.work import Basis

LATEST = 5
LEVELS: dict[Level, tuple[str, Colour]] = {
    "good": (":material/verified:", "green"),
    "doubtful": (":material/warning:", "orange"),
    "bad": (":material/dangerous:", "red"),
    "unknown": (":material/help:", "gray"),
}
BASES: dict[Basis, tuple[str, Colour]] = {
    "held-out": (":material/visibility_off:", "green"),
    "new": (":material/person_add:", "blue"),
    "in training": (":material/dangerous:", "red"),
    "unknown": (":material/help:", "gray"),
}


def standing_badge(evaluation: Evaluation, label: str = "") -> None:
    """How good the model is, of one ``label``, in a few words and by its measure; a badge is cut
    where it is wider than a phone, so these are two."""
    found = standing(evaluation, label)
    icon, colour = LEVELS[found.level]
    st.badge(plain(found.mark), icon=icon, color=colour)
    if found.score:
        st.markdown(plain(found.score), width="content")


def kept_models(entries: Sequence[ModelEntry]) -> None:
    """The newest models, what each predicts, and how far to trust it."""
    if entries:
        st.subheader("Models", anchor=False)
    for entry in entries[:LATEST]:
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{plain(short(entry.name))}**", width="stretch")
                standing_badge(entry.evaluation)
            with st.container(horizontal=True, vertical_alignment="center"):
                said = "; ".join((question(entry.outcome), *standing(entry.evaluation).beside))
                st.caption(plain(said), width="stretch")
                with st.container(horizontal=True, width="content"):
                    _ways_in(entry)
    if len(entries) > LATEST:
        label = f"All {len(entries):,} models"
        st.page_link("pages/models.py", label=label, icon=":material/list:")


def _ways_in(entry: ModelEntry) -> None:
    """Links to how good it is, and to those whom it predicts."""
    page = entry.modality.page
    for where, label in (("models", "Performance"), (page, OPENING[page])):
        ways.link(
            f"pages/{where}.py", label, OPEN.get(where, ":material/neurology:"),
            {"model": entry.id},
        )  # fmt: skip


def trust_badges(
    evaluation: Evaluation, basis: Basis, said: tuple[str, str], label: str = ""
) -> None:
    """How good the model is, and which networks speak: a title and a sentence."""
    title, sentence = said
    with st.container(horizontal=True):
        basis_badge(basis, title)
        standing_badge(evaluation, label)
    trust_caption(evaluation, sentence, label)


def basis_badge(basis: Basis, title: str) -> None:
    """Whether the number is of networks that never saw the patient or scan."""
    icon, colour = BASES[basis]
    st.badge(plain(title), icon=icon, color=colour)


def trust_caption(evaluation: Evaluation, sentence: str, label: str = "") -> None:
    """Which networks speak, and what else is known of how good the model is."""
    details = "; ".join(standing(evaluation, label).beside)
    st.caption(plain(f"{sentence} The model: {details}."))


def alert_badge(alert: float | None, value: float) -> None:
    """On which side of the alert threshold a prediction lies, in words that a phone does not cut;
    nothing where there is none."""
    if alert is not None:
        above, at = value >= alert, wording.percent(alert)
        st.badge(
            f"Alert: {at} or above" if above else f"No alert: below {at}",
            icon=":material/notifications_active:" if above else ":material/notifications_off:",
            color="orange" if above else "gray",
        )  # fmt: skip


def tells(evaluation: Evaluation, of: str, label: str = "") -> bool:
    """Whether the model's number may be shown; where it may not, a sentence stands instead."""
    if standing(evaluation, label).tells:
        return True
    st.warning(f"**{NO_RISK}.** {NO_RISK_WHY.format(one=of)}.", icon=":material/do_not_disturb_on:")
    return False


def told(entry: ModelEntry, label: str) -> bool:
    """Whether a patient's number is shown: at once, or where somebody asks for it although it says
    nothing."""
    if tells(entry.evaluation, entry.modality.one, label):
        return True
    return st.toggle("Show the number anyway", key=f"all-the-same-{entry.id}")
