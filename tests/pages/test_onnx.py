"""A model leaves the page as ONNX once it was checked."""

from __future__ import annotations

import pytest

from pmed_core.errors import UserError
from pmed_core.service import exports
from tests.pages.conftest import Open
from tests.pages.test_models import show

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
"""The model is asked inside the test's process here, and Keras warns about itself."""


def test_a_model_is_written_as_onnx_and_then_handed_out(opened: Open, trained: str) -> None:
    app = show(opened("models"), "Manage")
    next(b for b in app.button if b.label == "Export as ONNX").click().run()
    assert not app.exception
    assert not app.error
    assert any("repeats the model's predictions" in one.value for one in app.success)
    assert any(
        str(getattr(one, "label", "")).startswith("Download, ")
        for one in app.get("download_button")
    )


def test_why_a_model_is_not_written_as_onnx_is_said(
    opened: Open, trained: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = UserError("Not installed, and needed to write ONNX: onnx", "", "pip install it")
    monkeypatch.setattr(exports, "why_not_onnx", lambda entry: why)
    app = show(opened("models"), "Manage")
    assert not any(b.label == "Export as ONNX" for b in app.button)
    assert any("needed to write ONNX" in one.value for one in app.caption)
