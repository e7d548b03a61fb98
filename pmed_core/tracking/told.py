"""What is told of a training: chosen item by item, so that nothing of a patient is among it.

No id, no cell, no name of a file or of a person, no range or category that was observed: a cohort
is its digest, a run is called after its network and its outcome's column.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pmed_core.evaluation import Evaluation, Measure
from pmed_core.options import AnyOptions
from pmed_core.outcomes import Outcome
from pmed_core.reports.card import CardSource, card_as_json, card_as_markdown, model_card
from pmed_core.settings import RESEARCH_ONLY, VERSION
from pmed_core.variable import Variable

CARD = (
    "model", "trained", "weights", "trees", "device", "seconds", "cohort_digest", "rows",
    "patients", "events", "author",
)  # fmt: skip
"""What of a card concerns no patient; its notes may quote cells."""
VALUE_LENGTH = 500


@dataclass(frozen=True)
class Source:
    """A model that was trained.

    Attributes:
        digest: sha256 of the manifest of its package.
        epochs: as ``Progress.epoch`` has them.
        project: its id and name in a hosted installation; empty elsewhere.
    """

    digest: str
    outcome: Outcome
    options: AnyOptions
    card: Mapping[str, Any]
    evaluation: Evaluation
    variables: Sequence[Variable]
    epochs: Sequence[Mapping[str, Any]]
    project: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Told:
    """A run.

    Attributes:
        key: tells it from all others, however often it is sent.
        started, ended: seconds since 1970.
        parameters, tags: texts by name.
        metrics: (name, value, step).
        files: texts by name.
    """

    key: str
    name: str
    started: float
    ended: float
    parameters: dict[str, str]
    tags: dict[str, str]
    metrics: tuple[tuple[str, float, int], ...]
    files: dict[str, str]


def told(source: Source, ended: float) -> Told:
    """What a training is told as."""
    card = {name: source.card[name] for name in CARD if name in source.card}
    name = f"{card.get('model', 'Model')}, {source.outcome.column}"
    shown = CardSource(name, card, source.evaluation, [_bare(one) for one in source.variables])
    tags = {
        "mlflow.note.content": f"{RESEARCH_ONLY} {source.outcome.described()}",
        "mlflow.source.name": "pmed", "pmed.version": VERSION, "pmed.notice": RESEARCH_ONLY,
        "pmed.outcome": source.outcome.described(), "pmed.package_sha256": source.digest,
        "pmed.cohort_sha256": str(card.get("cohort_digest", "")),
        "pmed.project": source.project[1], "pmed.project_id": source.project[0],
    }  # fmt: skip
    return Told(
        source.digest, name, ended - float(card.get("seconds", 0)), ended,
        {key: value[:VALUE_LENGTH] for key, value in _parameters(source.options.model_dump())},
        {key: value for key, value in tags.items() if value},
        (*_held_out(source.evaluation), *_curves(source.epochs)),
        {
            "model_card.md": card_as_markdown(shown), "model_card.json": card_as_json(
                model_card(shown)
            ), "evaluation.json": _evaluation(source.evaluation),
        },
    )  # fmt: skip


def _bare(variable: Variable) -> Variable:
    """Without what was observed."""
    return replace(variable, range=None, categories=(), labels=())


def _parameters(options: Mapping[str, Any], of: str = "") -> Iterator[tuple[str, str]]:
    for name, value in options.items():
        if isinstance(value, Mapping):
            yield from _parameters(value, f"{of}{name}.")
        else:
            yield _allowed(f"{of}{name}"), str(value)


def _held_out(evaluation: Evaluation) -> Iterator[tuple[str, float, int]]:
    """Each measure with its interval, and those of the baselines."""
    every = {"": evaluation.measures} | {
        f"baseline/{one.name}/": one.measures for one in evaluation.baselines
    }
    for of, measures in every.items():
        for name, found in measures.items():
            for end, value in (("", found.value), ("_low", found.low), ("_high", found.high)):
                if math.isfinite(value):
                    yield _allowed(f"{of}{name}{end}"), float(value), 0


def _curves(epochs: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, float, int]]:
    """Of each epoch the mean over the folds that still train."""
    for place, values in enumerate(epochs, 1):
        step = int(values.get("epoch", place))
        for name, of_folds in values.items():
            each = of_folds if isinstance(of_folds, list | tuple) else [of_folds]
            known = [one for one in each if isinstance(one, int | float) and math.isfinite(one)]
            if known and name != "epoch":
                yield _allowed(f"epoch/{name}"), float(sum(known) / len(known)), step


def _allowed(name: str) -> str:
    """As MLflow lets parameters and metrics be called."""
    return re.sub(r"[^\w\-./ ]", "_", name)[: VALUE_LENGTH // 2]


def _evaluation(evaluation: Evaluation) -> str:
    plain = {
        "notice": RESEARCH_ONLY, "on": evaluation.on, "patients": evaluation.n,
        "events": list(evaluation.events), "verdict": evaluation.verdict,
        "measures": _plain(evaluation.measures),
        "baselines": {one.name: _plain(one.measures) for one in evaluation.baselines},
    }  # fmt: skip
    return json.dumps(plain, ensure_ascii=False, indent=1)


def _plain(measures: Mapping[str, Measure]) -> dict[str, dict[str, float | None]]:
    ends = ("value", "low", "high")
    return {
        name: {end: v if math.isfinite(v := float(getattr(found, end))) else None for end in ends}
        for name, found in measures.items()
    }
