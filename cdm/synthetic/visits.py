"""When the patients come: the latent tables `visits` and `fates`.

A person's observation is cut into as many shares as there are visits; a visit lies in the first half of its share and
ends before the next begins. So visits never overlap, come in order and stay inside the observation periods.
"""

from __future__ import annotations

from cdm.synthetic.catalogue import number
from cdm.synthetic.choices import KINDS, SLOTS, slot

OUTPATIENT, INPATIENT, EMERGENCY, EMERGENCY_INPATIENT = 9202, 9201, 9203, 262
DAY = 1440  # minutes


def create_visits() -> str:
    """`visits`: one row a visit, ascending by visit_id (person_id * 32 + k).

    h: key of the visit's draws. concept: the CDM's visit concept. dx: main diagnosis. age: years at its start.
    start: day; begin, stop: minutes after midnight of the start day at which it begins and ends. days: nights stayed.
    stay: inpatient. event: minutes after admission (`begin`) of a first deterioration, or NULL; kind of it: icu, vent,
    vaso, arrest, death. fatal: dies in it. icu_from, icu_to: minutes after admission in intensive care, or NULL.
    planned: intensive care straight from admission or after surgery. dnr: a do-not-resuscitate order stands.
    """
    nsaid = ", ".join(str(number("conditions", key)) for key in ("osteoarthritis", "low_back_pain"))
    kind = f"""CASE WHEN draw_kind < 0.010 + age * 0.00076 + greatest(0.0, frailty - 0.8) * 0.2 THEN {KINDS["inpatient"]}
                    WHEN draw_kind > 0.94 - CASE WHEN age < 10 THEN 0.06 ELSE 0 END THEN {KINDS["emergency"]}
                    ELSE {KINDS["outpatient"]} END"""
    return f"""
    CREATE TABLE visits AS
    WITH raw AS (SELECT *, unnest(range(visits)) AS k FROM people),
    placed AS (
        SELECT *, person_id * 32 + k AS visit_id, below(h, k) AS vh,
               k * share + CAST(floor(u(below(h, k), 1) * share * 0.45) AS BIGINT) AS place
        FROM raw),
    dated AS (
        SELECT *, from_date + (place + CASE WHEN k >= split THEN gap ELSE 0 END)::INTEGER AS start, u(vh, 2) AS draw_kind
        FROM placed),
    aged AS (SELECT * REPLACE (date_diff('day', born, start) // 365 AS age) FROM dated),
    kinds AS (SELECT *, {kind} AS kind, least(9, age // 10) AS band FROM aged),
    chosen AS (
        SELECT v.* EXCLUDE (dx), CASE WHEN kind = {KINDS["outpatient"]} AND c1 IS NOT NULL AND u(vh, 4) < 0.62
                         THEN coalesce([c1, c2, c3][1 + pick(vh, 5, 3)], c1)
                    WHEN kind <> {KINDS["outpatient"]} AND (c1 IN ({nsaid}) OR c2 IN ({nsaid})) AND u(vh, 6) < 0.12
                         THEN {number("conditions", "gi_bleed")}
                    ELSE v.dx END AS dx
        FROM (SELECT k.*, choices.dx FROM kinds k
              JOIN choices ON choices.slot = {slot("k.kind", "k.sex", "k.band", f"pick(k.vh, 3, {SLOTS})")}) v),
    known AS (
        SELECT v.*, c.risk, c.stay_days, v.kind = {KINDS["inpatient"]} AS stay,
               c.department IN ('GS', 'OS', 'NS', 'BR', 'OB') AS surgical,
               CASE WHEN v.kind = {KINDS["outpatient"]} THEN {OUTPATIENT}
                    WHEN v.kind = {KINDS["emergency"]} THEN {EMERGENCY}
                    WHEN u(vh, 7) < 0.45 THEN {EMERGENCY_INPATIENT} ELSE {INPATIENT} END AS concept
        FROM chosen v JOIN conditions c ON c.n = v.dx),
    timed AS (
        SELECT *, CASE WHEN concept = {OUTPATIENT} THEN 510 + pick(vh, 8, 480) WHEN concept = {INPATIENT} THEN 560 + pick(vh, 8, 480)
                       ELSE pick(vh, 8, 1440) END AS begin,
               CASE WHEN stay THEN least(share // 2, 60, 1 + CAST(floor(
                        stay_days * (0.25 + 1.6 * u(vh, 9) * u(vh, 10) + 0.25 * u(vh, 9))) AS BIGINT))
                    ELSE 0 END AS nights
        FROM known),
    ended AS (
        SELECT *, CASE WHEN stay THEN nights * {DAY} + 600 + pick(vh, 11, 240) - begin
                       WHEN concept = {EMERGENCY} THEN least(90 + pick(vh, 11, 500), {DAY - 1} - begin + {DAY})
                       ELSE 20 + pick(vh, 11, 90) END AS length
        FROM timed),
    risky AS (
        SELECT *, k = visits - 1 AS final,
               stay AND length > 34 * 60 AND u(vh, 12) < 0.00062 * risk * (0.55 + frailty * 0.5 + age / 160.0)
               AND surgical = (surgical AND u(vh, 13) < 0.6) AS worsens
        FROM ended),
    worse AS (
        SELECT *, CASE WHEN worsens THEN 26 * 60 + pick(vh, 14, greatest(1, length - 32 * 60)) END AS event,
               CASE WHEN worsens THEN CASE
                    WHEN u(vh, 15) < 0.52 THEN 'icu' WHEN u(vh, 15) < 0.68 THEN 'vaso' WHEN u(vh, 15) < 0.84 THEN 'vent'
                    WHEN u(vh, 15) < 0.93 OR NOT final THEN 'arrest' ELSE 'death' END END AS event_kind
        FROM risky),
    lasting AS (
        SELECT *, final AND coalesce(event_kind = 'death' OR (event IS NOT NULL AND u(vh, 16) < 0.45), false) AS fatal,
               stay AND event IS NULL AND length > {DAY} AND age > 55 AND u(vh, 17) < 0.02 * risk / 100.0 AS dnr,
               CASE WHEN NOT stay OR event IS NOT NULL THEN 0 WHEN u(vh, 18) < 0.025 THEN 1
                    WHEN surgical AND length > 2 * {DAY} AND u(vh, 18) < 0.12 THEN 2 ELSE 0 END AS planned
        FROM worse),
    cared AS (
        SELECT *, CASE WHEN event_kind = 'icu' THEN event
                       WHEN event_kind IN ('vaso', 'vent', 'arrest') AND u(vh, 19) < 0.85 THEN event + 40 + pick(vh, 20, 200)
                       WHEN planned = 1 THEN 0 WHEN planned = 2 THEN {DAY} + 120 + pick(vh, 20, 300) END AS icu_from
        FROM lasting),
    closed AS (
        SELECT *, CASE WHEN fatal AND event_kind = 'death' THEN event
                       WHEN fatal THEN event + 120 + pick(vh, 22, 4000) ELSE length END AS whole
        FROM cared)
    SELECT visit_id, person_id, vh AS h, h AS ph, k, sex, age, region, frailty, c1, c2, c3, dx, concept, stay, start, begin,
           begin + whole AS stop, (begin + whole) // {DAY} AS days, event, event_kind,
           fatal OR (dnr AND final AND u(vh, 23) < 0.6) AS fatal,
           CASE WHEN icu_from < whole THEN icu_from END AS icu_from,
           CASE WHEN icu_from < whole THEN least(whole, icu_from + {DAY} + pick(vh, 21, 3 * {DAY})) END AS icu_to,
           planned, dnr
    FROM closed
    ORDER BY visit_id
    """


def create_fates() -> str:
    """`fates`: people whose life ends in the data (person_id, died: day, minute, dx, ward: in hospital)."""
    return f"""
    CREATE TABLE fates AS
    SELECT person_id, start + days::INTEGER AS died, stop % {DAY} AS minute, dx, true AS ward
    FROM visits WHERE fatal
    UNION ALL
    SELECT p.person_id, p.last_date, pick(p.h, 31, {DAY}), p.c1, false
    FROM people p ANTI JOIN (SELECT person_id FROM visits WHERE fatal) f USING (person_id)
    WHERE p.age > 45 AND p.last_date < DATE '2024-12-31' AND u(p.h, 30) < p.age / 420.0
    ORDER BY person_id
    """
