#!/usr/bin/env python3
"""Compares checks of quality: the counts of `medweave omop check` with those of DuckDB, which takes OHDSI's definitions one by one.

    python3 -m venv venv && venv/bin/pip install duckdb==1.5.5
    venv/bin/python tools/compare_checks.py --cdm DIR --definitions DIR --medweave target/debug/medweave

DIR of --cdm holds the tables of an OMOP instance as CSV, that of --definitions `Table_Level.csv`, `Field_Level.csv` and `Concept_Level.csv`. The SQL
here is written from OHDSI's descriptions of the checks, and knows nothing of the program's. Prints the checks that differ, how many of each type
are equal, and how long both took; ends with 1 if any differ.
"""
import argparse
import collections
import csv
import json
import pathlib
import subprocess
import sys
import time

from compare_cohorts import fields, instance

BIRTH = "coalesce(CAST(p.birth_datetime AS DATE), make_date(p.year_of_birth, coalesce(p.month_of_birth, 1), coalesce(p.day_of_birth, 1)))"


def bound(text):
    text = text.strip()
    if text.startswith("'"):
        day = text.strip("'")
        return f"DATE '{day[:4]}-{day[4:6]}-{day[6:]}'"
    if text.upper().startswith("DATEADD"):
        return "(current_date + 1)"
    if text.upper().startswith("YEAR"):
        return "(year(current_date) + 1)"
    return text


def rows(folder, name):
    path = next(path for path in pathlib.Path(folder).glob("*.csv") if path.stem.lower().endswith(name))
    return list(csv.DictReader(open(path, newline="", encoding="utf-8")))


