"""The Ray cluster that jobs run on, and whether it may be used; Ray itself is not loaded here.

A cluster that asks for no token lets whoever reaches it run programs on all its machines, which
hold the keys of this installation; so none is used that does not refuse a stranger.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from pmed_core.errors import Unreachable, UserError

HERE = ("localhost", "127.0.0.1", "::1")
TOKEN = "Make one with 'ray get-auth-token --generate', the same for all machines of the cluster."


class Cluster(BaseSettings):
    """By the variables that Ray itself reads.

    Attributes:
        address: "HOST:PORT" of the head.
        auth_mode: "token" is the only one that is used.
        auth_token, auth_token_path: the token, or the file that it stands in; by default
            ~/.ray/auth_token.
        use_tls: whether all that is said to the cluster is encrypted, by the three files.
        cpus: how many processors a job asks for.
    """

    model_config = SettingsConfigDict(env_prefix="RAY_", frozen=True)

    address: str = "127.0.0.1:6379"
    auth_mode: str = ""
    auth_token: SecretStr = SecretStr("")
    auth_token_path: Path | None = None
    use_tls: bool = False
    tls_ca_cert: Path | None = None
    tls_server_cert: Path | None = None
    tls_server_key: Path | None = None
    cpus: int = Field(default=1, ge=1, validation_alias="PMED_RAY_CPUS")

    def unusable(self, *, hosted: bool) -> Iterator[UserError]:
        """What is missing or unsafe in how it is set up here."""
        if find_spec("ray") is None:
            yield UserError(
                "PMED_ENGINE=ray needs Ray, which is not installed", "",
                "pip install -r requirements-ray.txt, or set PMED_ENGINE=local.",
            )  # fmt: skip
        host = urlsplit(f"//{self.address}").hostname
        if "//" in self.address or not host or ":" not in self.address:
            yield UserError("RAY_ADDRESS is not HOST:PORT", "", "Name the head of the cluster.")
        if self.auth_mode != "token":
            yield UserError(
                "RAY_AUTH_MODE must be token: else whoever reaches a machine of the cluster runs "
                "programs there", "", "Set it on all machines of the cluster, and here.",
            )  # fmt: skip
        elif not self.token():
            yield UserError("There is no token of the Ray cluster", "RAY_AUTH_TOKEN_PATH", TOKEN)
        if self.use_tls and not all(file and file.is_file() for file in self._files()):
            yield UserError(
                "RAY_USE_TLS needs RAY_TLS_CA_CERT, RAY_TLS_SERVER_KEY and RAY_TLS_SERVER_CERT", "",
                "Name three files that can be read.",
            )  # fmt: skip
        if hosted and not self.use_tls and host not in HERE:
            yield UserError(
                "RAY_USE_TLS must be 1: the token could be read on its way", "",
                "Set it and its certificates on all machines of the cluster, and here.",
            )  # fmt: skip

    def token(self) -> str:
        """The token; "" where there is none that can be read."""
        if said := self.auth_token.get_secret_value():
            return said
        try:
            file = self.auth_token_path or Path.home() / ".ray" / "auth_token"
            return file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def _files(self) -> tuple[Path | None, Path | None, Path | None]:
        return self.tls_ca_cert, self.tls_server_key, self.tls_server_cert

    def away(self) -> Iterator[UserError]:
        """Why jobs cannot be given to it for now: it does not answer, or not to us alone."""
        # Only now: no other process need load what speaks to it.
        from pmed_core.engine.on_ray.asking import ask

        tls = self._files() if self.use_tls else None
        stranger = ask(self.address, "", tls)
        if stranger == "silent":
            yield Unreachable(
                "The Ray cluster does not answer", self.address,
                "Start it, or see whether RAY_ADDRESS is right.",
            )  # fmt: skip
        elif stranger == "accepted":
            yield UserError(
                "The Ray cluster lets everybody in", self.address,
                "Start all its machines with RAY_AUTH_MODE=token.",
            )  # fmt: skip
        elif ask(self.address, self.token(), tls) != "accepted":
            yield UserError("The Ray cluster refuses the token", self.address, TOKEN)
