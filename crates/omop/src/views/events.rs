//! What happened to people, of all types of resources as one table: `omop.__leg` (what the lake's tables say, with why it did not
//! happen where it did not) and `omop.__event` (with person, visit, provider and dates, or why it is left out).
//!
//! The tables of the model are made of it, since the domain of a concept decides the table, not the type of the resource.

/// Columns of a leg, with what stands for nothing in each.
const COLUMNS: [(&str, &str); 37] = [
    ("type", ""),
    ("id", ""),
    ("row_no", ""),
    ("component", "CAST(NULL AS BIGINT)"),
    ("codings", ""),
    ("text", "CAST(NULL AS VARCHAR)"),
    ("place", ""),
    ("patient_id", ""),
    ("encounter_id", "CAST(NULL AS VARCHAR)"),
    ("practitioner_id", "CAST(NULL AS VARCHAR)"),
    ("begun", TIME),
    ("begun_text", "CAST(NULL AS VARCHAR)"),
    ("begun_rule", "CAST(NULL AS VARCHAR)"),
    ("ended", TIME),
    ("ended_text", "CAST(NULL AS VARCHAR)"),
    ("number", "CAST(NULL AS DOUBLE)"),
    ("comparator", "CAST(NULL AS VARCHAR)"),
    ("unit", "CAST(NULL AS VARCHAR)"),
    ("unit_system", "CAST(NULL AS VARCHAR)"),
    ("unit_code", "CAST(NULL AS VARCHAR)"),
    ("value_codings", "CASE WHEN false THEN {codings} END"),
    ("value_text", "CAST(NULL AS VARCHAR)"),
    // A value with the digits that it was sent with.
    ("given", "CAST(NULL AS VARCHAR)"),
    ("low", "CAST(NULL AS DOUBLE)"),
    ("high", "CAST(NULL AS DOUBLE)"),
    ("quantity", "CAST(NULL AS DOUBLE)"),
    ("supply_days", "CAST(NULL AS DOUBLE)"),
    ("refills", "CAST(NULL AS BIGINT)"),
    ("sig", "CAST(NULL AS VARCHAR)"),
    ("route", "CAST(NULL AS VARCHAR)"),
    ("route_text", "CAST(NULL AS VARCHAR)"),
    ("lot", "CAST(NULL AS VARCHAR)"),
    ("stop_reason", "CAST(NULL AS VARCHAR)"),
    ("qualifier", "CAST(NULL AS VARCHAR)"),
    ("udi", "CAST(NULL AS VARCHAR)"),
    ("production", "CAST(NULL AS VARCHAR)"),
    ("unlike", ""),
];

/// For how many days a dispense of a request lasts.
macro_rules! supply {
    () => {
        "r.supply * CASE WHEN r.supply_unit IN ('d', 'day', 'days') THEN 1 WHEN r.supply_unit IN ('wk', 'week', 'weeks') THEN 7 \
         WHEN r.supply_unit IN ('mo', 'month', 'months') THEN 30 WHEN r.supply_unit IN ('a', 'year', 'years') THEN 365 END"
    };
}

/// Whether a reference range is in the unit of the value, as far as both are told.
macro_rules! of_unit {
    () => {
        "coalesce(r.range_unit, r.range_unit_code) IS NULL OR coalesce(r.value_unit, r.value_unit_code) IS NULL \
         OR lower(r.range_unit) IN (lower(r.value_unit), lower(r.value_unit_code)) \
         OR r.range_unit_code = r.value_unit_code OR lower(r.range_unit_code) = lower(r.value_unit)"
    };
}

const TIME: &str = "arrow_cast(NULL, 'Timestamp(Microsecond, Some(\"UTC\"))')";

/// One type of resources: what its columns are, and where they come from.
struct Leg {
    resource_type: &'static str,
    place: &'static str,
    from: &'static str,
    /// The name of the resource's table in `from`.
    table: &'static str,
    columns: &'static [(&'static str, &'static str)],
    /// Why it did not happen; nothing if it did.
    unlike: &'static str,
}

const MEDICINE: &str = "CASE WHEN r.medication_id IS NULL THEN r.codings ELSE m.codings END";
const MEDICINE_TEXT: &str = "coalesce(r.medication_text, r.medication_display, m.code_text, m.code_display)";
/// That no drug is known (SNOMED CT) is found of a person, not taken.
const DRUG_OR_NONE: &str =
    "CASE WHEN array_has(r.codings, 'http://snomed.info/sct|787481004') THEN 'observation' ELSE 'drug' END";
