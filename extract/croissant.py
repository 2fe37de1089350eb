"""croissant.json: the release described in Croissant 1.1 (MLCommons), so that ML tools load its tables by themselves.

One record set per table, its fields typed, files named by relative path and digest; use terms as ODRL with the DUO terms
that the board's conditions name, and a prohibition of re-identification, for which DUO has no term.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from extract.inputs import PackageInputs
from extract.manifest import FileEntry
from extract.meanings import meaning

CROISSANT = "croissant.json"
AS_DELTA = "One half of a table: rows of base/ whose person is not in delta/people, and all rows of delta/."
PARQUET = "application/x-parquet"
RECORDS = ("tables/", "base/", "delta/", "splits/", "features/", "meds/metadata/", "docs/codebook.parquet")

# As the specification gives it: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "duo": "http://purl.obolibrary.org/obo/DUO_",
    "usageInfo": {"@id": "sc:usageInfo"},
}


def croissant(inputs: PackageInputs, files: Sequence[FileEntry]) -> bytes:
    """Write the description. files: every file of the release that stands so far."""
    tables = [file for file in files if file.columns is not None and file.path.startswith(RECORDS)]
    described = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": inputs.release,
        "description": f"{inputs.study.title.en}. {inputs.study.purpose.en}",
        "version": inputs.version,
        "license": inputs.terms.text.en,
        "citeAs": f"{inputs.release}, {inputs.site_id}; cite the SHA-256 of its MANIFEST.json",
        "url": f"urn:naru:release:{inputs.release}",
        "creator": {"@type": "sc:Organization", "name": inputs.site_id},
        "inLanguage": ["ko", "en"],
        "isLiveDataset": False,
        "usageInfo": _terms(inputs),
        "distribution": [_file(file) for file in files if file.columns is not None],
        "recordSet": [_records(file, inputs) for file in tables],
    }
    return (json.dumps(described, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")


def _file(file: FileEntry) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "contentUrl": file.path,
        "contentSize": f"{file.size} B",
        "encodingFormat": PARQUET,
        "sha256": file.sha256,
    }


def _records(file: FileEntry, inputs: PackageInputs) -> dict[str, Any]:
    name = file.path.removesuffix(".parquet")
    table = name.rsplit("/", maxsplit=1)[-1]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        **({"description": AS_DELTA} if file.path.startswith(("base/", "delta/")) else {}),
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column.name}",
                "name": column.name,
                "description": meaning(table, column.name, inputs.cdm_version)[0],
                "dataType": _data_type(column.type),
                "source": {"fileObject": {"@id": file.path}, "extract": {"column": column.name}},
                **({"isArray": True, "arrayShape": "-1"} if column.type.startswith("list") else {}),
            }
            for column in file.columns or ()
        ],
    }


def _data_type(arrow: str) -> str:
    if arrow.startswith("int"):
        return "cr:Int64" if arrow == "int64" else "sc:Integer"
    if arrow in ("double", "float") or arrow.startswith("decimal"):
        return "sc:Float"
    if arrow == "bool":
        return "sc:Boolean"
    if arrow.startswith("date"):
        return "sc:Date"
    return "sc:DateTime" if arrow.startswith("timestamp") else "sc:Text"


def _terms(inputs: PackageInputs) -> dict[str, Any]:
    duo = inputs.terms.conditions.get("duo")
    asked = [str(term) for term in duo] if isinstance(duo, list) else []
    return {
        "@type": "odrl:Agreement",
        "odrl:permission": [
            {"odrl:action": "odrl:use", "odrl:constraint": [term.replace("DUO:", "duo:") for term in asked]}
        ],
        "odrl:prohibition": [
            {"odrl:action": "odrl:distribute"},
            {"odrl:action": "re-identification of any person"},
        ],
    }
