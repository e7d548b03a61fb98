"""The model card: what a reader must know before trusting a model.

Items follow TRIPOD+AI (Collins et al., BMJ 2024;385:e078378). What the machine knows it fills in;
the rest is asked of the author under ``card["author"]``, and an item that nobody filled says so.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pmed_core.evaluation import Evaluation
from pmed_core.figures import wording
from pmed_core.outcomes import Outcome
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.variable import Kind, Variable

NOT_STATED = "Not stated by the author."
ASKED = {
    "Intended use": {
        "purpose": "Purpose and place in the clinical pathway",
        "users": "Intended users",
        "population": "Intended patients and setting",
        "out_of_scope": "Uses that are out of scope",
    },
    "Data": {
        "source": "Source, dates and setting of the data",
        "eligibility": "Who was included and who was not",
        "outcome_definition": "How and when the outcome was determined",
        "predictor_timing": "When the inputs were measured",
    },
    "Fairness": {"fairness": "Groups of patients in whom performance was compared"},
    "Open science": {
        "funding": "Funding",
        "conflicts": "Conflicts of interest",
        "protocol": "Protocol and registration",
        "data_availability": "Availability of the data",
        "code_availability": "Availability of the code",
        "involvement": "Involvement of patients and the public",
    },
    "Limitations": {
        "limitations": "Limitations",
        "maintenance": "Monitoring and updating",
        "contact": "Contact",
    },
}


@dataclass(frozen=True)
class CardSource:
    """What a card is made from; ``card`` as the predictor keeps it."""

    name: str
    card: Mapping[str, Any]
    evaluation: Evaluation
    variables: Sequence[Variable]


def model_card(source: CardSource) -> dict[str, Any]:
    """The card as plain values: {"title", "notice", "sections": {title: {item: text}}, ...}."""
    evaluation = source.evaluation
    return {
        "title": source.name,
        "notice": RESEARCH_ONLY,
        "sections": {
            "Model": _model(source),
            "Intended use": _asked(source, "Intended use"),
            "Data": _data(source) | _asked(source, "Data"),
            "Validation": _validation(evaluation),
            "Fairness": _asked(source, "Fairness"),
            "Limitations": _limits(source) | _asked(source, "Limitations"),
            "Open science": _asked(source, "Open science"),
        },
        "inputs": [_input(variable) for variable in source.variables],
        "performance": {
            name: {"value": m.value, "low": m.low, "high": m.high}
            for name, m in evaluation.measures.items()
        },
        "baselines": {
            baseline.name: wording.measure(baseline.measures[evaluation.discrimination])
            for baseline in evaluation.baselines
        },
    }


def _asked(source: CardSource, section: str) -> dict[str, str]:
    given = source.card.get("author", {})
    return {
        title: str(given.get(key, "")).strip() or NOT_STATED
        for key, title in ASKED[section].items()
    }


def _known(card: Mapping[str, Any], items: Mapping[str, str]) -> dict[str, str]:
    """title -> what the card has under the key."""
    found = {}
    for key, title in items.items():
        value = card.get(key)
        text = f"{value:,}" if isinstance(value, int) else str(value if value is not None else "")
        found[title] = text or "Not recorded."
    return found


def _model(source: CardSource) -> dict[str, str]:
    found = _known(
        source.card,
        {"model": "Type", "trained": "Trained", "weights": "Weights of the networks",
         "trees": "Trees", "device": "Device",
         "seconds": "Seconds of training, without the baselines"},
    )  # fmt: skip
    return {"Predicts": source.evaluation.outcome.described()} | found


def _data(source: CardSource) -> dict[str, str]:
    found = _known(
        source.card,
        {"cohort": "Cohort", "cohort_digest": "Digest of the cohort (sha256)", "rows": "Rows",
         "patients": "Patients"},
    )  # fmt: skip
    events, inputs = _events(source.card.get("events")), len(source.variables)
    if len(events) == 1:
        found["Patients with the event"] = f"{events[0]:,}"
        found["Events for each input"] = wording.number(events[0] / max(inputs, 1), 2)
    elif events:
        found["Patients by outcome"] = _of_each(events, source.evaluation.outcome)
    found["Inputs"] = f"{inputs:,}"
    notes = " ".join(str(note) for note in source.card.get("notes", ()))
    return found | {"What was done while reading": notes or "Nothing."}


def _of_each(events: Sequence[int], outcome: Outcome) -> str:
    """ "benign 120, malignant 80"; a card of other labels says no more than how many."""
    names = [outcome.shown(label) for label in outcome.labels]
    names = names if len(names) == len(events) else [""] * len(events)
    return ", ".join(f"{n} {count:,}".strip() for n, count in zip(names, events, strict=True))


def _events(value: Any) -> list[int]:
    return [value] if isinstance(value, int) else list(value or ())


def _validation(evaluation: Evaluation) -> dict[str, str]:
    of = wording.counted(evaluation.n, evaluation.of)
    found = {
        "Evaluated on": f"{evaluation.on}: {of} the model did not see",
        "Intervals": "95 %; bootstrap of whole patients (discrimination out of fold with the "
        "variance of training), Wilson for proportions",
    }
    if evaluation.thresholds:
        found["Threshold"] = f"{wording.percent(evaluation.threshold)}, the training outcome rate"
    return found | {"Against the baselines": evaluation.verdict or "No baselines were trained."}


def _limits(source: CardSource) -> dict[str, str]:
    notes = " ".join(source.evaluation.notes)
    return {"What the evaluation warns of": notes or "Nothing."}


def _input(variable: Variable) -> dict[str, str]:
    values = ""
    if variable.range is not None:
        values = " to ".join(wording.cell(float(end), variable) for end in variable.range)
    elif variable.kind in (Kind.CATEGORY, Kind.YES_NO):
        shown = [variable.coded(value) for value in variable.categories[:8]]
        values = ", ".join(shown) + (", …" if len(variable.categories) > 8 else "")
    return {"name": variable.name, "kind": str(variable.kind), "values": values}


def card_as_json(card: Mapping[str, Any]) -> str:
    """For machines; measures that are undefined are null."""
    return json.dumps(_finite(card), ensure_ascii=False, indent=2, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def card_as_markdown(source: CardSource) -> str:
    """For people."""
    card = model_card(source)
    lines = [f"# Model card: {plain(card['title'])}", "", f"**{RESEARCH_ONLY}**", ""]
    for title, items in card["sections"].items():
        lines += [f"## {title}", ""]
        lines += [f"- **{item}:** {plain(text)}" for item, text in items.items()]
        lines.append("")
        if title == "Validation":
            lines += _performance(source.evaluation)
    lines += ["## Inputs", "", "| Input | Kind | Values in training |", "| --- | --- | --- |"]
    lines += [
        f"| {plain(i['name'])} | {i['kind']} | {plain(i['values'])} |" for i in card["inputs"]
    ]
    return "\n".join([*lines, "", f"*{RESEARCH_ONLY}*", ""])


def _performance(evaluation: Evaluation) -> list[str]:
    ranks = evaluation.discrimination
    rows = [
        f"| {plain(wording.measure_title(name, evaluation.outcome))} | "
        f"{plain(wording.measured(name, found, evaluation.outcome))} |"
        for name, found in evaluation.measures.items()
    ]
    baselines = [
        f"| {plain(baseline.name)} | {wording.measure(baseline.measures[ranks])} | "
        f"{wording.measure(baseline.difference)} |"
        for baseline in evaluation.baselines
    ]
    title = wording.measure_title(ranks)
    head = [f"| Baseline | {title} | {title} of the model minus this |", "| --- | --- | --- |"]
    table = ["| Measure | Value (95 % interval) |", "| --- | --- |", *rows, ""]
    return table + ([*head, *baselines, ""] if baselines else [])


def plain(text: str) -> str:
    """Text of a file or a person, never read as Markdown or HTML."""
    line = wording.unlinked(wording.line(str(text)))
    escaped = re.sub(r"([\\`*_\[\]|#~$])", r"\\\1", line)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
