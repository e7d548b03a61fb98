"""Whose row it is, and what tells a person: columns known by their name and by their values."""

from __future__ import annotations

import re

import pandas as pd

PATIENT = re.compile(
    r"^(patient|subject|participant|person|case|record|stay|pat|pt|study|hadm|icustay|sample)?"
    r"[ _.-]?(id|nr|no|num|number|identifier|code|key)$|^(patient|subject|participant)$",
    re.IGNORECASE,
)
DIRECT = (
    (re.compile(r"(^|[ _.-])(first|last|sur|family|given|middle|full|maiden|patient)?[ _.-]?name$",
                re.IGNORECASE), "a person's name"),
    (re.compile(r"(e[-_ ]?mail|phone|telephone|mobile|fax)", re.IGNORECASE), "a contact detail"),
    (re.compile(r"(^|[ _.-])(mrn|ssn|nhs|insurance|policy|passport|national)([ _.-]|$)"
                r"|social.?security|medical.?record|record.?(no|number)$", re.IGNORECASE),
     "a record or insurance number"),
    (re.compile(r"(street|address|postcode|zip.?code|postal)", re.IGNORECASE), "an address"),
    (re.compile(r"(birth.?date|date.?of.?birth|^dob$)", re.IGNORECASE), "a date of birth"),
)  # fmt: skip
VALUES = (
    (r"^[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}$", "a contact detail"),
    (r"^\+\d[\d\s()/-]{7,}$|^\(?\d{3}\)?[ -]\d{3}[ -]\d{4}$", "a contact detail"),
    (r"^\d{3}-\d{2}-\d{4}$", "a record or insurance number"),
)


def patient_column(name: str, known: pd.Series[str], total: int) -> bool:
    """Whether the column says whose row it is; ``known`` are its filled cells of ``total``."""
    return bool(
        PATIENT.match(name.strip())
        and known.nunique() > 0.3 * len(known)
        and len(known) > 0.9 * total
    )


def direct_by_name(name: str) -> bool:
    """Whether the name is one of a direct identifier."""
    return any(pattern.search(name) for pattern, _ in DIRECT)


def direct_identifier(name: str, known: pd.Series[str]) -> str:
    """What kind of direct identifier the column looks like; empty for none."""
    for pattern, reason in DIRECT:
        # A category such as "street drug use" or "drug name" has few values; a name has many.
        if pattern.search(name) and known.nunique() > 0.5 * len(known):
            return reason
    sample = known.head(200)
    for value_pattern, reason in VALUES:
        if len(sample) and sample.str.match(value_pattern).mean() > 0.8:
            return reason
    return ""
