"""docs/reference/package.md: what stands in a release."""

from __future__ import annotations

from docs.from_code.markdown import page, table
from docs.from_code.models import section
from extract.delta import READ
from extract.grid import HOURS
from extract.manifest import (
    APPROVAL,
    CHECKSUMS,
    MANIFEST,
    SIGNATURES,
    Base,
    Bilingual,
    ColumnEntry,
    FileEntry,
    Manifest,
    Provenance,
    StudyMeta,
    Terms,
)
from extract.splits import BY_SET, BY_SITE, SHARES, SPLITS, TEMPORAL
from extract.versions import MAJOR, MINOR

PARTS = f"{', '.join(SPLITS)} ({' / '.join(f'{share:.0%}' for share in SHARES)} of the people)"
# Glob -> what it is. tests/docs/test_reference.py holds a real release against it.
FILES = {
    "README.en.md": "What this is, how to load it, its terms.",
    "README.ko.md": "The same in Korean.",
    "tables/cohort.parquet": "subject_id, site_id, set_id, role, index_date, weight: a row for each drawn person and set.",
    "tables/*.parquet": "OMOP CDM tables, de-identified. `person_id` is the cohort's `subject_id`. Types are the same from "
    "every hospital: whole numbers INT64, numbers DOUBLE, dates DATE, times TIMESTAMP in microseconds without zone, texts UTF-8.",
    f"splits/{BY_SET}.parquet": f"subject_id, split: {PARTS}; a matched set is never divided.",
    f"splits/{BY_SITE}.parquet": "subject_id, fold: the hospital, to leave one out.",
    f"splits/{TEMPORAL}.parquet": "subject_id, split: the earliest people train, the latest are held out, by true index days "
    "that the hospital alone knows; a matched set is never divided.",
    "base/*.parquet": "Where a version is told as base and delta: the tables of an earlier version, as they were.",
    "delta/*.parquet": "All rows of the people who changed since, and who those are (people.parquet). See below.",
    "features/baseline.parquet": "A line a person: what was known before the prediction time, counts and last values by concept.",
    "features/hourly.parquet": f"Measurements of the last {HOURS} hours on a grid with mask and delta, where times of day are known.",
    "docs/features.csv": "The columns of the baseline matrix.",
    "docs/leakage.json": "Whether trivial features or single codes tell cases from controls: AUROC with intervals, findings by name.",
    "docs/CHANGES.md": "What changed since the version before: people, rows, codes, statistics, by cause; the same as `naru diff`.",
    "docs/changes.json": "The same for machines, from the second version on.",
    "docs/data_dictionary.csv": "Every column of the release: type, meaning, what was done to it and why.",
    "docs/codebook.parquet": "Every concept that occurs: code, names, units, where it is found.",
    "docs/definition.json": "The cohort definitions as they were run.",
    "docs/definition.*.md": "The same in prose.",
    "docs/source_codes.*.yaml": "Source codes that count as concepts of the definitions' sets, where the study has some.",
    "docs/attrition.csv": "People after each rule, small numbers suppressed.",
    "docs/balance.csv": "Standardised mean differences before and after matching; `*` where a level has too few people.",
    "docs/balance.*.svg": "The same as a plot.",
    "docs/linkage.*.svg": "Who is singled out by one to five known events, by what the attacker knows of their days (risk.json: linkage).",
    "docs/attacks.*.svg": "What singling out, linking and inferring gain over guessing about people outside (risk.json: attacks).",
    "docs/draw.*.html": "The draw on one page: numbers, Table 1, plot, unmatched cases.",
    "docs/table1.csv": "Cases and controls side by side, small numbers suppressed.",
    "docs/unmatched.csv": "Cases that found no control, by stratum and reason, small numbers suppressed.",
    "docs/risk.json": "k-anonymity: wanted, reached, by how much people were generalised or left out.",
    "docs/quality.html": "The gate's report.",
    "docs/quality.json": "The gate's findings.",
    "meds/**": "The same events in the Medical Event Data Standard, with labels and splits.",
    "croissant.json": "A description for machines (Croissant, JSON-LD).",
    "provenance/disclosure_record.json": "What the policy decided, setting by setting and column by column.",
    APPROVAL: "What the board approved, when, under which conditions. Added at publication.",
    MANIFEST: "Every file that the hospital built, with digest. Its SHA-256 is the release's identity.",
    SIGNATURES: "The hospital's signature of the manifest, the board's of manifest and approval. Added at publication.",
    CHECKSUMS: "For `sha256sum -c`.",
}
VERSIONS = (
    (", ".join(f"`{part}`" for part in MAJOR), "major: the dataset means something else"),
    (", ".join(f"`{part}`" for part in MINOR), "minor: the same question on newer data"),
    ("the code alone", "patch: the same data, packed anew"),
)


def package() -> str:
    """The page."""
    return page(
        "# A release, file by file",
        "A release is a folder named STUDY-HOSPITAL-RECIPIENT-VERSION. Nothing of ours is needed to read it.",
        table(("file", "what it is"), [(f"`{name}`", words) for name, words in FILES.items()]),
        "## MANIFEST.json",
        "Canonical JSON (RFC 8785). Nothing in it depends on a clock, a host or a path.",
        section(Manifest, 3),
        section(StudyMeta, 3),
        section(Provenance, 3),
        section(Terms, 3),
        section(Base, 3),
        section(FileEntry, 3),
        section(ColumnEntry, 3),
        section(Bilingual, 3),
        "## Base and delta",
        "A large table of a new version is the earlier version's file, less the people who changed, and all rows of these: "
        f"`{READ.format(table='measurement')}`. The delta is always told against the base, so there are two files to read however many "
        "versions went before. A withdrawal, other columns, or changes of many people write the base anew.",
        "## Versions",
        "A release whose provenance equals an earlier one's is that version. Otherwise the first difference in this table decides.",
        table(("what changed since the newest release", "next"), VERSIONS),
    )
