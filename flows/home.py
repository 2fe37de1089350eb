"""Where Naru keeps its state: one folder, NARU_HOME, readable by its owner alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cdm.errors import BadInput


@dataclass(frozen=True)
class Home:
    """The layout of NARU_HOME. Paths are answers, nothing is made until somebody writes."""

    root: Path

    @property
    def board_url(self) -> str:
        """The board's database: NARU_BOARD_URL, else the embedded SQLite file."""
        return os.environ.get("NARU_BOARD_URL") or f"sqlite:///{self.root / 'board' / 'board.sqlite'}"

    @property
    def board_key(self) -> Path:
        """The board's Ed25519 signing key."""
        return self.root / "board" / "keys" / "signing.key"

    @property
    def sites(self) -> Path:
        """One YAML file a registered hospital."""
        return self.root / "sites"

    def site_keys(self, site_id: str) -> Path:
        """A hospital's key store: pseudonym master key and signing key. Never leaves the hospital."""
        return self.root / "keys" / site_id

    def person_sets(self, site_id: str) -> Path:
        """Who was in which release, as numbers under the hospital's own key. Never leaves the hospital."""
        return self.root / "people" / site_id

    def signing_key(self, site_id: str) -> Path:
        """A hospital's Ed25519 signing key."""
        return self.site_keys(site_id) / "signing.key"

    @property
    def data(self) -> Path:
        """Public samples and synthetic hospitals, made once."""
        return self.root / "data"

    @property
    def concept_sets(self) -> Path:
        """Concept sets resolved by earlier runs, a folder for each state of a vocabulary."""
        return self.root / "concept-sets"

    def run(self, site_id: str, study_id: str, case_id: str) -> Path:
        """The folder of one study's extraction at one hospital for one case."""
        return self.root / "runs" / site_id / study_id / case_id

    @property
    def spill(self) -> Path:
        """Where DuckDB spills: on the hospital's own disk."""
        return self.root / "spill"

    @property
    def store(self) -> Path:
        """The release store."""
        return self.root / "store"

    @property
    def delivery(self) -> str:
        """Where sealed releases go: NARU_STORE (a folder, s3://BUCKET/PREFIX, https://HOST/PATH), else a folder here."""
        return os.environ.get("NARU_STORE") or str(self.root / "delivery")

    @property
    def recipient(self) -> Path:
        """A recipient's private keys: recipient.key (age) and signing.key (Ed25519); NARU_KEYS names another folder."""
        return Path(os.environ.get("NARU_KEYS") or self.root / "keys" / "recipient")

    @property
    def startup(self) -> Path:
        """Where `naru pull` lays a release unless told otherwise."""
        return self.root / "startup"

    @property
    def prefect(self) -> Path:
        """Prefect's own state when no server is given."""
        return self.root / "prefect"

    def make(self) -> Home:
        """Make the root, closed to others (it will hold raw rows and keys).

        Raises BadInput where the folder cannot be made or written.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.root.chmod(0o700)
        except OSError as error:
            raise BadInput(
                f"{self.root}: NARU_HOME cannot be made or used ({error.strerror}); name a folder you may write, "
                "for example: export NARU_HOME=~/naru"
            ) from None
        return self


def home() -> Home:
    """The home that NARU_HOME names, by default ~/.naru."""
    return Home(Path(os.environ.get("NARU_HOME") or "~/.naru").expanduser().absolute())