/// That it was not, said by any of the codings of its verification.
const UNVERIFIED: &str = "CASE WHEN array_has(r.verification_statuses, 'entered-in-error') THEN 'entered-in-error' \
                          WHEN array_has(r.verification_statuses, 'refuted') THEN 'refuted' END";
/// The ends of a reference range, where it has the unit of the value or one of them has none.
const LOW: &str = concat!("CASE WHEN ", of_unit!(), " THEN r.range_low END");
const HIGH: &str = concat!("CASE WHEN ", of_unit!(), " THEN r.range_high END");
const ROUTE: &str = "r.route_system || '|' || r.route_code";

const LEGS: [Leg; 11] = [
    Leg {
        resource_type: "Condition",
        place: "'condition'",
        from: "condition r",
        table: "r",
        columns: &[
            ("codings", "r.codings"),
            ("text", "coalesce(r.code_text, r.code_display)"),
            ("encounter_id", "r.encounter_id"),
            ("practitioner_id", "coalesce(r.asserter_id, r.recorder_id)"),
            ("begun", "coalesce(r.onset, r.recorded)"),
            ("begun_text", "coalesce(r.onset_text, r.recorded_text)"),
            ("begun_rule", "CASE WHEN r.onset IS NULL AND r.recorded IS NOT NULL THEN 'when it was written down' END"),
            ("ended", "r.abatement"),
            ("ended_text", "r.abatement_text"),
            ("qualifier", "r.category_text"),
        ],
        unlike: UNVERIFIED,
    },
    Leg {
        resource_type: "Observation",
        place: "CASE WHEN array_has(r.categories, 'laboratory') OR array_has(r.categories, 'vital-signs') OR r.value IS NOT NULL \
                OR r.value_integer IS NOT NULL THEN 'measurement' ELSE 'observation' END",
        from: "observation r",
        table: "r",
        columns: &[
            ("component", "r.component"),
            ("codings", "CASE WHEN r.component IS NULL THEN r.codings ELSE r.component_codings END"),
            (
                "text",
                "CASE WHEN r.component IS NULL THEN coalesce(r.code_text, r.code_display) \
                 ELSE coalesce(r.component_text, r.component_display) END",
            ),
            ("encounter_id", "r.encounter_id"),
            ("practitioner_id", "r.performer_id"),
            ("begun", "coalesce(r.effective, r.effective_end, r.issued)"),
            ("begun_text", "coalesce(r.effective_text, r.effective_end_text, r.issued_text)"),
            (
                "begun_rule",
                "CASE WHEN r.effective IS NOT NULL THEN NULL WHEN r.effective_end IS NOT NULL THEN 'end of its period' \
                 WHEN r.issued IS NOT NULL THEN 'when it was issued' END",
            ),
            ("number", "coalesce(r.value, CAST(r.value_integer AS DOUBLE))"),
            ("comparator", "r.value_comparator"),
            ("unit", "r.value_unit"),
            ("unit_system", "r.value_unit_system"),
            ("unit_code", "r.value_unit_code"),
            ("value_codings", "r.value_codings"),
            (
                "value_text",
                "coalesce(r.value_string, r.value_display, r.value_code, r.value_at_text, CAST(r.value_boolean AS VARCHAR))",
            ),
            (
                "given",
                "coalesce(coalesce(r.value_comparator, '') || r.value_text, CAST(r.value_integer AS VARCHAR), r.value_other)",
            ),
            ("low", LOW),
            ("high", HIGH),
            ("qualifier", "coalesce(r.interpretation_text, r.interpretation)"),
        ],
        unlike: "CASE WHEN r.status IN ('registered', 'cancelled', 'entered-in-error') THEN r.status \
                 WHEN r.absent_reason = 'not-performed' THEN 'not-performed' \
                 WHEN r.interpretation = 'negated' THEN 'negated' \
                 WHEN array_has(r.codings, 'http://loinc.org|69453-9') AND r.component IS NULL \
                 AND coalesce(r.value_string, r.value_display, r.value_code) IS NOT NULL THEN 'in-death' \
                 WHEN r.component IS NULL AND r.has_components AND r.value IS NULL AND r.value_string IS NULL AND r.value_code IS NULL \
                 AND r.value_integer IS NULL AND r.value_boolean IS NULL AND r.value_at IS NULL AND r.value_other IS NULL THEN 'in-components' \
                 WHEN r.component >= 4095 THEN 'too-many-parts' END",
    },
    Leg {
        resource_type: "Procedure",
        place: "'procedure'",
        from: "procedure r",
        table: "r",
        columns: &[
            ("codings", "r.codings"),
            ("text", "coalesce(r.code_text, r.code_display)"),
            ("encounter_id", "r.encounter_id"),
            ("practitioner_id", "r.performer_id"),
            ("begun", "coalesce(r.start_at, r.end_at)"),
            ("begun_text", "coalesce(r.start_at_text, r.end_at_text)"),
            ("begun_rule", "CASE WHEN r.start_at IS NULL AND r.end_at IS NOT NULL THEN 'end of its period' END"),
            ("ended", "r.end_at"),
            ("ended_text", "r.end_at_text"),
        ],
        unlike: "CASE WHEN r.status IN ('preparation', 'not-done', 'entered-in-error') THEN r.status END",
    },
    Leg {
        resource_type: "MedicationRequest",
        place: DRUG_OR_NONE,
        from: "medication m RIGHT JOIN medication_request r ON m._id = r.medication_id",
        table: "r",
        columns: &[
            ("codings", MEDICINE),
            ("text", MEDICINE_TEXT),
            ("encounter_id", "r.encounter_id"),
            ("practitioner_id", "r.requester_id"),
            ("begun", "coalesce(r.authored, r.valid_from)"),
            ("begun_text", "coalesce(r.authored_text, r.valid_from_text)"),
            // Until when it may be dispensed is no end of taking it, where it is said for how long it lasts.
            ("ended", concat!("CASE WHEN coalesce(", supply!(), ", 0) < 1 THEN r.valid_to END")),
            ("ended_text", concat!("CASE WHEN coalesce(", supply!(), ", 0) < 1 THEN r.valid_to_text END")),
            ("quantity", "r.quantity"),
            ("supply_days", supply!()),
            ("refills", "r.refills"),
            ("sig", "r.dosage_text"),
            ("route", ROUTE),
            ("route_text", "coalesce(r.route_display, r.route_code)"),
        ],
        unlike: "CASE WHEN r.status IN ('draft', 'cancelled', 'on-hold', 'entered-in-error') THEN r.status \
                 WHEN r.intent IN ('proposal', 'plan', 'option') THEN r.intent WHEN r.do_not_perform THEN 'do-not-perform' END",
    },
    Leg {
        resource_type: "MedicationAdministration",
        place: "'drug'",
        from: "medication m RIGHT JOIN medication_administration r ON m._id = r.medication_id",
        table: "r",
        columns: &[
            ("codings", MEDICINE),
            ("text", MEDICINE_TEXT),
            ("encounter_id", "r.encounter_id"),
            ("practitioner_id", "r.performer_id"),
            ("begun", "coalesce(r.start_at, r.end_at)"),
            ("begun_text", "coalesce(r.start_at_text, r.end_at_text)"),
            ("begun_rule", "CASE WHEN r.start_at IS NULL AND r.end_at IS NOT NULL THEN 'end of its period' END"),
            ("ended", "r.end_at"),
            ("ended_text", "r.end_at_text"),
            ("quantity", "r.dose"),
            ("unit", "r.dose_unit"),
            ("sig", "r.dosage_text"),
            ("route", ROUTE),
            ("route_text", "coalesce(r.route_display, r.route_code)"),
        ],
        unlike: "CASE WHEN r.status IN ('not-done', 'entered-in-error') THEN r.status END",
    },
    Leg {
        resource_type: "MedicationStatement",
        place: DRUG_OR_NONE,
        from: "medication m RIGHT JOIN medication_statement r ON m._id = r.medication_id",
        table: "r",
        columns: &[
            ("codings", MEDICINE),
            ("text", MEDICINE_TEXT),
            ("encounter_id", "r.encounter_id"),
            ("practitioner_id", "r.source_id"),
            ("begun", "coalesce(r.start_at, r.end_at, r.asserted)"),
            ("begun_text", "coalesce(r.start_at_text, r.end_at_text, r.asserted_text)"),
            (
                "begun_rule",
                "CASE WHEN r.start_at IS NOT NULL THEN NULL WHEN r.end_at IS NOT NULL THEN 'end of its period' \
                 WHEN r.asserted IS NOT NULL THEN 'when it was told' END",
            ),
            ("ended", "r.end_at"),
            ("ended_text", "r.end_at_text"),
            ("quantity", "r.quantity"),
            ("supply_days", "CAST(r.supply_days AS DOUBLE)"),
            ("refills", "CAST(r.refills AS BIGINT)"),
            ("lot", "r.lot_number"),
            ("sig", "r.dosage_text"),
            ("route", ROUTE),
            ("route_text", "coalesce(r.route_text, r.route_display, r.route_code)"),
            ("stop_reason", "r.status_reason_text"),
        ],
        unlike: "CASE WHEN r.status IN ('not-taken', 'intended', 'entered-in-error') THEN r.status END",
    },
    Leg {
        resource_type: "MedicationDispense",
        place: "'drug'",
        from: "medication m RIGHT JOIN medication_dispense r ON m._id = r.medication_id",
        table: "r",
        columns: &[
            ("codings", MEDICINE),
            ("text", MEDICINE_TEXT),
            ("encounter_id", "r.encounter_id"),
            ("practitioner_id", "r.performer_id"),
            ("begun", "coalesce(r.handed_over, r.prepared)"),
            ("begun_text", "coalesce(r.handed_over_text, r.prepared_text)"),
            (
                "begun_rule",
                "CASE WHEN r.handed_over IS NULL AND r.prepared IS NOT NULL THEN 'when it was prepared' END",
            ),
            ("quantity", "r.quantity"),
            ("unit", "r.quantity_unit"),
            ("supply_days", "r.days_supply"),
            ("sig", "r.dosage_text"),
            ("route", ROUTE),
            ("route_text", "coalesce(r.route_display, r.route_code)"),
        ],
        unlike: "CASE WHEN r.status IN ('preparation', 'cancelled', 'declined', 'on-hold', 'entered-in-error') THEN r.status END",
    },
    Leg {
        resource_type: "Immunization",
        place: "'drug'",
        from: "immunization r",
        table: "r",
        columns: &[
            ("codings", "r.codings"),
            ("text", "coalesce(r.vaccine_text, r.vaccine_display)"),
            ("encounter_id", "r.encounter_id"),
            ("practitioner_id", "r.performer_id"),
            ("begun", "coalesce(r.occurrence, r.recorded)"),
            ("begun_text", "coalesce(r.occurrence_text, r.recorded_text)"),
            (
                "begun_rule",
                "CASE WHEN r.occurrence IS NULL AND r.recorded IS NOT NULL THEN 'when it was written down' END",
            ),
            ("quantity", "r.dose"),
            ("unit", "r.dose_unit"),
            ("lot", "r.lot_number"),
            ("route", ROUTE),
            ("route_text", "coalesce(r.route_display, r.route_code)"),
        ],
        unlike: "CASE WHEN r.status IN ('not-done', 'entered-in-error') THEN r.status END",
    },
    Leg {
        resource_type: "AllergyIntolerance",
        place: "'allergy'",
        // A row for each reaction: the first stands for all.
        from: "(SELECT * FROM allergy WHERE reaction IS NULL OR reaction = 0) r",
        table: "r",
        columns: &[
            ("codings", "r.codings"),
            ("text", "coalesce(r.code_text, r.code_display)"),
            ("encounter_id", "r.encounter_id"),
            ("begun", "coalesce(r.onset, r.recorded)"),
            ("begun_text", "coalesce(r.onset_text, r.recorded_text)"),
            ("begun_rule", "CASE WHEN r.onset IS NULL AND r.recorded IS NOT NULL THEN 'when it was written down' END"),
            ("qualifier", "r.criticality"),
        ],
        unlike: UNVERIFIED,
    },
    Leg {
        resource_type: "DeviceUseStatement",
        place: "'device'",
        from: "device d RIGHT JOIN device_use r ON d._id = r.device_id",
        table: "r",
        columns: &[
            ("codings", "d.codings"),
            ("text", "coalesce(d.type_text, d.type_display, r.device_display)"),
            ("encounter_id", "r.encounter_id"),
            ("practitioner_id", "r.source_id"),
            ("begun", "coalesce(r.start_at, r.recorded)"),
            ("begun_text", "coalesce(r.start_at_text, r.recorded_text)"),
            ("begun_rule", "CASE WHEN r.start_at IS NULL AND r.recorded IS NOT NULL THEN 'when it was told' END"),
            ("ended", "r.end_at"),
            ("ended_text", "r.end_at_text"),
            ("udi", "coalesce(d.udi, d.udi_device, d.distinct_identifier)"),
            ("production", "coalesce(d.lot_number, d.serial_number)"),
        ],
        unlike: "CASE WHEN r.status IN ('intended', 'entered-in-error') THEN r.status END",
    },
    Leg {
        resource_type: "Device",
        place: "'device'",
        // Those whose use is told by a statement are there already.
        from: "(SELECT DISTINCT device_id FROM device_use WHERE coalesce(status, '') NOT IN ('intended', 'entered-in-error') \
               AND coalesce(start_at, recorded) IS NOT NULL) u RIGHT JOIN device r ON u.device_id = r._id",
        table: "r",
        columns: &[
            ("patient_id", "r.bearer_id"),
            ("codings", "r.codings"),
            ("text", "coalesce(r.type_text, r.type_display)"),
            ("begun", "r.manufactured"),
            ("begun_text", "r.manufactured_text"),
            ("begun_rule", "CASE WHEN r.manufactured IS NOT NULL THEN 'when it was made' END"),
            ("udi", "coalesce(r.udi, r.udi_device, r.distinct_identifier)"),
            ("production", "coalesce(r.lot_number, r.serial_number)"),
        ],
        unlike: "CASE WHEN r.status = 'entered-in-error' THEN r.status WHEN u.device_id IS NOT NULL THEN 'in-device-use' \
                 WHEN r.bearer_id IS NULL THEN 'of-nobody' END",
    },
];

