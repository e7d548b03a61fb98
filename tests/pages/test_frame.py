"""What stands on every page.

AppTest starts each run as a fresh server does, so a page that is switched to is started alone and
draws its own frame: these tests keep that way alive too.
"""

from __future__ import annotations

import pytest

from pages.parts.frame import SECTIONS
from pmed_core.settings import RESEARCH_ONLY
from tests.pages.conftest import ROOT, Open

PAGES = [file for pages in SECTIONS.values() for file, _, _ in pages]


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_installation_shows_every_page_with_its_purpose_and_the_warning(
    page: str, opened: Open
) -> None:
    app = opened(page)
    captions = [caption.value for caption in app.caption]
    assert RESEARCH_ONLY in captions[0]
    assert len(app.title) == 1
    assert not app.error


def test_every_page_file_is_in_the_navigation() -> None:
    assert sorted(PAGES) == sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


def test_our_own_bug_is_a_sentence_and_a_log_line(
    opened: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise KeyError("Mrs Miller")

    monkeypatch.setattr("pmed_core.service.cohorts.cohorts", broken)
    app = opened("cohorts")
    assert len(app.error) == 1
    assert "our side" in app.error[0].value
    assert "Miller" not in app.error[0].value
    assert "a page failed" in caplog.text
