"""The vocabulary tables: as much of the standard vocabularies as the programme's seven topics need.

Standard concepts carry the ids, names and codes under which OMOP publishes them, gathered from public study
definitions and general knowledge: good for synthetic data, no substitute for the vocabularies of Athena.
Everything above two billion is made up here, as the CDM leaves that range to a site: source concepts (KCD, EDI, the
hospital's own measurement codes), two subtypes below every diagnosis, one product below every drug, and the two
code-status concepts. Where a concept's own code is not known it is `SYN<id>`, and the code systems' texts (KCD, EDI)
have the real shape but are not the official lists.
"""

from __future__ import annotations

from cdm.synthetic.recipe import Recipe

KCD_ID = 2_000_100_000
EDI_DRUG_ID = 2_000_200_000
EDI_PROCEDURE_ID = 2_000_300_000
MEASUREMENT_ID = 2_000_400_000
SUBTYPE_ID = 2_000_500_000  # + row * 2 + (0, 1)
PRODUCT_ID = 2_000_600_000
DNR, FULL_CODE = 2_000_900_001, 2_000_900_002
SUBTYPES = 2
KOREAN = 4175771

RELATIONSHIPS = (
    ("Maps to", "Non-standard to Standard map (OMOP)", 0, 0, "Mapped from"),
    ("Mapped from", "Standard to Non-standard map (OMOP)", 0, 0, "Maps to"),
    ("Is a", "Is a", 1, 0, "Subsumes"),
    ("Subsumes", "Subsumes", 1, 1, "Is a"),
)


def create_concepts() -> tuple[str, ...]:
    """The latent tables `concepts` (the CDM's concept columns), `edges` (parent, child), `lineage`, `maps`, `korean`."""
    standard = " UNION ALL ".join(
        f"SELECT concept_id, name_en, '{domain}', '{vocabulary}', '{kind}', 'S', {code}, NULL FROM {table} WHERE concept_id > 0"
        for table, domain, vocabulary, kind, code in (
            ("conditions", "Condition", "SNOMED", "Clinical Finding", "snomed"),
            ("drugs", "Drug", "RxNorm", "Ingredient", "rxnorm"),
            ("procedures", "Procedure", "SNOMED", "Procedure", "snomed"),
            ("measurements", "Measurement", "LOINC", "Lab Test", "loinc"),
        )
    )
    source = " UNION ALL ".join(
        f"SELECT {first} + n, name_ko, '{domain}', '{vocabulary}', '{kind}', NULL, {code}, NULL FROM {table}"
        for table, first, domain, vocabulary, kind, code in (
            (
                "conditions",
                KCD_ID,
                "Condition",
                "KCD7",
                "KCD7 code",
                "kcd || CASE WHEN n > first THEN '#' || CAST(n AS VARCHAR) ELSE '' END",
            ),
            ("drugs", EDI_DRUG_ID, "Drug", "EDI", "Drug Product", "edi"),
            ("procedures", EDI_PROCEDURE_ID, "Procedure", "EDI", "Proc", "edi"),
            ("measurements", MEASUREMENT_ID, "Measurement", "EDI", "Measurement", "code"),
        )
    ).replace("FROM conditions", "FROM (SELECT *, min(n) OVER (PARTITION BY kcd) AS first FROM conditions)")
    subtypes = f"""SELECT {SUBTYPE_ID} + n * {SUBTYPES} + nth, name_en || [' (synthetic subtype A)', ' (synthetic subtype B)'][1 + nth],
            'Condition', 'Synthetic', 'Clinical Finding', 'S', NULL, NULL
        FROM conditions, (SELECT range AS nth FROM range({SUBTYPES})) WHERE concept_id > 0"""
    products = f"""SELECT {PRODUCT_ID} + n, name_en || ' (synthetic product)', 'Drug', 'Synthetic', 'Clinical Drug', 'S', NULL, NULL
        FROM drugs WHERE concept_id > 0"""
    maps = " UNION ALL ".join(
        f"SELECT {first} + n AS source, concept_id AS target FROM {table} WHERE concept_id > 0"
        for table, first in (
            ("conditions", KCD_ID), ("drugs", EDI_DRUG_ID), ("procedures", EDI_PROCEDURE_ID), ("measurements", MEASUREMENT_ID),
        )
    )  # fmt: skip
    korean = " UNION ALL ".join(
        f"SELECT concept_id, min(name_ko) AS text FROM {table} WHERE concept_id > 0 GROUP BY 1"
        for table in ("conditions", "drugs", "procedures", "measurements")
    )
    return (
        f"""CREATE TABLE concepts AS
            SELECT concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, standard_concept,
                   coalesce(concept_code, 'SYN' || CAST(concept_id AS VARCHAR)) AS concept_code, invalid_reason
            FROM (SELECT * EXCLUDE (n) FROM listed_concepts UNION ALL {standard} UNION ALL {source}
                  UNION ALL {subtypes} UNION ALL {products})
            QUALIFY row_number() OVER (PARTITION BY concept_id ORDER BY concept_name) = 1 ORDER BY concept_id""",
        f"""CREATE TABLE edges AS
            SELECT parent, child FROM hierarchy
            UNION ALL SELECT concept_id, {SUBTYPE_ID} + n * {SUBTYPES} + nth
                      FROM conditions, (SELECT range AS nth FROM range({SUBTYPES})) WHERE concept_id > 0
            UNION ALL SELECT concept_id, {PRODUCT_ID} + n FROM drugs WHERE concept_id > 0
            ORDER BY 1, 2""",
        """CREATE TABLE lineage AS
            WITH RECURSIVE walk AS (
                SELECT concept_id AS ancestor, concept_id AS descendant, 0 AS levels FROM concepts WHERE standard_concept = 'S'
                UNION SELECT ancestor, child, levels + 1 FROM walk JOIN edges ON parent = descendant)
            SELECT ancestor, descendant, min(levels) AS nearest, max(levels) AS farthest FROM walk GROUP BY 1, 2 ORDER BY 1, 2""",
        f"CREATE TABLE maps AS {maps} ORDER BY 1, 2",
        f"CREATE TABLE korean AS {korean} ORDER BY 1, 2",
    )


