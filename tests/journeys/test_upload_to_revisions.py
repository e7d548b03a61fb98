"""A hospital's export in a real browser: looked at, read otherwise, taken, edited, found again."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.journeys.steps import drawn


def german(rows: int = 60) -> bytes:
    """A German export: "1.100" may be a thousand or a little more than one."""
    lines = ["Patient;Alter;CRP;Leukozyten;Stadium;verstorben"]
    for i in range(rows):
        leuko, stage = f"{i % 9 + 4},{i % 10}", ("I", "II", "III")[i % 3]
        died = "ja" if i * 7 % 5 == 0 else "nein"
        lines.append(f"p{i:03d};{40 + i % 37};1.{100 + i};{leuko};{stage};{died}")
    return "\n".join(lines).encode("cp1252")


def view(page: Page, name: str) -> None:
    drawn(page)
    page.get_by_role("radiogroup", name="View").get_by_text(name, exact=True).click()
    drawn(page)


def rename_second(page: Page, unsaved: Locator) -> None:
    """Type another name for the second variable; the grid may not listen yet when it is seen."""
    table = page.get_by_test_id("stDataFrame").first
    expect(table).to_be_visible()
    for _ in range(6):
        table.click(position={"x": 80, "y": 90})
        page.keyboard.type("Age", delay=80)  # the first letter may be lost to the opening editor
        page.keyboard.press("Enter")
        drawn(page)
        if unsaved.is_visible():
            return


def test_from_an_export_to_revisions_at_one_address(page: Page, tmp_path: Path) -> None:
    (tmp_path / "labor.csv").write_bytes(german())
    page.get_by_role("link", name="Cohorts").first.click()
    add = page.get_by_role("button", name="Add a cohort")
    expect(add.or_(page.locator("input[type=file]")).first).to_be_attached()
    if add.is_visible():
        add.click()
    page.locator("input[type=file]").set_input_files(tmp_path / "labor.csv")
    page.get_by_role("button", name="Upload", exact=True).last.click()

    # Looked at first: what was decided is said, and read otherwise.
    take = page.get_by_role("button", name="Use this table")
    expect(take).to_be_visible()
    expect(page.get_by_text("1.100 → 1100")).to_be_visible()
    drawn(page)
    page.get_by_role("combobox", name="CRP: decimal mark").click()
    page.keyboard.type("point")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Decimal of 'CRP': point, as you chose")).to_be_visible()
    drawn(page)
    take.click()

    box = page.get_by_role("combobox", name="Cohort", exact=True)
    expect(box).to_have_value(re.compile("labor"))
    drawn(page)
    address = page.url
    page.get_by_role("combobox", name="Outcome column").click()
    page.get_by_role("option", name="verstorben").click()
    page.get_by_role("button", name=re.compile(r"^ja\b")).click()
    page.get_by_role("button", name="Save the outcome").click()
    expect(page.get_by_text("Outcome: verstorben is ja").first).to_be_visible()
    assert page.url == address

    # What is typed stays when another view and another page are opened, and is said there.
    view(page, "Variables")
    unsaved = page.get_by_text("1 variable changed and not saved")
    rename_second(page, unsaved)
    view(page, "Quality")
    expect(unsaved).to_be_visible()
    page.get_by_role("link", name="Models").first.click()
    expect(page.get_by_text("Changes of labor.csv are not saved")).to_be_visible()
    page.get_by_role("link", name="Look at it").click()
    view(page, "Variables")
    expect(unsaved).to_be_visible()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("saved as a new revision")).to_be_visible()
    assert page.url == address

    view(page, "History")
    expect(page.get_by_text(re.compile(r"Name: Alter → A?ge"))).to_be_visible()
    page.get_by_role("button", name="Go back to this revision").first.click()
    expect(page.get_by_text("Went back to revision 2")).to_be_visible()
    assert page.url == address
