"""What users of baseline tools suffer from: one test for each, numbered as in the list of pains."""

from __future__ import annotations

from tests.service.conftest import installation, trained

__all__ = ["installation", "trained"]
