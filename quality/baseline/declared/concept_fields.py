"""The lines that `concepts` reads: field | domain | standard | tolerated unmapped, standard | ..., source."""

from __future__ import annotations

from collections.abc import Mapping

from cdm.source import CdmVersion

BOTH = """
care_site.place_of_service_concept_id | - | yes | 100 | -
condition_era.condition_concept_id | Condition | yes | 0 | -
condition_occurrence.condition_concept_id | Condition | yes | 5 | -
condition_occurrence.condition_source_concept_id | - | no | - | 10
condition_occurrence.condition_type_concept_id | Type Concept | yes | 0 | -
cost.cost_type_concept_id | - | yes | 0 | -
death.cause_concept_id | - | yes | 5 | -
death.cause_source_concept_id | - | no | - | 10
death.death_type_concept_id | Type Concept | yes | 0 | -
device_exposure.device_concept_id | Device | yes | 5 | -
device_exposure.device_source_concept_id | - | no | - | 10
device_exposure.device_type_concept_id | Type Concept | yes | 0 | -
dose_era.drug_concept_id | Drug | yes | 0 | -
dose_era.unit_concept_id | Unit | yes | 0 | -
drug_era.drug_concept_id | Drug | yes | 0 | -
drug_exposure.drug_concept_id | Drug | yes | 5 | -
drug_exposure.drug_source_concept_id | - | no | - | 10
drug_exposure.drug_type_concept_id | Type Concept | yes | 0 | -
drug_exposure.route_concept_id | Route | yes | 100 | -
fact_relationship.domain_concept_id_1 | - | no | 100 | -
fact_relationship.domain_concept_id_2 | - | no | 100 | -
fact_relationship.relationship_concept_id | - | no | 100 | -
measurement.measurement_concept_id | Measurement | yes | 5 | -
measurement.measurement_source_concept_id | - | no | - | 10
measurement.measurement_type_concept_id | Type Concept | yes | 0 | -
measurement.unit_concept_id | Unit | yes | 5 | -
note.encoding_concept_id | - | yes | - | -
note.language_concept_id | - | yes | - | -
note.note_class_concept_id | - | yes | - | -
note.note_type_concept_id | Type Concept | yes | - | -
note_nlp.note_nlp_concept_id | - | yes | - | -
note_nlp.section_concept_id | - | yes | - | -
observation.observation_concept_id | - | yes | 5 | -
observation.observation_source_concept_id | - | no | - | 10
observation.observation_type_concept_id | Type Concept | yes | 0 | -
observation.qualifier_concept_id | - | yes | - | -
observation.unit_concept_id | Unit | yes | 5 | -
observation_period.period_type_concept_id | Type Concept | yes | 0 | -
person.ethnicity_concept_id | Ethnicity | yes | 100 | -
person.gender_concept_id | Gender | yes | 5 | -
person.race_concept_id | Race | yes | 100 | -
procedure_occurrence.modifier_concept_id | - | yes | 100 | -
procedure_occurrence.procedure_concept_id | Procedure | yes | 5 | -
procedure_occurrence.procedure_source_concept_id | - | no | - | 10
procedure_occurrence.procedure_type_concept_id | Type Concept | yes | 0 | -
provider.gender_concept_id | Gender | yes | 100 | -
provider.specialty_concept_id | - | yes | 100 | -
provider.specialty_source_concept_id | - | no | - | 100
specimen.anatomic_site_concept_id | - | yes | - | -
specimen.disease_status_concept_id | - | yes | - | -
specimen.specimen_concept_id | - | yes | 5 | -
specimen.specimen_type_concept_id | Type Concept | yes | 0 | -
specimen.unit_concept_id | - | yes | 5 | -
visit_detail.visit_detail_concept_id | Visit | yes | 0 | -
visit_detail.visit_detail_source_concept_id | - | no | - | 100
visit_detail.visit_detail_type_concept_id | Type Concept | yes | 0 | -
visit_occurrence.visit_concept_id | Visit | yes | 0 | -
visit_occurrence.visit_source_concept_id | - | no | - | 100
visit_occurrence.visit_type_concept_id | Type Concept | yes | 0 | -
"""

_53 = """
condition_occurrence.condition_status_concept_id | - | yes | 100 | -
measurement.operator_concept_id | - | yes | - | -
person.ethnicity_source_concept_id | - | no | - | 100
person.gender_source_concept_id | - | no | - | 100
person.race_source_concept_id | - | no | - | 100
visit_detail.admitting_source_concept_id | - | yes | 100 | 100
visit_detail.discharge_to_concept_id | - | yes | 100 | -
visit_occurrence.admitting_source_concept_id | Visit | yes | 100 | -
visit_occurrence.discharge_to_concept_id | Visit | yes | 100 | -
"""

_54 = """
cdm_source.cdm_version_concept_id | Metadata | yes | - | -
condition_occurrence.condition_status_concept_id | Condition Status | yes | 5 | -
device_exposure.unit_concept_id | Unit | yes | 5 | -
device_exposure.unit_source_concept_id | - | no | - | 100
drug_strength.drug_concept_id | Drug | no | - | -
episode.episode_concept_id | Episode | yes | 5 | -
episode.episode_source_concept_id | - | no | - | 100
episode.episode_type_concept_id | Type Concept | yes | - | -
episode_event.episode_event_field_concept_id | Metadata | yes | - | -
location.country_concept_id | Geography | yes | 100 | -
measurement.meas_event_field_concept_id | - | yes | - | -
measurement.operator_concept_id | Meas Value Operator | yes | - | -
measurement.unit_source_concept_id | - | no | - | 100
note.note_event_field_concept_id | - | yes | - | -
observation.obs_event_field_concept_id | - | yes | - | -
observation.unit_source_concept_id | - | no | - | 100
source_to_concept_map.target_concept_id | - | yes | - | -
visit_detail.admitted_from_concept_id | Visit | yes | 5 | -
visit_detail.discharged_to_concept_id | Visit | yes | 5 | -
visit_occurrence.admitted_from_concept_id | Visit | yes | 5 | -
visit_occurrence.discharged_to_concept_id | Visit | yes | 5 | -
"""

ONLY: Mapping[CdmVersion, str] = {"5.3": _53, "5.4": _54}
