"""Links to one patient: names for the address bar that tell nobody who it is."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from pmed_core.service import cohorts
from pmed_core.settings import settings
from pmed_core.store.keys import pseudonym_key

LENGTH = 20


def link(cohort_id: str, patient: str) -> str:
    """The name of a patient: the same in every revision of the cohort, keyed by this installation,
    so that nobody outside can try ids until one fits (HMAC-SHA-256, RFC 2104)."""
    key = pseudonym_key(settings().home)
    told = f"{cohorts.address(cohort_id)}\0{patient}".encode()
    return hmac.new(key, told, hashlib.sha256).hexdigest()[:LENGTH]


def linked(cohort_id: str, token: str) -> str:
    """Whose name it is; empty where the cohort has no such patient."""
    return _patients(str(settings().home), cohort_id).get(token, "")


@lru_cache(maxsize=2)
def _patients(home: str, cohort_id: str) -> dict[str, str]:
    return {link(cohort_id, patient): patient for patient in cohorts.patients(cohort_id)}
