"""What can go wrong, in words a person can act on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePath


@dataclass
class UserError(Exception):
    """Something the user can put right. Shown as one plain sentence, never as a traceback.

    Attributes:
        what: what is wrong ("The file is empty").
        where: the place ("icu.csv", "icu.csv, column 'age', row 17"); may be empty.
        remedy: what to do about it ("Save the table again as CSV with a header row.").
    """

    what: str
    where: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{place}{self.what.rstrip('.')}.{remedy}"

    def on_screen(self) -> UserError:
        """The same for somebody in a browser, whom the server's folders do not concern.

        Of an uploaded file its name is left; the shell says whole paths, which were typed there.
        """
        path = PurePath(self.where)
        if not path.is_absolute():
            return self
        return replace(self, where=path.name if "sources" in path.parts else "")


class DiskFull(UserError):
    """There is no room left to write to; what was there before is unchanged."""


class Busy(UserError):
    """Others are at it for now."""


class Unreachable(Busy):
    """Where the installation keeps what it has does not answer for now; nothing of it is lost."""

    def on_screen(self) -> UserError:
        """Whoever sits before a browser cannot look after it."""
        said = "Nothing is lost, and work goes on once it does. If this lasts, tell whoever looks "
        return replace(self, where="", remedy=f"{said}after this server.")


class DamagedEntry(UserError):
    """What was kept cannot be read any more; everything else can."""


class Refused(UserError):
    """Whoever asks may not, or is not signed in any more."""


class Cancelled(Exception):
    """The user stopped the work and wants nothing kept."""
