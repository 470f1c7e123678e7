#!/usr/bin/env python3
"""Compares OMOP tables that went into FHIR and came out again with what they were.

    compare_omop.py BEFORE AFTER LINK [--told PAGE]

BEFORE: a folder of the CDM's tables as CSV. AFTER: one that `medweave omop export --format csv` wrote. LINK: CSV with person_id and
the person_id of BEFORE. Knows nothing of the program.

First rows: what makes a row what it is (person, concepts, days, values; KEYS below) is compared as multisets, table by table. Exits
with 1 when any row is missing or extra. Then every other field: how many of the values that rows of BEFORE hold are in the same row
of AFTER. Nothing and concept 0 are no values. Keys of other tables have other numbers here: they are kept where the row still has one.
Each field with a loss is a line `loss: TABLE.FIELD LOST of HELD`; with --told, a page that does not hold exactly these lines is an
error too.
"""
import argparse
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
KEYS = {
    "person": [("gender_concept_id", concept), ("year_of_birth", str), ("month_of_birth", str), ("day_of_birth", str),
               ("race_concept_id", concept), ("ethnicity_concept_id", concept)],
    "observation_period": [("observation_period_start_date", day), ("observation_period_end_date", day), ("period_type_concept_id", concept)],
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
    "note": [("note_date", day), ("note_title", str)],
    "specimen": [("specimen_concept_id", concept), ("specimen_date", day)],
    "payer_plan_period": [("payer_plan_period_start_date", day), ("payer_plan_period_end_date", day)],
    "condition_era": [("condition_concept_id", concept), ("condition_era_start_date", day), ("condition_era_end_date", day),
                      ("condition_occurrence_count", str)],
    "drug_era": [("drug_concept_id", concept), ("drug_era_start_date", day), ("drug_era_end_date", day), ("drug_exposure_count", str)],
    # What belongs to nobody.
    "provider": [("gender_concept_id", concept)],
    "care_site": [("care_site_name", str)],
    "location": [("city", str), ("state", str)],
}
# Tables of the vocabularies, which are loaded, and of the data as a whole.
OTHERS = {"concept", "concept_relationship", "concept_ancestor", "concept_synonym", "concept_class", "vocabulary", "domain", "relationship",
          "drug_strength", "source_to_concept_map", "cdm_source", "metadata", "cohort", "cohort_definition"}


def held(column, text):
    """A value as it is compared; nothing if it is none."""
    if column.endswith("concept_id"):
        return concept(text) or None
    if text in (None, ""):
        return None
    if column.endswith("datetime") or column.endswith("_time"):
        return text.replace("T", " ").split(".")[0]
    if column.endswith("date"):
        return day(text)
    try:
        return round(float(text), 6)
    except ValueError:
        return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("link")
    parser.add_argument("--told", help="the page that tells the losses")
    arguments = parser.parse_args()
    with open(arguments.link, newline="") as file:
        persons = {row["person_id"]: row["before"] for row in csv.DictReader(file)}
    wrong, losses = False, []
    tables = sorted(name[:-4].lower() for name in os.listdir(arguments.before) if name.lower().endswith(".csv"))
    for table in tables:
        was_rows = list(rows(arguments.before, table))
        if table in OTHERS or not was_rows:
            continue
        if table not in KEYS:
            losses.append(f"loss: {table} {len(was_rows)} of {len(was_rows)}")
            continue
        now_rows = list(rows(arguments.after, table))

        def key(row, person):
            return (person,) + tuple(read(row.get(column) or "") for column, read in KEYS[table])

        was_keys = [key(row, row.get("person_id")) for row in was_rows]
        now_keys = [key(row, persons.get(row["person_id"], "?") if "person_id" in row else None) for row in now_rows]
        was, now = Counter(was_keys), Counter(now_keys)
        lost, new = was - now, now - was
        same, missing, extra = sum((was & now).values()), sum(lost.values()), sum(new.values())
        differs = missing or extra
        wrong |= bool(differs)
        print(f"{table}: {same} equal, {missing} missing, {extra} extra")
        for what, counter in (("missing", lost), ("extra", new)):
            for entry in sorted(counter, key=str)[: 6 if differs else 0]:
                print(f"  {what}: {entry}")
        compared = {column for column, _ in KEYS[table]} | {"person_id", f"{table}_id"}
        for column in was_rows[0]:
            if column in compared:
                continue
            is_key = column.endswith("_id") and not column.endswith("concept_id") and column != "unique_device_id"
            value = lambda row: (held(column, row.get(column)) is not None or None) if is_key else held(column, row.get(column))
            before = Counter((key, value(row)) for key, row in zip(was_keys, was_rows) if value(row) is not None)
            after = Counter((key, value(row)) for key, row in zip(now_keys, now_rows) if value(row) is not None)
            gone = sum((before - after).values())
            if gone:
                losses.append(f"loss: {table}.{column} {gone} of {sum(before.values())}")
    print("\n".join(losses))
    if arguments.told:
        with open(arguments.told, encoding="utf-8") as file:
            told = [line.strip() for line in file if line.startswith("loss: ")]
        for line in sorted(set(losses) ^ set(told)):
            print(f"{'not told' if line in losses else 'told, and not so'}: {line}")
            wrong = True
    print("EQUAL" if not wrong else "DIFFERENT")
    sys.exit(1 if wrong else 0)


main()
