"""What a model's package says of itself in plain values, checked before anybody shows it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pmed_core.bounds import Count, Duration, Name, Share, Words
from pmed_core.outcomes import Outcome
from pmed_core.variable import Variables

CARD_BYTES = 4 * 2**20


class Card(BaseModel):
    """``card.json``: what a model was trained on.

    Fields of other versions are kept as they are, and no screen reads them.

    Attributes:
        cohort: name of the cohort; the digests are of it, of its rows and of its scans.
        rows, patients, events, inputs: of training; events of the event, or of each class.
        patient: the column with patient ids.
        model, weights, trees: kind and size of the networks, trees beside them.
        folds, seed, seconds, baseline_seconds, device, trained: of the training.
        notes: what was done while reading.
        layout: how the table was laid out (rule -> value).
        labels: of scans, as their table writes them.
        continues: name of the model that was trained on.
        author: what its author says.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    cohort: Words = ""
    cohort_digest: Words = ""
    rows_digest: Words = ""
    scans_digest: Words = ""
    rows: Count = 0
    patients: Count = 0
    events: list[Count] = Field(default_factory=list, max_length=10_000)
    inputs: Count = 0
    patient: Words | None = None
    model: Words = ""
    weights: Count | Words = 0
    trees: Count | Words = 0
    folds: Count = 0
    seed: Count = 0
    seconds: Duration = 0.0
    baseline_seconds: Duration = 0.0
    device: Words = ""
    trained: Words = ""
    notes: list[Words] = Field(default_factory=list, max_length=10_000)
    layout: dict[Words, Words] = Field(default_factory=dict)
    labels: list[Words] = Field(default_factory=list, max_length=10_000)
    continues: Words = ""
    author: dict[Words, Words] = Field(default_factory=dict)
    notice: Words = ""

    @field_validator("events", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return [value] if isinstance(value, int) else value


@dataclass(frozen=True)
class Face:
    """What lists show of ``spec.json``."""

    name: Name
    variables: Variables
    outcome: Outcome
    threshold: Share


def read_card(text: bytes) -> dict[str, Any]:
    """The fields that ``card.json`` has, each as it must be; raises ``ValueError``."""
    if len(text) > CARD_BYTES:
        raise ValueError(f"A card of {len(text):,} bytes. Expected at most {CARD_BYTES:,}")
    return Card.model_validate(json.loads(text)).model_dump(exclude_unset=True)
