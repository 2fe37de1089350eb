"""Free text: note and note_nlp; and the small clinical tables observation and specimen.

A note is Korean or English and names its patient the way staff do: by name, hospital number, resident registration
number, telephone, mail and address, each in one of its written forms (`cdm.synthetic.identity`).
"""

from __future__ import annotations

from cdm.synthetic import identity
from cdm.synthetic.canaries import Canaries
from cdm.synthetic.recipe import Recipe
from cdm.synthetic.vocabulary import DNR, FULL_CODE

FORMS = len(identity.SEPARATORS)
# Salts of the form in which a note writes a number, drawn from the note's key.
FORM_SALT = {"resident_number": 3001, "mobile": 3002, "land_line": 3003}


def written(kind: str) -> str:
    """SQL: a number of `identities` in the form that this note uses for it."""
    return f"written({kind}, pick(key, {FORM_SALT[kind]}, {FORMS}))"


# One row a note, with who it is about: note_id (visit_id * 4 + kind), key (of the note's draws), kind 0 admission,
# 1 discharge, 2 clinic; english: written in English; rrn, cell, line: numbers as this note writes them. (What several
# branches of a CASE use is a column: DuckDB computes a common subexpression once only outside of CASE.)
SOURCE = f"""(
    SELECT *, {written("resident_number")} AS rrn, {written("mobile")} AS cell, {written("land_line")} AS line,
           {identity.name("mix(key)")} AS doctor, CAST(age AS VARCHAR) AS years, CAST(start AS VARCHAR) AS day
    FROM (
        SELECT w.*, i.* EXCLUDE (person_id), p.born, c.name_ko AS dx_ko, c.name_en AS dx_en, c.kcd, c.concept_id AS dx_concept_id,
               draw(w.key, 1) % 4 = 0 AS english
        FROM (
            SELECT visit_id * 4 + nth AS note_id, nth AS kind, below(h, 9000 + nth) AS key, visit_id, person_id, sex, age, dx, start,
                   stop, begin, event, fatal
            FROM (SELECT *, unnest(CASE WHEN stay THEN [0, 1] WHEN u(h, 3000) < 0.08 THEN [2] ELSE [] END) AS nth FROM visits)) w
        JOIN people p USING (person_id) JOIN identities i USING (person_id) JOIN conditions c ON c.n = w.dx))"""


def recipes(canaries: Canaries) -> tuple[Recipe, ...]:
    """note, note_nlp, observation, specimen."""
    return (_note(canaries), _note_nlp(canaries), _observation(canaries), _specimen(canaries))


def text() -> str:
    """SQL of a note's text, without its canary."""
    until = "CAST(start + (stop // 1440)::INTEGER AS VARCHAR)"
    admission = """'[입원기록] ' || name || '님 (등록번호 ' || number || ', 주민등록번호 ' || rrn || ')' || chr(10)
        || '주소: ' || address || chr(10) || '연락처: ' || cell || ', 보호자 ' || relative || ' ' || line || chr(10)
        || '주호소: ' || dx_ko || chr(10) || '현병력: ' || years || '세 ' || CASE WHEN sex = 0 THEN '남자' ELSE '여자' END || ' 환자로 '
        || dx_ko || '(' || kcd || ') 의심되어 ' || day || ' 입원함. 배우자 ' || relative || '씨에게 설명하고 동의서 받음.' || chr(10)
        || '담당의 ' || doctor"""
    discharge = f"""'[퇴원요약] 환자명 ' || name || ' / ' || number || chr(10) || '재원기간: ' || day || ' ~ ' || {until} || chr(10)
        || '최종진단: ' || dx_ko || chr(10)
        || CASE WHEN event IS NOT NULL THEN '재원 중 상태 악화되어 중환자실 치료함. ' ELSE '경과 양호함. ' END
        || CASE WHEN fatal THEN '사망함. 유가족 ' || relative || '님께 연락(' || cell || ').'
                ELSE '외래 추적 예정, 결과는 ' || mail || ' 로 발송.' END || chr(10) || '작성자 ' || doctor"""
    clinic = """name || '님 외래. ' || dx_ko || ' 추적 중. 전화 ' || cell || ' 로 검사 결과 안내 원함. 주민번호 ' || rrn || ' 확인함.'"""
    english = """CASE WHEN kind = 1 THEN 'DISCHARGE SUMMARY' ELSE 'PROGRESS NOTE' END || chr(10) || 'Patient: ' || name_en
        || ', MRN ' || number || ', DOB ' || CAST(born AS VARCHAR) || chr(10) || 'RRN ' || rrn || ', cell ' || cell
        || ', e-mail ' || mail || chr(10) || 'A ' || years || '-year-old ' || CASE WHEN sex = 0 THEN 'man' ELSE 'woman' END
        || ' with ' || lower(dx_en) || ', seen on ' || day || '. Lives at ' || address || '. Next of kin ' || relative_en
        || ' (' || line || ').'"""
    return f"CASE WHEN english THEN {english} WHEN kind = 0 THEN {admission} WHEN kind = 1 THEN {discharge} ELSE {clinic} END"