/// The query of `omop.__leg`.
pub(super) fn legs() -> String {
    LEGS.iter().map(leg).collect::<Vec<_>>().join("\nUNION ALL\n")
}

fn leg(leg: &Leg) -> String {
    let own = |name: &str| leg.columns.iter().find(|(known, _)| *known == name).map(|(_, sql)| (*sql).to_owned());
    let codings = own("codings").unwrap_or_default();
    let items: Vec<String> = COLUMNS
        .iter()
        .map(|(name, nothing)| {
            let sql = own(name).unwrap_or_else(|| match *name {
                "type" => format!("'{}'", leg.resource_type),
                "id" => format!("{}._id", leg.table),
                "row_no" => format!("{}._row", leg.table),
                "patient_id" => format!("{}.patient_id", leg.table),
                "place" => leg.place.to_owned(),
                "unlike" => leg.unlike.to_owned(),
                _ => nothing.replace("{codings}", &codings),
            });
            format!("{sql} AS {name}")
        })
        .collect();
    format!("SELECT {} FROM {}", items.join(", "), leg.from)
}

/// The query of `omop.__event`.
pub(super) const EVENTS: &str = "
SELECT e.*, pr._row AS provider_id,
       coalesce(omop_date(e.begun, e.begun_text), e.visit_start_date) AS start_date,
       coalesce(omop_datetime(e.begun, e.begun_text), e.visit_start_datetime) AS start_datetime,
       CASE WHEN e.begun IS NULL THEN 'when the visit began' ELSE coalesce(e.begun_rule, omop_imputed(e.begun, e.begun_text)) END AS start_rule,
       omop_last_date(e.ended, e.ended_text) AS end_date,
       omop_end_datetime(e.ended, e.ended_text, e.begun, e.begun_text) AS end_datetime,
       CASE WHEN e.unlike IS NOT NULL AND (e.unlike <> 'in-death' OR e.deceased_at IS NOT NULL) THEN e.unlike WHEN e.person_id IS NULL THEN 'no-person'
            WHEN e.begun IS NULL AND e.visit_start_date IS NULL THEN 'no-date' END AS reason
FROM (SELECT _id, _row FROM practitioner) pr
RIGHT JOIN (
  SELECT e.*, v.visit_occurrence_id, v.visit_detail_id, v.start_date AS visit_start_date, v.start_datetime AS visit_start_datetime
  FROM omop.__within v
  RIGHT JOIN (
    SELECT e.*, p.person_id, p.deceased_at
    FROM omop.__who p
    RIGHT JOIN omop.__leg e ON p.patient_id = e.patient_id
  ) e ON v.encounter_id = e.encounter_id AND v.person_id = e.person_id
) e ON pr._id = e.practitioner_id";

/// The rows of a table of events: each with `t`, what of its codings belongs there.
pub(super) fn rows_of(table: &str) -> String {
    format!(
        "(SELECT e.*, unnest(omop_targets(e.codings, e.text, e.place, '{table}')) AS t FROM omop.__event e WHERE e.reason IS NULL) e"
    )
}
