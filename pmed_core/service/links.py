"""Links to one patient or scan: names for the address bar that tell nobody who it is."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pmed_core.accounts import Right
from pmed_core.service import cohorts, scans
from pmed_core.service.access import may
from pmed_core.service.hub import hub
from pmed_core.store.keys import pseudonym_key

LENGTH = 20


@may(Right.ASK, recorded=False)
def link(cohort_id: str, patient: str) -> str:
    """The name of a patient, or of a scan: the same in every revision of the cohort, keyed by this
    installation, so that nobody outside can try ids until one fits (HMAC-SHA-256, RFC 2104)."""
    return _link(pseudonym_key(hub().store.home), cohorts.address(cohort_id), patient)


def _link(key: bytes, address: str, patient: str) -> str:
    return hmac.new(key, f"{address}\0{patient}".encode(), hashlib.sha256).hexdigest()[:LENGTH]


@may(Right.ASK, recorded=False)
def linked(cohort_id: str, token: str) -> str:
    """Whose name it is; empty where the cohort has no such patient."""
    return _patients(str(hub().store.home), cohort_id).get(token, "")


@may(Right.ASK, recorded=False)
def linked_scan(cohort_ids: Sequence[str], token: str) -> tuple[str, str]:
    """(cohort, scan) of that name; empty where none of the cohorts has such a scan."""
    for cohort_id in cohort_ids:
        if found := _scans(str(hub().store.home), cohort_id).get(token):
            return cohort_id, found
    return "", ""


@lru_cache(maxsize=2)
def _patients(home: str, cohort_id: str) -> dict[str, str]:
    return _named(cohort_id, cohorts.patients(cohort_id))


@lru_cache(maxsize=8)
def _scans(home: str, cohort_id: str) -> dict[str, str]:
    return _named(cohort_id, scans.scans_of(cohort_id).frames)


def _named(cohort_id: str, every: Iterable[str]) -> dict[str, str]:
    # Key and address are looked up once, not for each of 100,000 patients.
    key, address = pseudonym_key(hub().store.home), cohorts.address(cohort_id)
    return {_link(key, address, one): one for one in every}
