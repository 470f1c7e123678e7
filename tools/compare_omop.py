#!/usr/bin/env python3
"""Compares OMOP tables that went into FHIR and came out again with what they were.

    compare_omop.py BEFORE AFTER LINK

BEFORE: a folder of the CDM's tables as CSV. AFTER: one that `medweave omop export --format csv` wrote. LINK: CSV with person_id and
the person_id of BEFORE. Rows are compared as multisets of (person, concept, date, value …), table by table; what is known to be lost
is listed in LOSSES, with the reason in docs/omop.md. Knows nothing of the program. Exits with 1 when anything else differs.
"""
import csv
import os
import sys
from collections import Counter

csv.field_size_limit(1 << 30)


def rows(folder, table):
    for name in os.listdir(folder):
        if name.lower() == table + ".csv":
            with open(os.path.join(folder, name), newline="", encoding="utf-8-sig") as file:
                for row in csv.DictReader(file):
                    yield {key.lower(): value for key, value in row.items()}
            return


def day(text):
    return (text or "")[:10]


def number(text):
    return None if text in (None, "") else round(float(text), 6)


def concept(text):
    return "" if text in (None, "", "0") else text


# What of a row must be the same: (column, how it is read).
TABLES = {
    "person": [("gender_concept_id", concept), ("year_of_birth", str), ("month_of_birth", str), ("day_of_birth", str),
               ("race_concept_id", concept), ("ethnicity_concept_id", concept)],
    "visit_occurrence": [("visit_concept_id", concept), ("visit_start_date", day), ("visit_end_date", day)],
    "visit_detail": [("visit_detail_concept_id", concept), ("visit_detail_start_date", day), ("visit_detail_end_date", day)],
    "condition_occurrence": [("condition_concept_id", concept), ("condition_start_date", day), ("condition_end_date", day),
                             ("condition_source_concept_id", concept), ("condition_source_value", str)],
    "drug_exposure": [("drug_concept_id", concept), ("drug_exposure_start_date", day), ("drug_exposure_end_date", day),
                      ("drug_source_concept_id", concept), ("drug_source_value", str)],
    "procedure_occurrence": [("procedure_concept_id", concept), ("procedure_date", day), ("procedure_source_concept_id", concept),
                             ("procedure_source_value", str)],
    "device_exposure": [("device_concept_id", concept), ("device_exposure_start_date", day), ("unique_device_id", str),
                        ("device_source_value", str)],
    "measurement": [("measurement_concept_id", concept), ("measurement_date", day), ("value_as_number", number),
                    ("value_as_concept_id", concept), ("unit_concept_id", concept), ("measurement_source_concept_id", concept),
                    ("measurement_source_value", str)],
    "observation": [("observation_concept_id", concept), ("observation_date", day), ("value_as_number", number),
                    ("value_as_concept_id", concept), ("observation_source_concept_id", concept), ("observation_source_value", str)],
    "death": [("death_date", day), ("cause_concept_id", concept)],
    "condition_era": [("condition_concept_id", concept), ("condition_era_start_date", day), ("condition_era_end_date", day),
                      ("condition_occurrence_count", str)],
    "observation_period": [("observation_period_start_date", day), ("observation_period_end_date", day)],
}


def main():
    before, after, link = sys.argv[1:4]
    with open(link, newline="") as file:
        persons = {row["person_id"]: row["before"] for row in csv.DictReader(file)}
    known = {}
    for at, argument in enumerate(sys.argv):
        if argument == "--loss":
            table, count = sys.argv[at + 1].split("=")
            known[table] = int(count)
    wrong = False
    for table, columns in TABLES.items():
        def key(row, person):
            return (person,) + tuple(read(row.get(column) or "") for column, read in columns)
        was = Counter(key(row, row["person_id"]) for row in rows(before, table))
        now = Counter(key(row, persons.get(row["person_id"], "?")) for row in rows(after, table))
        lost, new = was - now, now - was
        same, missing, extra = sum((was & now).values()), sum(lost.values()), sum(new.values())
        allowed = known.get(table, 0)
        differs = missing != allowed or extra != allowed
        wrong |= differs
        print(f"{table}: {same} equal, {missing} missing, {extra} extra" + (f", {allowed} of each known" if allowed else ""))
        for what, counter in (("missing", lost), ("extra", new)):
            for entry in sorted(counter, key=str)[: 6 if differs else 0]:
                print(f"  {what}: {entry}")
    print("EQUAL" if not wrong else "DIFFERENT")
    sys.exit(1 if wrong else 0)


main()
