"""Mistakes that databases really have, each as the SQL that puts it into a sound one. `some(p)`: p rows of a hundred, by hash."""

from __future__ import annotations

from dataclasses import dataclass

VALUE = "UPDATE cdm.measurement SET value_as_number = {value} WHERE measurement_concept_id = {concept} AND unit_concept_id = {unit}"


@dataclass(frozen=True)
class Kind:
    """One kind of mistake. en, ko: what was done. sql: statements over the schema cdm."""

    name: str
    en: str
    ko: str
    sql: str


def some(percent: int, key: str) -> str:
    """A condition that holds for so many of a hundred rows."""
    return f"hash({key}, 'fault') % 100 < {percent}"


def _mixed(concept: int, unit: int, value: str, percent: int = 10) -> str:
    return f"{VALUE.format(value=value, concept=concept, unit=unit)} AND {some(percent, 'measurement_id')}"


_M, _C, _V, _D = "measurement_id", "condition_occurrence_id", "visit_occurrence_id", "drug_exposure_id"
KINDS: tuple[Kind, ...] = (
    Kind("glucose in mmol/L", "10% of glucose in mmol/L, unit left as mg/dL", "포도당 10%가 mmol/L 값, 단위는 mg/dL 그대로",
         _mixed(3004501, 8840, "value_as_number / 18.016")),
    Kind("creatinine in µmol/L", "10% of creatinine in µmol/L, unit left as mg/dL", "크레아티닌 10%가 µmol/L 값",
         _mixed(3016723, 8840, "value_as_number / 0.01131")),
    Kind("temperature in °F", "10% of temperatures in degrees Fahrenheit", "체온 10%가 화씨 값",
         _mixed(3020891, 586323, "value_as_number * 1.8 + 32")),
    Kind("weight in pounds", "10% of weights in pounds, unit left as kg", "체중 10%가 파운드 값",
         _mixed(3025315, 9529, "value_as_number / 0.45359")),
    Kind("height in metres", "10% of heights in metres, unit left as cm", "키 10%가 미터 값",
         _mixed(3036277, 8582, "value_as_number / 100")),
    Kind("decimal point lost", "10% of creatinine ten times too large", "크레아티닌 10%의 소수점이 빠짐",
         _mixed(3016723, 8840, "value_as_number * 10")),
    Kind("values negative", "5% of all results made negative", "검사 결과 5%가 음수",
         f"UPDATE cdm.measurement SET value_as_number = -value_as_number WHERE {some(5, _M)}"),
    Kind("unit of another kind", "10% of glucose in mmHg", "포도당 10%의 단위가 mmHg",
         f"UPDATE cdm.measurement SET unit_concept_id = 8876 WHERE measurement_concept_id = 3004501 AND {some(10, _M)}"),
    Kind("units unmapped", "10% of units mapped to 0", "단위 10%가 0으로 매핑",
         f"UPDATE cdm.measurement SET unit_concept_id = 0 WHERE {some(10, _M)}"),
    Kind("dates a year late", "measurements of 5% of people moved by a year, times not", "사람 5%의 검사 날짜만 1년 밀림",
         f"UPDATE cdm.measurement SET measurement_date = measurement_date + 365 WHERE {some(5, 'person_id')}"),
    Kind("everything of a person shifted", "all dates and times of 10% of people's conditions 90 days late", "사람 10%의 진단이 90일 밀림",
         "UPDATE cdm.condition_occurrence SET condition_start_date = condition_start_date + 90, condition_start_datetime = "
         f"condition_start_datetime + INTERVAL 90 DAY, condition_end_date = condition_end_date + 90 WHERE {some(10, 'person_id')}"),
    Kind("day and month swapped", "day and month of condition dates swapped where both can be", "진단 날짜의 일과 월이 뒤바뀜",
         "UPDATE cdm.condition_occurrence SET condition_start_date = make_date(year(condition_start_date), day(condition_start_date), "
         f"month(condition_start_date)) WHERE day(condition_start_date) <= 12 AND {some(50, _C)}"),
    Kind("wrong century", "2% of visits a hundred years early", "방문 2%가 100년 이름",
         f"UPDATE cdm.visit_occurrence SET visit_start_date = visit_start_date - INTERVAL 100 YEAR WHERE {some(2, _V)}"),
    Kind("placeholder dates", "2% of drug exposures on 1900-01-01", "처방 2%의 날짜가 1900-01-01",
         f"UPDATE cdm.drug_exposure SET drug_exposure_start_date = DATE '1900-01-01' WHERE {some(2, _D)}"),
    Kind("future dates", "2% of drug exposures in 2090", "처방 2%가 2090년",
         "UPDATE cdm.drug_exposure SET drug_exposure_start_date = DATE '2090-01-01', drug_exposure_end_date = DATE '2090-01-02' "
         f"WHERE {some(2, _D)}"),
    Kind("times in UTC", "times of visits nine hours early, dates not", "방문 시각만 9시간 이름(UTC)",
         "UPDATE cdm.visit_occurrence SET visit_start_datetime = visit_start_datetime - INTERVAL 9 HOUR"),
    Kind("times lost", "times of measurements cut to midnight", "검사 시각이 자정으로 잘림",
         "UPDATE cdm.measurement SET measurement_datetime = CAST(measurement_date AS TIMESTAMP)"),
    Kind("before birth", "3% of measurements in the year before birth", "검사 3%가 출생 전 해",
         "UPDATE cdm.measurement AS m SET measurement_date = make_date(p.year_of_birth - 1, 7, 1) FROM cdm.person AS p "
         f"WHERE p.person_id = m.person_id AND {some(3, _M)}"),
    Kind("after death", "half of the conditions of the dead a year after death", "사망자 진단의 절반이 사망 1년 뒤",
         "UPDATE cdm.condition_occurrence AS c SET condition_start_date = d.death_date + 365 FROM cdm.death AS d "
         f"WHERE d.person_id = c.person_id AND {some(50, _C)}"),
    Kind("end before start", "start and end of 20% of the visits of several days swapped", "여러 날 방문 20%의 시작과 끝이 뒤바뀜",
         "UPDATE cdm.visit_occurrence SET visit_start_date = visit_end_date, visit_end_date = visit_start_date "
         f"WHERE visit_start_date < visit_end_date AND {some(20, _V)}"),
    Kind("keys twice", "1% of measurements loaded twice", "검사 1%가 두 번 적재됨",
         f"INSERT INTO cdm.measurement SELECT * FROM cdm.measurement WHERE {some(1, _M)}"),
    Kind("rows twice, new keys", "5% of conditions twice, under keys of their own", "진단 5%가 새 키로 두 번 적재됨",
         "INSERT INTO cdm.condition_occurrence SELECT * REPLACE (condition_occurrence_id + 900000000 AS condition_occurrence_id) "
         f"FROM cdm.condition_occurrence WHERE {some(5, _C)}"),
    Kind("visits orphaned", "5% of visits removed, their rows left", "방문 5%가 사라지고 행은 남음",
         f"DELETE FROM cdm.visit_occurrence WHERE {some(5, _V)}"),
    Kind("people orphaned", "2% of people removed, their rows left", "사람 2%가 사라지고 행은 남음",
         f"DELETE FROM cdm.person WHERE {some(2, 'person_id')}"),
    Kind("visits of others", "10% of drug exposures in another person's visit", "처방 10%가 다른 사람의 방문을 가리킴",
         "UPDATE cdm.drug_exposure SET visit_occurrence_id = (SELECT max(visit_occurrence_id) FROM cdm.visit_occurrence) "
         f"WHERE visit_occurrence_id IS NOT NULL AND {some(10, _D)}"),
    Kind("columns swapped", "sex and race of people in each other's column", "성별과 인종 열이 뒤바뀜",
         "UPDATE cdm.person SET gender_concept_id = race_concept_id, race_concept_id = gender_concept_id"),
    Kind("value and range swapped", "results and the lower end of their range swapped", "결과값과 참고치 하한이 뒤바뀜",
         "UPDATE cdm.measurement SET value_as_number = range_low, range_low = value_as_number"),
    Kind("source concepts as standard", "20% of conditions hold the source's concept", "진단 20%에 원천 개념이 들어감",
         "UPDATE cdm.condition_occurrence SET condition_concept_id = condition_source_concept_id WHERE condition_source_concept_id <> 0 "
         f"AND {some(20, _C)}"),
    Kind("sexes exchanged", "every man a woman and the reverse", "남녀가 모두 뒤바뀜",
         "UPDATE cdm.person SET gender_concept_id = CASE gender_concept_id WHEN 8507 THEN 8532 WHEN 8532 "
         "THEN 8507 ELSE gender_concept_id END"),
    Kind("sexes re-coded", "sexes as 1 and 2 instead of concepts", "성별이 개념 대신 1과 2",
         "UPDATE cdm.person SET gender_concept_id = CASE gender_concept_id WHEN 8507 THEN 1 ELSE 2 END"),
    Kind("sexes unknown", "sex of 20% of people 0", "사람 20%의 성별이 0",
         f"UPDATE cdm.person SET gender_concept_id = 0 WHERE {some(20, 'person_id')}"),
    Kind("years of birth of two digits", "years of birth without their century", "출생연도가 두 자리",
         "UPDATE cdm.person SET year_of_birth = year_of_birth % 100"),
    Kind("months missing", "two months of measurements missing", "검사 두 달치가 없음",
         "DELETE FROM cdm.measurement WHERE date_trunc('month', measurement_date) IN (SELECT date_trunc('month', middle) + "
         "to_months(n::INTEGER) FROM (SELECT median(measurement_date) AS middle FROM cdm.measurement), range(2) AS r(n))"),
    Kind("last months cut off", "drug exposures of the last 15% of the time missing", "처방의 마지막 15% 기간이 없음",
         "DELETE FROM cdm.drug_exposure WHERE drug_exposure_start_date > (SELECT quantile_disc(drug_exposure_start_date, 0.85) "
         "FROM cdm.drug_exposure)"),
    Kind("extract cut short", "the last third of the table of conditions missing", "진단 표의 마지막 3분의 1이 없음",
         "DELETE FROM cdm.condition_occurrence WHERE person_id > (SELECT quantile_disc(person_id, 0.67) FROM cdm.person)"),
    Kind("table empty", "no procedure at all", "처치 표가 비어 있음", "DELETE FROM cdm.procedure_occurrence"),
    Kind("column missing", "measurements without the column of units", "검사 표에 단위 열이 없음",
         "ALTER TABLE cdm.measurement DROP COLUMN unit_concept_id"),
    Kind("required values empty", "3% of visits without an end", "방문 3%의 끝 날짜가 없음",
         f"UPDATE cdm.visit_occurrence SET visit_end_date = NULL WHERE {some(3, _V)}"),
    Kind("text in numbers", "the key of places holds words", "장소 키에 글자가 들어감",
         "ALTER TABLE cdm.person ALTER location_id TYPE VARCHAR; UPDATE cdm.person SET location_id = 'L' || location_id WHERE "
         f"{some(5, 'person_id')}"),
    Kind("conditions unmapped", "15% of conditions mapped to 0", "진단 15%가 0으로 매핑",
         f"UPDATE cdm.condition_occurrence SET condition_concept_id = 0 WHERE {some(15, _C)}"),
    Kind("vocabulary renewed", "the commonest condition no longer standard", "가장 흔한 진단 개념이 비표준이 됨",
         "UPDATE cdm.concept SET standard_concept = NULL, invalid_reason = 'U' WHERE concept_id = (SELECT mode(condition_concept_id) "
         "FROM cdm.condition_occurrence WHERE condition_concept_id <> 0)"),
    Kind("vocabulary of another release", "2% of all concepts unknown", "개념 2%가 어휘에 없음",
         f"DELETE FROM cdm.concept WHERE {some(2, 'concept_id')} AND concept_id IN (SELECT drug_concept_id FROM cdm.drug_exposure "
         "UNION SELECT condition_concept_id FROM cdm.condition_occurrence UNION SELECT measurement_concept_id FROM cdm.measurement)"),
    Kind("concepts of another domain", "3% of drugs are conditions", "약물 3%가 진단 개념",
         "UPDATE cdm.drug_exposure SET drug_concept_id = (SELECT mode(condition_concept_id) FROM cdm.condition_occurrence WHERE "
         f"condition_concept_id <> 0) WHERE {some(3, _D)}"),
    Kind("periods overlap", "10% of periods twice", "관찰기간 10%가 겹침",
         "INSERT INTO cdm.observation_period SELECT * REPLACE (observation_period_id + 900000000 AS observation_period_id) "
         f"FROM cdm.observation_period WHERE {some(10, 'observation_period_id')}"),
    Kind("periods missing", "5% of people without a period", "사람 5%의 관찰기간이 없음",
         f"DELETE FROM cdm.observation_period WHERE {some(5, 'person_id')}"),
    Kind("eras not rebuilt", "20% of people without condition eras", "사람 20%의 진단 era가 없음",
         f"DELETE FROM cdm.condition_era WHERE {some(20, 'person_id')}"),
    Kind("days of supply in hours", "5% of days of supply times 24", "투약일수 5%가 24배",
         f"UPDATE cdm.drug_exposure SET days_supply = days_supply * 24 WHERE {some(5, _D)}"),
    Kind("codes cut short", "source codes of conditions cut to three letters", "진단 원천코드가 세 글자로 잘림",
         "UPDATE cdm.condition_occurrence SET condition_source_value = left(condition_source_value, 3)"),
    Kind("decimals lost", "all results rounded to whole numbers", "모든 결과가 정수로 반올림됨",
         "UPDATE cdm.measurement SET value_as_number = round(value_as_number)"),
    Kind("stays as visits", "half of the stays re-coded as outpatient visits", "입원 절반이 외래로 바뀜",
         f"UPDATE cdm.visit_occurrence SET visit_concept_id = 9202 WHERE visit_concept_id = 9201 AND {some(50, _V)}"),
)  # fmt: skip