def recipes(version: int) -> tuple[Recipe, ...]:
    """concept, concept_ancestor, concept_relationship, concept_synonym, vocabulary, domain, concept_class, relationship."""
    valid = {
        "valid_start_date": "DATE '1970-01-01'",
        "valid_end_date": "CASE WHEN invalid_reason IS NULL THEN DATE '2099-12-31' ELSE DATE '2019-12-31' END",
        "invalid_reason": "invalid_reason",
    }
    same = (
        "concept_id",
        "concept_name",
        "domain_id",
        "vocabulary_id",
        "concept_class_id",
        "standard_concept",
        "concept_code",
    )
    names = [
        Recipe(
            table,
            {f"{table}_id": "id", f"{table}_name": "id", f"{table}_concept_id": "0", **extra},
            f"(SELECT DISTINCT {table}_id AS id FROM concepts)",
        )
        for table, extra in (
            (
                "vocabulary",
                {
                    "vocabulary_reference": "'synthetic excerpt'",
                    "vocabulary_version": f"CASE WHEN id = 'None' THEN 'naru-synthetic {version}' END",
                },
            ),
            ("domain", {}),
            ("concept_class", {}),
        )
    ]
    relations = ", ".join(f"('{a}', '{b}', '{c}', '{d}', '{e}')" for a, b, c, d, e in RELATIONSHIPS)
    return (
        Recipe("concept", {name: name for name in same} | valid, "concepts"),
        Recipe(
            "concept_ancestor",
            {
                "ancestor_concept_id": "ancestor",
                "descendant_concept_id": "descendant",
                "min_levels_of_separation": "nearest",
                "max_levels_of_separation": "farthest",
            },
            "lineage",
        ),
        Recipe(
            "concept_relationship",
            {
                "concept_id_1": "a",
                "concept_id_2": "b",
                "relationship_id": "r",
                "valid_start_date": "DATE '1970-01-01'",
                "valid_end_date": "DATE '2099-12-31'",
            },
            """(SELECT source AS a, target AS b, 'Maps to' AS r FROM maps UNION ALL SELECT target, source, 'Mapped from' FROM maps
                UNION ALL SELECT concept_id, concept_id, 'Maps to' FROM concepts WHERE standard_concept = 'S'
                UNION ALL SELECT child, parent, 'Is a' FROM edges UNION ALL SELECT parent, child, 'Subsumes' FROM edges)""",
        ),
        Recipe(
            "concept_synonym",
            {"concept_id": "concept_id", "concept_synonym_name": "text", "language_concept_id": str(KOREAN)},
            "korean",
        ),
        *names,
        Recipe(
            "relationship",
            {
                "relationship_id": "a",
                "relationship_name": "b",
                "is_hierarchical": "c",
                "defines_ancestry": "d",
                "reverse_relationship_id": "e",
                "relationship_concept_id": "0",
            },
            f"(VALUES {relations}) AS listed(a, b, c, d, e)",
        ),
    )
