"""Which treatments are compared, how patients came by them, and the target trial behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.parts.words import HIGHER, LOWER, plain, short
from pmed_core.errors import UserError
from pmed_core.figures.wording import listed
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.effect import OPTIONS_AT_MOST, Arms, Better, Effect
from pmed_core.outcomes.effect.trial import Trial
from pmed_core.quality import Summary
from pmed_core.quantity import Quantity
from pmed_core.service import cohorts
from pmed_core.service.entries import CohortEntry
from pmed_core.variable import PAYLOADS, Kind, Role, Variable

NOBODY, CHANCE = "No, only predict the outcome", "By chance (a randomised trial)"
CHOICE = "By a clinician's choice (routine data)"
RISK, MEAN_TIME = "Risk by then", "Mean time until then"
INPUTS_NAMED = 12
CARD = (
    ("eligibility", "Eligibility", "Adults with severe stenosis, seen at our clinic 2015 to 2022"),
    ("time_zero", "Time zero", "The day of the heart team's decision"),
    ("follow_up", "Follow-up", "Two years from time zero; deaths from the national registry"),
)  # fmt: skip


def with_treatment(
    entry: CohortEntry, outcome: Outcome | None, summaries: Sequence[Summary]
) -> Outcome | None:
    """The effect of a treatment on that outcome, where one is chosen; None while it is unclear."""
    names = _candidates(entry, outcome, summaries)
    if outcome is None or not names:
        return outcome
    before = _before(entry)
    saved = before.column if before and before.column in names else NOBODY
    offered = [NOBODY, *names]
    column = st.selectbox(
        "Compare treatments?", offered, offered.index(saved), format_func=short, width=520,
        key=f"treatment-{entry.id}", help="The column of two to five values that says which option "
        "each patient was given. A dose is first read in bands, under Reading. A model then says "
        "what each option would do.",
    )  # fmt: skip
    if column == NOBODY:
        return outcome
    with st.container(border=True):
        known = before if column == saved else None
        return _compared(entry, column, (known, summaries), outcome)


def _compared(
    entry: CohortEntry,
    column: str,
    known: tuple[Arms | None, Sequence[Summary]],
    outcome: Outcome,
) -> Outcome | None:
    """The effect, once all is said of it."""
    saved, summaries = known
    key = f"{entry.id}-{column}"
    timed = _by_horizon(outcome, saved, key) if outcome.in_time else (outcome, False)
    if timed is None:
        return None
    outcome, mean = timed
    try:
        compared = Effect.on(outcome, Arms(column, restricted_mean=mean))
    except UserError as error:
        st.warning(plain(error.on_screen()), icon=":material/warning:")
        return None
    arms = _arms(entry, compared, saved)
    controls = _controls(entry, compared, (saved, summaries))
    if arms is None:
        return None
    return Effect.on(outcome, replace(arms, restricted_mean=mean, controls=controls))


def _controls(
    entry: CohortEntry, compared: Effect, known: tuple[Arms | None, Sequence[Summary]]
) -> tuple[str, ...]:
    """Outcomes that no option can cause."""
    saved, summaries = known
    values = {one.name: one.distinct for one in summaries}
    offered = [
        v.name for v in entry.variables
        if v.role is not Role.PATIENT and v.name not in compared.columns
        and v.kind not in (Kind.DATE, *PAYLOADS)
        and (values.get(v.name) == 2 or v.kind is Kind.NUMBER)
    ]  # fmt: skip
    return tuple(
        st.multiselect(
            "Negative controls", offered, [one for one in saved.controls if one in offered]
            if saved else [], format_func=short, key=f"controls-{entry.id}-{compared.arms.column}",
            placeholder="None: choose outcomes that no option can cause", width=520,
            help="Outcomes after treatment on which no option has an effect, such as an injury. "
            "What is estimated on them is systematic error, by which the effect is calibrated; "
            "five or more are needed. They are no inputs.",
        )
    )  # fmt: skip


def _by_horizon(outcome: Outcome, saved: Arms | None, key: str) -> tuple[Outcome, bool] | None:
    """An event in time at the one time at which options are compared, and whether its mean time
    is; None while that is not said."""
    known, unit = outcome.horizons, plain(outcome.unit)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        horizon = st.number_input(
            f"Compared at ({unit})" if unit else "Compared at", 0.0, 1e9,
            known[len(known) // 2] if known else None, key=f"until-{key}", width=240,
            placeholder="60", help="The horizon: patients of each option must have been followed "
            "so long. Those who were lost before count by those who were not.",
        )  # fmt: skip
        way = st.segmented_control(
            "What is compared", [RISK, MEAN_TIME], required=True, key=f"quantity-{key}", wrap=True,
            default=MEAN_TIME if saved and saved.restricted_mean else RISK,
            help="The share with the event by the horizon, or the mean time without it up to then "
            "(restricted mean survival time).",
        )  # fmt: skip
    if not horizon:
        st.caption(":material/pending: Still to say: the time at which options are compared.")
        return None
    return outcome.at((horizon,), ""), way == MEAN_TIME


def _before(entry: CohortEntry) -> Arms | None:
    """The options that were chosen for this cohort."""
    found = getattr(entry.outcome, "arms", None)
    return found if isinstance(found, Arms) else None


def _candidates(
    entry: CohortEntry, outcome: Outcome | None, summaries: Sequence[Summary]
) -> list[str]:
    """Columns of two to five values, where the inputs are numbers and categories."""
    if any(v.kind in PAYLOADS for v in entry.variables):
        return []
    kinds = {v.name: v for v in entry.variables if v.role is not Role.PATIENT}
    taken = outcome.columns if outcome else ()
    few = [
        one.name for one in summaries
        if one.name in kinds and kinds[one.name].kind is not Kind.DATE
        and 2 <= one.distinct <= OPTIONS_AT_MOST
    ]  # fmt: skip
    return [name for name in few if name not in taken]


def _arms(entry: CohortEntry, compared: Effect, saved: Arms | None) -> Arms | None:
    """Reference, design, direction and card; None while one is missing."""
    column, outcome = compared.arms.column, compared.of
    variable = next(v for v in entry.variables if v.name == column)
    values = [*cohorts.values(entry.id, column)]
    key = f"{entry.id}-{column}"
    reference = st.selectbox(
        "Compared with (the reference)", values,
        index=values.index(saved.reference) if saved and saved.reference in values else None,
        format_func=lambda value: short(variable.coded(value)), key=f"reference-{key}",
        placeholder="Placebo, usual care or no treatment", width=520,
    )  # fmt: skip
    design = st.radio(
        "How did patients come by their option?", [CHANCE, CHOICE], key=f"design-{key}",
        index=None if saved is None else (0 if saved.randomised else 1),
    )  # fmt: skip
    options = () if reference is None else (reference, *(v for v in values if v != reference))
    probability = _probability(variable, options, saved, key) if design == CHANCE else ()
    better = _better(saved, outcome.quantities[0], key)
    _inputs(entry, compared)
    trial = _card(saved, key)
    missing = [
        name for name, there in (
            ("the reference", reference), ("how patients came by their option", design),
            ("the three lines of the target trial", trial.stated),
        ) if not there
    ]  # fmt: skip
    if missing or probability is None:
        st.caption(f":material/pending: Still to say: {listed(missing or ['probabilities'])}.")
        return None
    same = saved is not None and saved.reference == reference
    return Arms(
        column, saved.options if same and saved else (), reference or "", design == CHANCE,
        probability, better, trial,
    )  # fmt: skip


def _probability(
    variable: Variable, options: Sequence[str], saved: Arms | None, key: str
) -> tuple[float, ...] | None:
    """Of each option, the reference first; None where they do not add up."""
    if not options:
        return ()
    even = round(100 / len(options), 2)
    known = dict(zip(saved.options, saved.probability, strict=False)) if saved else {}
    found = []
    with st.container(horizontal=True):
        for option in options[1:]:
            found.append(
                st.number_input(
                    f"Probability of {plain(short(variable.coded(option), 30))} (%)", 0.1, 99.9,
                    round(100 * known.get(option, even / 100), 2), key=f"share-{key}-{option}",
                    width=240,
                )
            )  # fmt: skip
    rest = 100 - sum(found)
    if rest <= 0:
        st.warning("The probabilities leave nothing for the reference.", icon=":material/warning:")
        return None
    return tuple(share / 100 for share in (rest, *found))


def _better(saved: Arms | None, said: Quantity, key: str) -> Better:
    now = {"lower": LOWER, "higher": HIGHER}.get(saved.better if saved else "")
    default = LOWER if said.of_hundred else HIGHER
    picked = st.segmented_control(
        f"Which is better, a lower or a higher {plain(said.name)}?", [LOWER, HIGHER],
        default=now or default, required=True, key=f"better-{key}-{said.name}",
    )  # fmt: skip
    return "higher" if (picked or default) == HIGHER else "lower"


def _inputs(entry: CohortEntry, compared: Effect) -> None:
    """What counts as measured before treatment."""
    taken = compared.columns
    names = [v.name for v in entry.variables if v.role is Role.INPUT and v.name not in taken]
    shown = ", ".join(plain(short(name, 40)) for name in names[:INPUTS_NAMED])
    more = f" and {len(names) - INPUTS_NAMED:,} more" if len(names) > INPUTS_NAMED else ""
    st.caption(
        f":material/schedule: Taken as measured before the treatment: {shown}{more}. What was "
        "recorded later hides part of the effect: set its role to 'ignore' under Variables."
    )


def _card(saved: Arms | None, key: str) -> Trial:
    """What nobody can read from the table, and what every result is shown with."""
    before = saved.trial if saved else Trial()
    st.markdown("**The target trial**, shown on every result:")
    typed = {
        field: st.text_input(
            title, getattr(before, field), max_chars=300, key=f"{field}-{key}", placeholder=example
        ).strip()
        for field, title, example in CARD
    }  # fmt: skip
    return replace(before, **typed)
