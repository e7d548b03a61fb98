"""A service with one model, and a system that may ask it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from pmed_core.api.app import made
from pmed_core.service import access
from pmed_core.settings import RESEARCH_ONLY
from tests.service.conftest import installation as installation
from tests.service.conftest import trained as trained
from tests.service.made import Installation

CELLS: dict[str, Any] = {"age": 71.5, "lactate": None, "sex": "f"}


@dataclass
class System:
    """Asks with its key, and looks at every answer for the notice."""

    client: TestClient
    key: str

    def get(self, path: str, status: int = 200) -> Any:
        return self._told(self.client.get(path, headers=self.headers), status)

    def post(self, path: str, sent: Any, status: int = 200) -> Any:
        answer = self.client.post(path, json=sent, headers=self.headers)
        return self._told(answer, status)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def _told(self, answer: Any, status: int) -> Any:
        assert answer.status_code == status, answer.text
        assert RESEARCH_ONLY in answer.text
        assert answer.headers["cache-control"] == "no-store"
        return answer.json()

    def predict(self, model: str, status: int = 200, **cells: Any) -> Any:
        sent = {"patients": [{"id": "mrn-1", "cells": CELLS | cells}]}
        return self.post(f"/v1/models/{model}/predict", sent, status)


@pytest.fixture
def system(trained: Installation) -> Iterator[System]:
    with TestClient(made(), raise_server_exceptions=False) as client:
        yield System(client, access.api_keys().make("", "ward system"))
