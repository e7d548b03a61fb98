"""Codes that look like numbers: 250.00 and 250.0 are two diagnoses, 007 is not 7."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pmed_core.readers.columns.asked import Cells

NAME = re.compile(
    r"(^|[ _.-])(icd(9|10|11|o)?(cm|pcs|gm)?|loinc|atc|cpt|hcpcs|snomed|sctid|ndc|rxnorm|rxcui|"
    r"drg|ms.?drg|npi|lanr|bsnr|rpps|concept.?id|ops|ebm|gop|procedure.?code|diagnosis.?code|dx.?code|proc.?code|zip|postcode|"
    r"plz|postal|fips|oid|uid|ean|pzn|meddra|hpo|omim|mesh|umls|cui|orpha|code|icd.?code)"
    r"(s|es|nr|no)?([ _.-]?\d{0,2})?([ _.-]|$)|^icd",
    re.IGNORECASE,
)  # fmt: skip
WHOLE_NAME = re.compile(r"(^|[ _.-])(dx|diag|diagnos[ei]s|cie|cim)[ _.-]?\d{0,2}$", re.IGNORECASE)
"""Names of codes too, where the cells are as long as codes."""
VERSION = re.compile(
    r"(^|[ _.-])(version|revision|release|firmware)s?([ _.-]?(nr|no|number|id))?([ _.-]?\d{0,2})?$",
    re.IGNORECASE,
)
MEASURED_AT = re.compile(
    r"(^|[ _.-])(ages?|years?|months?|days?|weeks?|times?|sizes?|scores?|stages?|grades?|since|"
    r"after|before|until|to|from|at|alter|jahre?|monate?|tage?|bei|seit|nach)([ _.-]|$)",
    re.IGNORECASE,
)  # fmt: skip
"""Words of what is measured when a diagnosis is made, such as the age at it."""
DIAGNOSIS = re.compile(r"[A-TV-Z]\d[0-9AB](?:\.[0-9A-TV-Z]{0,4})?|[VE]\d{2,3}(?:\.\d{1,2})?", re.I)
LEADING = re.compile(r"0\d+")
DIGITS = re.compile(r"\d+")
SHORT_NUMBER = re.compile(r"\d{1,2}(\.\d*)?")
DECIMALS = re.compile(r"\d+\.(\d+)")
LONG = 16
"""More digits than a floating-point number holds."""


def is_code(name: str, cells: Cells, missing: list[bool]) -> bool:
    """Whether the cells of a column are codes whose every sign counts."""
    known = [text for text, gone in zip(cells.distinct, missing, strict=True) if not gone]
    if not known:
        return False
    digits = [text for text in known if DIGITS.fullmatch(text)]
    leading = [text for text in digits if LEADING.fullmatch(text)]
    long_ = [text for text in digits if len(text) >= LONG]
    if len(digits) == len(known) and (leading or long_):
        return True
    shares = len(known)
    if called_one(name, known) and all(re.fullmatch(r"[\w.\-/+ ]{1,24}", text) for text in known):
        # "code" alone may be a small category such as a ward's code, which reads the same as text.
        return not measured(known)
    lettered = [text for text in known if DIAGNOSIS.fullmatch(text)]
    numeric = [text for text in known if re.fullmatch(r"\d{3}(?:\.\d{1,2})?", text)]
    return len(lettered) >= max(1, 0.05 * shares) and len(lettered) + len(numeric) >= 0.9 * shares


def called_one(name: str, known: Sequence[str]) -> bool:
    """Whether a column is called a code."""
    if WHOLE_NAME.search(name) and not MEASURED_AT.search(name):
        # Codes without a letter have three figures before the point; measurements seldom all do.
        return all(len(text) >= 3 and not SHORT_NUMBER.fullmatch(text) for text in known)
    return bool(NAME.search(name)) or (
        bool(VERSION.search(name)) and all(len(text) >= 3 for text in known)
    )


def measured(known: Sequence[str]) -> bool:
    """Decimals of many lengths, or a sign: a measurement under the name of a code."""
    return any(text.startswith("-") for text in known) or any(
        len(found[1]) > 4 for text in known if (found := DECIMALS.fullmatch(text))
    )