def _note(canaries: Canaries) -> Recipe:
    return Recipe(
        "note",
        {
            "note_id": "note_id",
            "person_id": "person_id",
            "note_date": "CASE WHEN kind = 1 THEN start + (stop // 1440)::INTEGER ELSE start END",
            "note_datetime": "CASE WHEN kind = 1 THEN clock(start, stop) ELSE clock(start, begin) END",
            "note_type_concept_id": "32831",
            "note_class_concept_id": "[44814638, 44814637, 44814640][1 + kind]",
            "note_title": canaries.always(
                "note", "note_title", "['입원기록', '퇴원요약', '외래경과'][1 + kind] || ' ' || name"
            ),
            "note_text": canaries.always("note", "note_text", text()),
            "encoding_concept_id": "32678",
            "language_concept_id": "CASE WHEN english THEN 4180186 ELSE 4175771 END",
            "provider_id": "1 + pick(key, 2, 240)",
            "visit_occurrence_id": "visit_id",
            "note_source_value": canaries.always("note", "note_source_value", "'NT' || CAST(kind AS VARCHAR)"),
        },
        SOURCE,
    )


def _note_nlp(canaries: Canaries) -> Recipe:
    def mark(column: str, words: str) -> str:
        return canaries.always("note_nlp", column, words)

    return Recipe(
        "note_nlp",
        {
            "note_nlp_id": "note_id",
            "note_id": "note_id",
            "section_concept_id": "0",
            "snippet": mark("snippet", "name || '님 ' || dx_ko"),
            "offset": mark("offset", "'12'"),
            "lexical_variant": mark("lexical_variant", "dx_ko"),
            "note_nlp_concept_id": "dx_concept_id",
            "note_nlp_source_concept_id": "0",
            "nlp_system": mark("nlp_system", "'rule-based'"),
            "nlp_date": "start",
            "nlp_datetime": "clock(start, begin)",
            "term_exists": "'Y'",
            "term_temporal": mark("term_temporal", "'present'"),
            "term_modifiers": mark("term_modifiers", "'certainty=high'"),
        },
        f"(SELECT * FROM {SOURCE} WHERE kind = 1 AND draw(key, 4) % 8 = 0)",
    )


def _observation(canaries: Canaries) -> Recipe:
    table, key = "observation", "below(h, 9100 + kind)"
    return Recipe(
        table,
        {
            "observation_id": "visit_id * 4 + kind",
            "person_id": "person_id",
            "observation_concept_id": f"CASE kind WHEN 0 THEN 43054909 WHEN 1 THEN {DNR} ELSE {FULL_CODE} END",
            "observation_date": "start + (due // 1440)::INTEGER",
            "observation_datetime": "clock(start, due)",
            "observation_type_concept_id": "32817",
            "value_as_string": canaries.always(
                table,
                "value_as_string",
                """CASE kind WHEN 0 THEN ['비흡연', '과거흡연', '현재흡연'][1 + smoking]
                             WHEN 1 THEN '연명의료중단' ELSE '심폐소생술 시행' END""",
            ),
            "value_as_concept_id": "CASE kind WHEN 0 THEN [45879404, 45883458, 45881517][1 + smoking] ELSE 0 END",
            "qualifier_concept_id": "0",
            "provider_id": "1 + pick(h, 80, 240)",
            "visit_occurrence_id": "visit_id",
            "observation_source_value": canaries.sometimes(
                table, "observation_source_value", "['SMK', 'DNR', 'FULL'][1 + kind]", key
            ),
            "observation_source_concept_id": "0",
            "unit_source_value": canaries.alone(table, "unit_source_value", key),
            "qualifier_source_value": canaries.alone(table, "qualifier_source_value", key),
            "value_source_value": canaries.sometimes(
                table, "value_source_value", "CASE kind WHEN 0 THEN CAST(smoking AS VARCHAR) END", key
            ),
        },
        """(SELECT *, CASE WHEN kind = 1 THEN begin + (stop - begin) // 3 ELSE begin + 10 END AS due,
                   CASE WHEN u(ph, 110) < 0.48 + sex * 0.4 THEN 0 WHEN u(ph, 110) < 0.72 + sex * 0.2 THEN 1 ELSE 2 END AS smoking
            FROM (SELECT *, unnest(CASE WHEN dnr THEN [0, 1] WHEN stay AND u(h, 3100) < 0.1 THEN [0, 2]
                                        WHEN stay OR u(h, 3101) < 0.05 THEN [0] ELSE [] END) AS kind
                  FROM visits WHERE age >= 15))""",
    )


def _specimen(canaries: Canaries) -> Recipe:
    table = "specimen"
    return Recipe(
        table,
        {
            "specimen_id": "moment",
            "person_id": "person_id",
            "specimen_concept_id": "4001225",
            "specimen_type_concept_id": "32817",
            "specimen_date": "start + ((begin + due) // 1440)::INTEGER",
            "specimen_datetime": "clock(start, begin + due)",
            "quantity": "5",
            "unit_concept_id": "8587",
            "specimen_source_id": canaries.always(table, "specimen_source_id", "'S' || CAST(moment AS VARCHAR)"),
            "specimen_source_value": canaries.sometimes(table, "specimen_source_value", "'전혈'", "h"),
            "unit_source_value": canaries.sometimes(table, "unit_source_value", "'mL'", "h"),
            "anatomic_site_source_value": canaries.alone(table, "anatomic_site_source_value", "h"),
            "disease_status_source_value": canaries.alone(table, "disease_status_source_value", "h"),
        },
        "(SELECT * FROM moments WHERE panel = 4)",
    )
