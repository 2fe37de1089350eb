"""location, care_site, provider, cdm_source, metadata: the hospital itself."""

from __future__ import annotations

from cdm.synthetic.canaries import Canaries
from cdm.synthetic.encounters import PROVIDERS, WARDS
from cdm.synthetic.identity import name, street
from cdm.synthetic.recipe import Recipe

PROVIDER_KEY = "mix((range + 7777)::UBIGINT)"


def recipes(canaries: Canaries, hospital: str, seed: int, version: int) -> tuple[Recipe, ...]:
    """`hospital`: the name in `synthetic://NAME`."""
    return (
        _location(canaries),
        _care_site(canaries, hospital),
        _provider(canaries),
        _cdm_source(canaries, hospital, seed, version),
    )


def _location(canaries: Canaries) -> Recipe:
    def mark(column: str, text: str) -> str:
        return canaries.always("location", column, text, row="n")

    return Recipe(
        "location",
        {
            "location_id": "n + 1",
            "address_1": mark("address_1", street("h")),
            "address_2": mark("address_2", "name_ko || ' ' || district"),
            "city": mark("city", "city"),
            "state": "state",
            "zip": canaries.bare("location", "zip", row="n"),
            "county": mark("county", "left(district, 9)"),
            "location_source_value": mark("location_source_value", "name_ko || ' ' || district"),
            "country_concept_id": "NULL",
            "country_source_value": mark("country_source_value", "'KR'"),
            "latitude": "latitude",
            "longitude": "longitude",
        },
        "(SELECT *, mix(n::UBIGINT) AS h FROM regions)",
    )


def _care_site(canaries: Canaries, hospital: str) -> Recipe:
    def mark(column: str, text: str) -> str:
        return canaries.always("care_site", column, text, row="id")

    return Recipe(
        "care_site",
        {
            "care_site_id": "id",
            "care_site_name": mark("care_site_name", f"'카나리아{hospital}병원 ' || site"),
            "place_of_service_concept_id": "place",
            "location_id": "1",
            "care_site_source_value": mark("care_site_source_value", "code"),
            "place_of_service_source_value": mark("place_of_service_source_value", "kind"),
        },
        f"""(SELECT n + 1 AS id, name_ko AS site, code, 'OPD' AS kind, 8756 AS place FROM departments
            UNION ALL SELECT 101 + range, CAST(31 + range AS VARCHAR) || '병동', 'W' || CAST(31 + range AS VARCHAR), 'WARD', 8717
                      FROM range({WARDS})
            UNION ALL SELECT 141 + range, ['내과', '외과', '심장'][1 + range] || '계중환자실', 'ICU' || CAST(1 + range AS VARCHAR),
                             'ICU', 32037 FROM range(3)
            UNION ALL SELECT 150, '응급의료센터', 'ER', 'ER', 8870)""",
    )


def _provider(canaries: Canaries) -> Recipe:
    def mark(column: str, text: str) -> str:
        return canaries.always("provider", column, text, row="id")

    return Recipe(
        "provider",
        {
            "provider_id": "id",
            "provider_name": mark("provider_name", name("h")),
            "npi": mark("npi", "'L' || CAST(10000 + pick(h, 1, 80000) AS VARCHAR)"),
            "dea": mark("dea", "'N' || CAST(1000 + pick(h, 2, 9000) AS VARCHAR)"),
            "specialty_concept_id": "specialty_concept_id",
            "care_site_id": "d.n + 1",
            "year_of_birth": "1958 + pick(h, 3, 36)",
            "gender_concept_id": "CASE WHEN u(h, 4) < 0.6 THEN 8507 ELSE 8532 END",
            "provider_source_value": mark("provider_source_value", "'D' || CAST(10000 + id * 7 AS VARCHAR)"),
            "specialty_source_value": mark("specialty_source_value", "name_ko"),
            "specialty_source_concept_id": "0",
            "gender_source_value": mark("gender_source_value", "CASE WHEN u(h, 4) < 0.6 THEN '남' ELSE '여' END"),
            "gender_source_concept_id": "0",
        },
        f"""(SELECT range + 1 AS id, {PROVIDER_KEY} AS h FROM range({PROVIDERS})) p
            JOIN departments d ON d.n = pick(p.h, 5, 19)""",
    )


def _cdm_source(canaries: Canaries, hospital: str, seed: int, version: int) -> Recipe:
    return Recipe(
        "cdm_source",
        {
            "cdm_source_name": f"'Synthetic hospital {hospital}'",
            "cdm_source_abbreviation": f"left('{hospital}', 25)",
            "cdm_holder": "'Naru'",
            "source_description": canaries.always(
                "cdm_source", "source_description", "'Made-up patients; nobody in here is real.'", row="0"
            ),
            "source_documentation_reference": canaries.always(
                "cdm_source", "source_documentation_reference", "'cdm/synthetic'", row="0"
            ),
            "cdm_etl_reference": canaries.always(
                "cdm_source", "cdm_etl_reference", f"'generator {version}, seed {seed}'", row="0"
            ),
            "source_release_date": "DATE '2024-12-31'",
            "cdm_release_date": "DATE '2025-01-31'",
            "cdm_version": "'5.4'",
            "cdm_version_concept_id": "756265",
            "vocabulary_version": f"'naru-synthetic {version}'",
        },
        "(SELECT 1)",
    )
