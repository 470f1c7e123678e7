#!/usr/bin/env python3
"""Compares cohorts: those that `medweave omop cohort` makes with those that duckcdm makes of the same definitions.

    python3 -m venv venv && venv/bin/pip install duckcdm==0.4.7 duckdb==1.5.5
    venv/bin/python tools/compare_cohorts.py --cdm DIR [--vocabulary DIR] --medweave target/debug/medweave FILE.json...

DIR holds the tables of an OMOP instance as CSV; tables of --vocabulary take the place of those of the same name. Prints a line for
each definition, persons and rows of both, and how long each took; ends with 1 if any differ. With --write the rows of duckcdm are
written beside each definition, as NAME.csv.
"""
import argparse
import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import duckdb

TYPES = {"integer": "BIGINT", "bigint": "BIGINT", "float": "DOUBLE", "date": "DATE", "datetime": "TIMESTAMP"}


def fields(path):
    tables = {}
    for line in path.read_text().splitlines():
        if not line.startswith("#"):
            table, field, kind = line.split("\t")[:3]
            tables.setdefault(table, []).append((field, TYPES.get(kind, "VARCHAR")))
    return tables


def instance(folder, model):
    """A database with the typed tables of the model."""
    database = duckdb.connect()
    files = {path.stem.lower(): path for path in pathlib.Path(folder).glob("*.csv")}
    files |= {path.stem.lower(): path for path in pathlib.Path(folder).glob("*.CSV")}
    for table, columns in model.items():
        spelled = ", ".join(f'"{name}" {kind}' for name, kind in columns)
        database.execute(f"CREATE TABLE {table} ({spelled})")
        path = files.get(table)
        if path is None:
            continue
        with open(path, newline="", encoding="utf-8") as file:
            header = [name.lower() for name in next(csv.reader(file))]
        kinds = dict(columns)
        both = [name for name in header if name in kinds]
        chosen = ", ".join(f'"{name}"' for name in both)
        values = ", ".join(f'CAST(nullif("{name}", \'\') AS {kinds[name]})' for name in both)
        database.execute(
            f"INSERT INTO {table} ({chosen}) SELECT {values} FROM read_csv('{path}', header=true, all_varchar=true, quote='\"', names={header!r})"
        )
    return database


def theirs(database, definition):
    program = [sys.executable, "-c", "from duckcdm.cli import main; main()", "cohort", str(definition)]
    sql = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    begun = time.monotonic()
    database.execute(sql)
    rows = database.execute(
        "SELECT subject_id, cohort_start_date, cohort_end_date FROM cohort WHERE cohort_definition_id = 1 ORDER BY ALL"
    ).fetchall()
    return [(person, str(start), str(end)) for person, start, end in rows], time.monotonic() - begun


def ours(medweave, folder, definition):
    begun = time.monotonic()
    answer = subprocess.run(
        [medweave, "omop", "cohort", str(definition), "--cdm", str(folder), "--json"], capture_output=True, text=True
    )
    if answer.returncode != 0:
        return None, answer.stderr.strip()
    rows = json.loads(answer.stdout)["rows"]
    found = [(row["subject_id"], row["cohort_start_date"], row["cohort_end_date"]) for row in rows]
    return sorted(found), time.monotonic() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cdm", required=True)
    parser.add_argument("--vocabulary")
    parser.add_argument("--medweave")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("definitions", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    model = fields(pathlib.Path(__file__).parent.parent / "crates/omop/src/cdm/fields.tsv")
    different = 0
    with tempfile.TemporaryDirectory() as folder:
        for source in [arguments.cdm, arguments.vocabulary]:
            for path in sorted(pathlib.Path(source).iterdir()) if source else []:
                if path.suffix.lower() == ".csv":
                    shutil.copy(path, os.path.join(folder, path.stem.lower() + ".csv"))
        database = instance(folder, model)
        for definition in arguments.definitions:
            expected, seconds = theirs(database, definition)
            if arguments.write:
                lines = [f"{person},{start},{end}" for person, start, end in expected]
                definition.with_suffix(".csv").write_text("\n".join(["subject_id,start,end", *lines]) + "\n")
            persons = len({row[0] for row in expected})
            line = f"{definition.stem}: duckcdm {persons} persons, {len(expected)} rows, {seconds:.2f} s"
            if arguments.medweave:
                found, took = ours(arguments.medweave, folder, definition)
                if found is None:
                    line += f"; medweave refuses: {took}"
                    different += 1
                else:
                    same = found == expected
                    different += not same
                    line += f"; medweave {len({row[0] for row in found})} persons, {len(found)} rows, {took:.2f} s (files read as well): "
                    line += "equal" if same else f"DIFFERENT {sorted(set(expected) ^ set(found))[:4]}"
            print(line)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