def checks(folder, model):
    """Name, SQL of wrong rows, SQL of all rows."""
    for row in rows(folder, "table_level"):
        table = row["cdmTableName"].lower()
        if row["measurePersonCompleteness"] == "Yes":
            yield (f"measurePersonCompleteness.{table}", f"SELECT count(*) FROM person WHERE person_id NOT IN (SELECT person_id FROM {table} WHERE person_id IS NOT NULL)", "SELECT count(*) FROM person")
        if row["measureConditionEraCompleteness"] == "Yes":
            some = "(SELECT DISTINCT person_id FROM condition_occurrence WHERE condition_concept_id <> 0)"
            yield (f"measureConditionEraCompleteness.{table}", f"SELECT count(*) FROM {some} c ANTI JOIN {table} e USING (person_id)", f"SELECT count(*) FROM {some}")
        if row.get("measureObservationPeriodOverlap") == "Yes":
            yield (
                f"measureObservationPeriodOverlap.{table}",
                f"SELECT count(DISTINCT a.person_id) FROM {table} a, {table} b WHERE a.person_id = b.person_id AND a.observation_period_id <> b.observation_period_id"
                " AND a.observation_period_start_date <= b.observation_period_end_date + 1 AND b.observation_period_start_date <= a.observation_period_end_date + 1",
                f"SELECT count(DISTINCT person_id) FROM {table}",
            )
    for row in rows(folder, "field_level"):
        table, field = row["cdmTableName"].lower(), row["cdmFieldName"].lower()
        t, f = f"{table} t", f't."{field}"'
        kind = dict(model[table])[field]
        total = f"SELECT count(*) FROM {table}"
        filled = f"SELECT count({f}) FROM {t}"
        is_yes = lambda name: row[name] == "Yes"
        count = lambda where, source=t: f"SELECT count(*) FROM {source} WHERE {where}"
        name = lambda check: f"{check}.{table}.{field}"
        if is_yes("isRequired"):
            yield name("isRequired"), count(f"{f} IS NULL"), total
        if is_yes("measureValueCompleteness"):
            yield name("measureValueCompleteness"), count(f"{f} IS NULL"), total
        if is_yes("isPrimaryKey"):
            yield name("isPrimaryKey"), count(f'{f} IN (SELECT "{field}" FROM {table} GROUP BY 1 HAVING count(*) > 1)'), total
        if is_yes("isForeignKey"):
            to, key = row["fkTableName"].lower(), row["fkFieldName"].lower()
            yield name("isForeignKey"), count(f"{f} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {to} r WHERE r.\"{key}\" = {f})"), total
            concept = f"{t} JOIN concept c ON c.concept_id = {f}"
            if row["fkDomain"]:
                yield name("fkDomain"), count(f"{f} <> 0 AND c.domain_id <> '{row['fkDomain']}'", concept), total
            if row["fkClass"]:
                yield name("fkClass"), count(f"{f} <> 0 AND c.concept_class_id <> '{row['fkClass']}'", concept), total
        if is_yes("isStandardValidConcept"):
            concept = f"{t} JOIN concept c ON c.concept_id = {f}"
            yield name("isStandardValidConcept"), count(f"{f} <> 0 AND (c.standard_concept IS DISTINCT FROM 'S' OR c.invalid_reason IS NOT NULL)", concept), filled
        for check in ["standardConceptRecordCompleteness", "sourceConceptRecordCompleteness"]:
            if is_yes(check):
                source = field.removesuffix("_concept_id").removesuffix("_source") + "_source_value"
                if row["isRequired"] != "Yes" and source in dict(model[table]):
                    yield name(check), count(f"{f} = 0 OR ({f} IS NULL AND t.{source} IS NOT NULL)"), count(f"{f} IS NOT NULL OR t.{source} IS NOT NULL")
                else:
                    yield name(check), count(f"{f} = 0"), filled
        if is_yes("sourceValueCompleteness"):
            concept = row["standardConceptFieldName"].lower()
            yield (
                name("sourceValueCompleteness"),
                f"SELECT count(*) FROM (SELECT DISTINCT {f} FROM {t} WHERE t.{concept} = 0)",
                f"SELECT count(*) FROM (SELECT DISTINCT {f} FROM {t})",
            )
        value = f"CAST({f} AS DATE)" if kind in ("DATE", "TIMESTAMP") else f
        if row["plausibleValueLow"]:
            yield name("plausibleValueLow"), count(f"{value} < {bound(row['plausibleValueLow'])}"), filled
        if row["plausibleValueHigh"]:
            yield name("plausibleValueHigh"), count(f"{value} > {bound(row['plausibleValueHigh'])}"), filled
        if is_yes("plausibleTemporalAfter"):
            to, date = row["plausibleTemporalAfterTableName"].lower(), row["plausibleTemporalAfterFieldName"].lower()
            if to == table:
                yield name("plausibleTemporalAfter"), count(f"CAST(t.{date} AS DATE) > CAST({f} AS DATE)"), total
            else:
                born = f"coalesce(CAST(p.{date} AS DATE), make_date(p.year_of_birth, 6, 1))"
                yield name("plausibleTemporalAfter"), count(f"{born} > CAST({f} AS DATE)", f"{t} JOIN person p USING (person_id)"), total
        if is_yes("plausibleAfterBirth"):
            yield name("plausibleAfterBirth"), count(f"CAST({f} AS DATE) < {BIRTH}", f"{t} JOIN person p USING (person_id)"), filled
        died = f"{t} JOIN death d USING (person_id)"
        late = f"CAST({f} AS DATE) > d.death_date + 60"
        if is_yes("plausibleBeforeDeath"):
            yield name("plausibleBeforeDeath"), count(late, died), count(f"{f} IS NOT NULL", died)
        if is_yes("plausibleDuringLife"):
            yield name("plausibleDuringLife"), count(late, died), count("person_id IN (SELECT person_id FROM death)")
        if is_yes("withinVisitDates"):
            visit = f"{t} JOIN visit_occurrence v ON v.visit_occurrence_id = t.visit_occurrence_id"
            yield name("withinVisitDates"), count(f"{f} < v.visit_start_date - 7 OR {f} > v.visit_end_date + 7", visit), f"SELECT count(*) FROM {visit}"
        if is_yes("plausibleStartBeforeEnd"):
            end = f"t.{row['plausibleStartBeforeEndFieldName'].lower()}"
            yield name("plausibleStartBeforeEnd"), count(f"CAST({f} AS DATE) > CAST({end} AS DATE)"), count(f"{f} IS NOT NULL AND {end} IS NOT NULL")
    for row in rows(folder, "concept_level"):
        table, field = row["cdmTableName"].lower(), row["cdmFieldName"].lower()
        ids = [part.strip() for part in row["conceptId"].split(",")]
        name = lambda check: f"{check}.{table}.{field}.{'-'.join(ids)}"
        sex = {"Male": 8507, "Female": 8532}
        if row["plausibleGender"]:
            has = f"t.{field} = {ids[0]}"
            yield name("plausibleGender"), f"SELECT count(*) FROM {table} t JOIN person p USING (person_id) WHERE {has} AND p.gender_concept_id <> {sex[row['plausibleGender']]}", f"SELECT count(*) FROM {table} t WHERE {has}"
        if row["plausibleGenderUseDescendants"]:
            below = f"{table} t JOIN concept_ancestor a ON a.descendant_concept_id = t.{field} AND a.ancestor_concept_id IN ({', '.join(ids)})"
            yield name("plausibleGenderUseDescendants"), f"SELECT count(*) FROM {below} JOIN person p USING (person_id) WHERE p.gender_concept_id <> {sex[row['plausibleGenderUseDescendants']]}", f"SELECT count(*) FROM {below}"
        if row["plausibleUnitConceptIdsThreshold"]:
            has = f"{field} = {ids[0]} AND unit_concept_id IS DISTINCT FROM 0"
            yield name("plausibleUnitConceptIds"), f"SELECT count(*) FROM {table} WHERE {has} AND coalesce(unit_concept_id, -1) NOT IN ({row['plausibleUnitConceptIds']})", f"SELECT count(*) FROM {table} WHERE {has}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cdm", required=True)
    parser.add_argument("--definitions", required=True)
    parser.add_argument("--medweave", required=True)
    arguments = parser.parse_args()
    model = fields(pathlib.Path(__file__).parent.parent / "crates/omop/src/cdm/fields.tsv")
    begun = time.monotonic()
    answer = subprocess.run([arguments.medweave, "omop", "check", "--cdm", arguments.cdm, "--json"], capture_output=True, text=True, check=True)
    ours = time.monotonic() - begun
    found = {outcome["check"]: (outcome["violated"], outcome["rows"]) for outcome in json.loads(answer.stdout)["outcomes"]}
    begun = time.monotonic()
    database = instance(arguments.cdm, model)
    database.execute("SET threads = 1")
    read = time.monotonic() - begun
    equal, different = collections.Counter(), 0
    begun = time.monotonic()
    for name, wrong, total in checks(arguments.definitions, model):
        expected = database.execute(f"SELECT ({wrong}), ({total})").fetchone()
        if found.get(name) == expected:
            equal[name.split(".")[0]] += 1
        else:
            different += 1
            print(f"{name}: duckdb {expected}, medweave {found.get(name)}")
    theirs = time.monotonic() - begun
    for kind, count in sorted(equal.items()):
        print(f"{kind}: {count} equal")
    left = sorted({name.split(".")[0] for name in found} - set(equal))
    print(f"{sum(equal.values())} equal, {different} different of {len(found)} checks; not compared: {', '.join(left)}")
    print(f"duckdb {theirs:.2f} s and {read:.2f} s to read the files; medweave {ours:.2f} s, reading included")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
