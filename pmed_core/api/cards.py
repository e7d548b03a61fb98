"""CDS Hooks 2.0: the service of each model that can be asked in FHIR, and its card."""

from __future__ import annotations

from typing import Any

from pmed_core.api.answers import silent, told, withheld
from pmed_core.api.fhir import Found, Source
from pmed_core.errors import UserError
from pmed_core.figures.standing import standing
from pmed_core.service.entries import ModelEntry
from pmed_core.settings import RESEARCH_ONLY, settings
from pmed_core.work import Consultation

HOOK = "patient-view"
SUMMARY = 140
NO_NUMBER = "No risk is told"


def service(entry: ModelEntry, sources: dict[str, Source]) -> dict[str, Any]:
    """As the discovery names it."""
    codes = ",".join(one.code for one in sources.values() if one.code)
    observations = "Observation?patient={{context.patientId}}&_sort=-date&code=" + codes
    prefetch = {"patient": "Patient/{{context.patientId}}"}
    return {
        "hook": HOOK, "id": entry.id, "title": entry.name,
        "description": f"{_question(entry)} {RESEARCH_ONLY}",
        "prefetch": prefetch | ({"observations": observations} if codes else {}),
    }  # fmt: skip


def _question(entry: ModelEntry) -> str:
    return f"What the model says about: {entry.outcome.event(entry.outcome.labels[0])}."


def card(entry: ModelEntry, found: Found, answer: Consultation, project: str) -> dict[str, Any]:
    """The risk with its interval, or why there is none, and how far to trust it."""
    why, places = withheld(entry, answer), told(entry, answer)
    first = entry.outcome.at_first(answer.value) if not why else 0
    k = first if why or first in places else max(places, key=answer.value.__getitem__)
    summary = NO_NUMBER if why else _said(entry, answer, k)
    lines = [
        *(f"**{one}**" for one in why or silent(entry)),
        *([] if why else [_said(entry, answer, one) for one in places]),
        f"Interval: {answer.interval}.",
        f"Evaluation: {standing(entry.evaluation).sentence}",
        *answer.about, *answer.unseen, *found.said,
        f"**{RESEARCH_ONLY}**",
    ]  # fmt: skip
    return _card(entry, summary, lines) | _links(entry, project)


def refused(entry: ModelEntry, error: UserError) -> dict[str, Any]:
    """Why the model was not asked."""
    told = error.on_screen()
    said = UserError(told.what, told.where, told.remedy)
    return _card(entry, NO_NUMBER, [str(said), f"**{RESEARCH_ONLY}**"])


def _card(entry: ModelEntry, summary: str, lines: list[str]) -> dict[str, Any]:
    shown = summary if len(summary) < SUMMARY else f"{summary[: SUMMARY - 2]}…"
    return {
        "summary": shown, "indicator": "info", "detail": "\n\n".join(lines),
        "source": {"label": f"pmed: {entry.name}. {RESEARCH_ONLY}"},
    }  # fmt: skip


def _said(entry: ModelEntry, answer: Consultation, k: int) -> str:
    quantity, event = entry.outcome.quantities[k], entry.outcome.event(answer.labels[k])
    span = quantity.span(answer.low[k], answer.high[k])
    return f"{quantity.quoted(event)}: {quantity.said(answer.value[k])} ({span})"


def _links(entry: ModelEntry, project: str) -> dict[str, Any]:
    address = settings().address.rstrip("/")
    if not address:
        return {}
    where = f"{address}/{entry.modality.page}?model={entry.id}"
    url = f"{where}&project={project}" if project else where
    return {"links": [{"label": "Open the model", "url": url, "type": "absolute"}]}
