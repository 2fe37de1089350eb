"""The end of use at a startup: a copy is removed, and a signed certificate of it is made for the board."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from cdm.errors import BadInput
from drb.columns import canonical
from drb.destruction import statement
from drb.rights import KOREA
from extract.manifest import read_manifest
from flows.home import Home
from flows.keys import recipient
from flows.stages.folder import discard


def destroy(home: Home, folder: Path, person: str) -> Path:
    """Remove a received release and give the certificate's file, beside it. Raises BadInput where it is none, or no keys are here.

    The certificate is on the disk before anything is removed; what a killed try left is removed by the next.
    """
    keys = recipient(home)
    certificate = folder.with_name(f"{folder.name}.destroyed.json")
    if not folder.is_dir():
        if certificate.is_file():
            return certificate
        raise BadInput(f"{folder}: no such folder; name the folder of a received release")
    if not certificate.is_file():
        manifest = read_manifest(folder)
        files = sum(1 for path in folder.rglob("*") if path.is_file())
        today = datetime.now(KOREA).date()
        said = statement(manifest.release, manifest.digest, person, today, files)
        document = {
            "statement": said,
            "public_key": keys.signing.public,
            "signature": keys.signing.sign(canonical(said).encode()),
        }
        fresh = certificate.with_suffix(".tmp")
        fresh.write_text(json.dumps(document, indent=1, sort_keys=True), encoding="utf-8")
        fresh.replace(certificate)
    discard(folder.with_name(f".{folder.name}.partial"))
    discard(folder)
    return certificate
