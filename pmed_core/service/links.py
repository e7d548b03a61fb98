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
    return _link(pseudonym_key(settings().home), cohorts.address(cohort_id), patient)


def _link(key: bytes, address: str, patient: str) -> str:
    return hmac.new(key, f"{address}\0{patient}".encode(), hashlib.sha256).hexdigest()[:LENGTH]


def linked(cohort_id: str, token: str) -> str:
    """Whose name it is; empty where the cohort has no such patient."""
    return _patients(str(settings().home), cohort_id).get(token, "")


@lru_cache(maxsize=2)
def _patients(home: str, cohort_id: str) -> dict[str, str]:
    # Key and address are looked up once, not for each of 100,000 patients.
    key, address = pseudonym_key(settings().home), cohorts.address(cohort_id)
    return {_link(key, address, patient): patient for patient in cohorts.patients(cohort_id)}
