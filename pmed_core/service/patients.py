"""What a user may ask about one patient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from pmed_core.accounts import Right
from pmed_core.advice import Advice, Counterfactual
from pmed_core.arrays import from_json
from pmed_core.explanation import Explanation
from pmed_core.limits import Limits
from pmed_core.outcomes.effect import TRUE
from pmed_core.service import cohorts, models, molecules
from pmed_core.service.access import for_asker, may
from pmed_core.service.entries import ModelEntry
from pmed_core.service.hub import SECONDS, hub
from pmed_core.variable import Kind
from pmed_core.work import (
    Advise,
    Case,
    Cell,
    Check,
    Consult,
    Consultation,
    Counter,
    Explain,
    Trust,
)

if TYPE_CHECKING:
    from pmed_core.reports.patient import Further, PatientPage


@may(Right.ASK)
def consult(model_id: str, cells: Mapping[str, Cell], patient: str = "") -> Consultation:
    """Risk, position, similar patients; raises ``UserError``.

    ``patient``, here and below: whose cells these are, or were before some were changed, in the
    model's own cohort. Whoever was in training is answered by the networks that never saw them.
    """
    answer = hub().engine.ask(Consult(model_id, Case(tuple(cells.items()), patient)), SECONDS)
    return from_json(Consultation, answer)  # type: ignore[no-any-return]


@may(Right.ASK)
def explain(
    model_id: str, cells: Mapping[str, Cell], label: str, patient: str = "", lived: float = 0.0
) -> Explanation:
    """Why this risk, of somebody who has ``lived`` so far without the event; raises
    ``UserError``."""
    work = Explain(model_id, Case(tuple(cells.items()), patient), label, lived)
    answer = hub().engine.ask(work, SECONDS)
    return from_json(Explanation, answer)  # type: ignore[no-any-return]


@may(Right.ASK)
def explaining(
    model_id: str, cells: Mapping[str, Cell], label: str, patient: str = ""
) -> Callable[[], Explanation]:
    """Begin to explain while the caller does something else -> what waits for the answer."""
    # In a thread of its own: one that hangs keeps no other from beginning.
    ahead = ThreadPoolExecutor(1, "explaining")
    answer = ahead.submit(for_asker(explain), model_id, cells, label, patient)
    ahead.shutdown(wait=False)
    return answer.result


@may(Right.ASK)
def advise(
    model_id: str, cells: Mapping[str, Cell], label: str, limits: Limits, patient: str = ""
) -> Advice:
    """Which changes within the limits go with a better prediction; raises ``UserError``."""
    work = Advise(model_id, Case(tuple(cells.items()), patient), label, limits)
    answer = hub().engine.ask(work, SECONDS)
    return from_json(Advice, answer)  # type: ignore[no-any-return]


@may(Right.ASK)
def counterfactuals(  # noqa: PLR0913 - whose, of what, and what is asked
    model_id: str,
    cells: Mapping[str, Cell],
    label: str,
    threshold: float,
    limits: Limits,
    patient: str = "",
) -> tuple[Counterfactual, ...]:
    """What would bring the prediction to the threshold, as ``Counter`` has it; raises
    ``UserError``."""
    case = Case(tuple(cells.items()), patient)
    answer = hub().engine.ask(Counter(model_id, case, label, threshold, limits), SECONDS)
    return from_json(tuple[Counterfactual, ...], answer)  # type: ignore[no-any-return]


@may(Right.ASK)
def check(model_id: str, cells: Mapping[str, Cell], label: str, patient: str = "") -> Trust:
    """Can the explanation be believed; raises ``UserError``."""
    asked = Check(model_id, Case(tuple(cells.items()), patient), label)
    answer = hub().engine.ask(asked, SECONDS)
    return from_json(Trust, answer)  # type: ignore[no-any-return]


@may(Right.ASK)
def report(  # noqa: PLR0913 - an answer, and with what it is compared
    model_id: str,
    cells: Mapping[str, Cell],
    patient: str,
    found: Consultation,
    explanation: Explanation | None,
    reference: str = "",
) -> bytes:
    """The patient as PDF; ``patient`` is empty for typed values. ``reference``: the cohort with
    whose molecules those of a molecule are compared; those of training where it is empty or gone.
    """
    return bound((reported(model_id, cells, patient, found, explanation, reference),))


@may(Right.ASK, recorded=False)
def bound(pages: Sequence[PatientPage]) -> bytes:
    """Pages that were ``reported``, one or more, as one PDF."""
    from pmed_core.reports.patient import patient_report

    return patient_report(*pages)


@may(Right.ASK)
def reported(  # noqa: PLR0913 - as ``report``
    model_id: str,
    cells: Mapping[str, Cell],
    patient: str,
    found: Consultation,
    explanation: Explanation | None,
    reference: str = "",
) -> PatientPage:
    """What a report says of one patient; as ``report``."""
    # The PDF library is loaded by those who ask for a report, not by everyone who opens a page.
    from pmed_core.figures.cohorts import places
    from pmed_core.figures.contributions import by_reason
    from pmed_core.outcomes.effect.report import pages as effect_pages
    from pmed_core.reports.patient import PatientPage

    entry = models.model(model_id)
    summaries = cohorts.quality(entry.cohort).summaries if cohorts.here(entry.cohort) else ()
    picture, properties = molecules.printed(entry, cells, patient, explanation, reference)
    return PatientPage(
        patient=patient or "typed values", model=entry.name, made=datetime.now(),
        consultation=found, evaluation=entry.evaluation, explanation=explanation,
        places=tuple(
            places(by_reason(explanation, models.inputs(model_id)), summaries, cells)
        ),
        named=bool(patient),
        threshold=entry.alert,
        picture=picture,
        further=(
            *properties,
            *_advice(entry, cells, patient, explanation),
            *effect_pages(entry.outcome, entry.card, found),
        ),
    )  # fmt: skip


def _advice(
    entry: ModelEntry, cells: Mapping[str, Cell], patient: str, explanation: Explanation | None
) -> tuple[Further, ...]:
    """What could change, of what is explained; nothing where nothing may, or nothing is told."""
    from pmed_core.figures.advice import Told
    from pmed_core.reports.advice import draw_advice

    limits = models.limits(entry.id)
    if explanation is None or not entry.modality.advises:
        return ()
    if all(cells.get(name) is None for name in limits.names):
        return ()
    label, outcome = explanation.label, entry.outcome
    said = outcome.quantities[outcome.labels.index(label)]
    advice = advise(entry.id, cells, label, limits, patient)
    told = Told(advice, entry.variables, said, entry.modality.one)
    about = f"{said.quoted(outcome.event(label))}, by the model “{entry.name}”"
    return (lambda sheet, whose: draw_advice(sheet, told, about, whose),)


@may(Right.ASK)
def truth(cohort_id: str, patient: str) -> float | None:
    """The true effect of a treatment on a simulated patient; None where no column holds it."""
    if not patient or not cohorts.here(cohort_id):
        return None
    found = cohorts.table(cohort_id)
    held = [v.name for v in found.variables if v.reason == TRUE and v.kind is Kind.NUMBER]
    if len(held) != 1:
        return None
    known = found.table[held[0]][found.patients() == patient].dropna()
    return float(known.iloc[0]) if len(known) else None


@may(Right.ASK, recorded=False)
def warm(model_id: str = "") -> None:
    """Start the model process early, with that model loaded, and its explanation compiled, before
    a patient is chosen."""
    hub().engine.warm(Consult(model_id, Case()) if model_id else None)
    if model_id:
        label = models.model(model_id).outcome.labels[0]
        hub().engine.warm(Explain(model_id, Case(), label))
