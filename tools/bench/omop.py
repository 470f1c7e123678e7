#!/usr/bin/env python3
"""The OMOP tables of a store that holds the Synthea set, against programs that know nothing of medweave.

    python3 -m venv venv && venv/bin/pip install duckdb==1.5.5 duckcdm==0.4.7
    venv/bin/python tools/bench/omop.py BINARY DATA [--patients N]

BINARY is medweave, DATA the folder of test data (MEDWEAVE_TEST_DATA). Loads the bundles of N patients (all of them, if nobody says)
and prints what each step found:

- every table of the model is asked for in SQL, and has as many rows as this script counts in the bundles by the rules of
  docs/omop.md, without vocabularies, when the type of a resource decides its table;
- the same rows after vocabularies are loaded, now by the domain of their concepts: no person, visit or event is lost;
- how long a write over FHIR takes until omop.measurement has it;
- the export is read by DuckDB, and by Sail where pysail is installed, with the same rows and types;
- the lake is made again, and every table has equal rows (all columns, as multisets, by DuckDB);
- OHDSI's checks count over the store, and over the export as a folder, what DuckDB counts over the export's files, which it takes one by
  one by SQL that is written from OHDSI's descriptions (tools/compare_checks.py); all three are timed;
- `duckcdm achilles` runs on the export, and duckcdm finds the same persons and days for the definitions of cohorts that come with
  the data, where this program runs them over the store.

Ends with 1 if anything differs. Times are told, and decide nothing.
"""
import argparse, csv, glob, gzip, json, os, pathlib, re, shutil, subprocess, sys, tarfile, tempfile, time, urllib.request
from collections import Counter

import duckdb

REPOSITORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
csv.field_size_limit(1 << 30)
wrong = []


def say(what, figure, is_right=True):
    if not is_right:
        wrong.append(what)
    print(f"{what:<58} {figure}{'' if is_right else '   WRONG'}", flush=True)


def model():
    """Tables of the model and their fields."""
    tables = {}
    for line in open(os.path.join(REPOSITORY, "crates/omop/src/cdm/fields.tsv"), encoding="utf-8"):
        if not line.startswith("#"):
            table, field, kind = line.rstrip("\n").split("\t")[:3]
            tables.setdefault(table, []).append((field, kind))
    return tables


# What stands in the tables, counted in the bundles by the rules that docs/omop.md tells.

def counted(bundles):
    resources = {}
    for path in bundles:
        for entry in json.load(gzip.open(path))["entry"]:
            resource = entry["resource"]
            resources[resource["resourceType"], resource.get("id")] = resource
    of = {}
    for (kind, _), resource in resources.items():
        of.setdefault(kind, []).append(resource)
    count = Counter()
    last = lambda reference: (reference or {}).get("reference", "").rsplit(":", 1)[-1].rsplit("/", 1)[-1]
    persons = {patient["id"]: patient for patient in of.get("Patient", []) if patient.get("birthDate")}
    visits = {visit["id"] for visit in of.get("Encounter", []) if visit["status"] not in ("planned", "cancelled", "entered-in-error")
              and last(visit.get("subject")) in persons and visit.get("period", {}).get("start")}
    seen = set()

    def event(table, resource, subject, dates, encounter="encounter"):
        person = last(resource.get(subject))
        dated = any(resource.get(date) or resource.get(date.replace("DateTime", "Period"), {}) for date in dates)
        if person in persons and (dated or last(resource.get(encounter)) in visits):
            count[table] += 1
            seen.add(person)

    for visit in of.get("Encounter", []):
        if visit["id"] in visits:
            inside = last(visit.get("partOf")) in visits and visit.get("partOf")
            count["visit_detail" if inside else "visit_occurrence"] += 1
            seen.add(last(visit["subject"]))
    verified = lambda resource: [coding.get("code") for coding in resource.get("verificationStatus", {}).get("coding", [])]
    for resource in of.get("Condition", []):
        if not {"refuted", "entered-in-error"} & set(verified(resource)):
            event("condition_occurrence", resource, "subject", ["onsetDateTime", "recordedDate"])
    for resource in of.get("AllergyIntolerance", []):
        if not {"refuted", "entered-in-error"} & set(verified(resource)):
            event("observation", resource, "patient", ["onsetDateTime", "recordedDate"])
    for resource in of.get("Procedure", []):
        if resource["status"] not in ("preparation", "not-done", "entered-in-error"):
            event("procedure_occurrence", resource, "subject", ["performedDateTime"])
    for resource in of.get("MedicationRequest", []):
        if resource["status"] not in ("draft", "cancelled", "on-hold", "entered-in-error") and not resource.get("doNotPerform") \
                and resource["intent"] not in ("proposal", "plan", "option"):
            event("drug_exposure", resource, "subject", ["authoredOn"])
    for resource in of.get("MedicationAdministration", []):
        if resource["status"] not in ("not-done", "entered-in-error"):
            event("drug_exposure", resource, "subject", ["effectiveDateTime"], "context")
    for resource in of.get("Immunization", []):
        if resource["status"] not in ("not-done", "entered-in-error"):
            event("drug_exposure", resource, "patient", ["occurrenceDateTime"])
    for resource in of.get("Device", []):
        if resource.get("patient") and resource.get("status") != "entered-in-error":
            event("device_exposure", resource, "patient", ["manufactureDate"])
    for resource in of.get("Observation", []):
        if resource["status"] in ("registered", "cancelled", "entered-in-error"):
            continue
        codes = {coding.get("code") for coding in resource["code"].get("coding", [])}
        has_value = any(name.startswith("value") for name in resource)
        died = persons.get(last(resource.get("subject")), {}).get("deceasedDateTime")
        measured = {coding.get("code") for category in resource.get("category", []) for coding in category.get("coding", [])}
        measured = bool(measured & {"laboratory", "vital-signs"})
        of_itself = [] if "component" in resource and not has_value or "69453-9" in codes and has_value and died else [resource]
        for part in of_itself + resource.get("component", []):
            table = "measurement" if measured or "valueQuantity" in part or "valueInteger" in part else "observation"
            event(table, resource, "subject", ["effectiveDateTime", "issued"])
    for resource in of.get("DocumentReference", []):
        if resource["status"] == "current" and last(resource.get("subject")) in persons and \
                (resource.get("date") or resource.get("context", {}).get("period", {}).get("start")):
            count["note"] += sum(bool(content["attachment"].get("data")) for content in resource["content"])
    placed = lambda addresses, names: any(address.get(name) for address in addresses[:1] for name in names)
    parts = ["city", "district", "state", "postalCode", "country"]
    count["person"] = len(persons)
    count["death"] = sum(1 for patient in persons.values() if patient.get("deceasedDateTime"))
    count["observation_period"] = len(seen)
    count["provider"] = len(of.get("Practitioner", []))
    count["care_site"] = len(of.get("Organization", []))
    count["location"] = sum(placed(patient.get("address", []), parts) for patient in persons.values()) + len(of.get("Location", [])) \
        + sum(placed(site.get("address", []), ["line", *parts]) for site in of.get("Organization", []))
    count["cdm_source"] = 1
    return count, len(resources)


class Store:
    """A data directory, served."""

    def __init__(self, binary, data):
        self.binary, self.data, ready = os.path.abspath(binary), data, os.path.join(data, "..", "ready.json")
        self.log = open(os.path.join(data, "..", "serve.log"), "w")
        self.process = subprocess.Popen([self.binary, "--data", data, "serve", "--http", "127.0.0.1:0", "--ready-file", ready],
                                        stdout=self.log, stderr=self.log)
        while not os.path.exists(ready):
            if self.process.poll() is not None:
                sys.exit(open(self.log.name).read())
            time.sleep(0.01)
        self.base = "http://" + json.load(open(ready))["http"]
        self.token = self.run("token", "create", "--scope", "system/*.cruds", "--plain").strip()

    def run(self, *arguments):
        done = subprocess.run([self.binary, "--data", self.data, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{arguments} failed: {done.stderr}")
        return done.stdout

    def ask(self, method, path, body, media="application/json"):
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": media}
        request = urllib.request.Request(self.base + path, json.dumps(body).encode(), headers, method=method)
        return json.load(urllib.request.urlopen(request))

    def sql(self, query):
        return self.ask("POST", "/api/sql", {"sql": query, "timeout_s": 600})["rows"]

    def counts(self, tables):
        return dict(self.sql(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM omop.{table}" for table in tables)))

    def stop(self):
        self.process.terminate()
        self.process.wait()


def vocabularies(data, work):
    """The concepts of the test data as a download of Athena, and the definitions of cohorts."""
    folders = {}
    for name in ["omop-synthea27nj", "omop-vocabulary-extra", "omop-cohorts"]:
        folders[name] = os.path.join(work, name)
        with tarfile.open(os.path.join(data, "records/tables", name + ".tar.xz")) as archive:
            archive.extractall(folders[name], filter="data")
    to = os.path.join(work, "athena")
    os.mkdir(to)
    for table in ["CONCEPT", "CONCEPT_RELATIONSHIP", "CONCEPT_ANCESTOR", "CONCEPT_CLASS", "VOCABULARY", "DOMAIN", "RELATIONSHIP"]:
        paths = [path for path in glob.glob(os.path.join(work, "omop-[sv]*", "**", "*"), recursive=True)
                 if os.path.basename(path).upper() == table + ".CSV"]
        with open(max(paths, key=os.path.getsize), newline="", encoding="utf-8-sig") as file, open(os.path.join(to, table + ".csv"), "w") as out:
            for row in csv.reader(file):
                out.write("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row) + "\n")
    return to, sorted(glob.glob(os.path.join(folders["omop-cohorts"], "**", "*.json"), recursive=True))


EVENTS = ["condition_occurrence", "drug_exposure", "procedure_occurrence", "device_exposure", "measurement", "observation"]


def fresh(store, times):
    """Seconds from the request to write until SQL has the row, each time."""
    patient = store.sql("SELECT _id FROM patient WHERE birth_date IS NOT NULL ORDER BY 1 LIMIT 1")[0][0]
    took = []
    for number in range(times):
        mark = f"fresh-{number}"
        resource = {"resourceType": "Observation", "id": mark, "status": "final", "code": {"text": mark}, "subject": {"reference": f"Patient/{patient}"},
                    "effectiveDateTime": "2021-07-01T08:00:00Z", "valueQuantity": {"value": number}}
        begun = time.perf_counter()
        store.ask("PUT", f"/fhir/Observation/{mark}", resource, "application/fhir+json")
        while store.sql(f"SELECT count(*) FROM omop.measurement WHERE measurement_source_value = '{mark}'")[0][0] != 1:
            if time.perf_counter() - begun > 300:
                return None
            time.sleep(0.05)
        took.append(time.perf_counter() - begun)
    return sorted(took)


def by_sail(folder, tables):
    """Rows of each table as Sail counts them; nothing where it is not installed."""
    try:
        from pysail.spark import SparkConnectServer
        from pyspark.sql import SparkSession
    except ImportError:
        return None
    server = SparkConnectServer()
    server.start(background=True)
    _, port = server.listening_address
    spark = SparkSession.builder.remote(f"sc://localhost:{port}").getOrCreate()
    found = {table: spark.read.parquet(os.path.join(folder, table + ".parquet")).count() for table in tables}
    spark.stop()
    server.stop()
    return found


def checked_by_duckdb(export, data, work, meant):
    """What DuckDB counts for those of OHDSI's checks that are meant: wrong rows and rows; the seconds to read the files, and to count."""
    sys.path.insert(0, os.path.join(REPOSITORY, "tools"))
    from compare_checks import checks
    from compare_cohorts import fields
    definitions = os.path.join(work, "dqd")
    with tarfile.open(os.path.join(data, "records/tables/dqd-5.4.tar.xz")) as archive:
        archive.extractall(definitions, filter="data")
    definitions = os.path.dirname(glob.glob(os.path.join(definitions, "**", "*Table_Level.csv"), recursive=True)[0])
    model = fields(pathlib.Path(REPOSITORY) / "crates/omop/src/cdm/fields.tsv")
    engine = duckdb.connect()
    begun = time.perf_counter()
    for table in model:
        engine.execute(f"CREATE TABLE {table} AS SELECT * FROM read_parquet('{export}/{table}.parquet')")
    read = time.perf_counter() - begun
    begun = time.perf_counter()
    found = {name: engine.execute(f"SELECT ({wrong}), ({total})").fetchone() for name, wrong, total in checks(definitions, model) if name in meant}
    return found, read, time.perf_counter() - begun


TYPES = {"integer": "BIGINT", "bigint": "BIGINT", "float": "DOUBLE", "date": "DATE", "datetime": "TIMESTAMP"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("data")
    parser.add_argument("--patients", type=int, help="how many patients, those with the smallest bundles first (default: all)")
    parser.add_argument("--writes", type=int, default=20, help="how many writes are timed")
    parser.add_argument("--only", action="append", default=[], help="of the checks of quality only these, as in medweave omop check")
    options = parser.parse_args()
    bundles = sorted(glob.glob(os.path.join(options.data, "records/synthea-120/bundles/*.json.gz")))
    shared, own = [path for path in bundles if "/0-" in path], [path for path in bundles if "/0-" not in path]
    if options.patients:
        own = sorted(own, key=os.path.getsize)[: options.patients]
    tables = model()
    work = tempfile.mkdtemp(prefix="medweave-omop-")
    store = None
    try:
        chosen = os.path.join(work, "bundles")
        os.mkdir(chosen)
        for path in shared + own:
            shutil.copy(path, chosen)
        expected, resources = counted(shared + own)
        data = os.path.join(work, "data")
        begun = time.perf_counter()
        loaded = subprocess.run([options.binary, "--data", data, "import", chosen, "--json"], capture_output=True, text=True)
        if loaded.returncode != 0:
            sys.exit(loaded.stderr)
        stored = json.loads(loaded.stdout)["stored"]
        say("resources stored", f"{stored} of {resources} in {time.perf_counter() - begun:.1f} s", stored == resources)
        store = Store(options.binary, data)

        begun = time.perf_counter()
        found = store.counts(tables)
        seconds = time.perf_counter() - begun
        different = {table: (expected[table], rows) for table, rows in found.items() if rows != expected[table]}
        filled = sum(1 for rows in found.values() if rows)
        say("tables that answer, with rows, as counted in the bundles",
            f"{len(found)} of {len(tables)}, {filled}, {len(found) - len(different)} in {seconds:.1f} s{different or ''}", not different)

        athena, definitions = vocabularies(options.data, work)
        store.run("vocabulary", "load", athena, "--no-search")
        begun = time.perf_counter()
        now = store.counts(tables)
        seconds = time.perf_counter() - begun
        events, before = (sum(counts[table] for table in EVENTS) for counts in (now, found))
        kept = all(now[table] == found[table] for table in ["person", "visit_occurrence", "death", "note", "provider", "care_site", "location"])
        say("with vocabularies: events by the domain of their concepts", f"{events} of {before} in {seconds:.1f} s", kept and events >= before)
        mapped = store.sql(" UNION ALL ".join(
            f"SELECT count(*) FILTER (WHERE {column} <> 0) FROM omop.{table}" for table, column in
            [(table, table.replace("_occurrence", "").replace("_exposure", "") + "_concept_id") for table in EVENTS]))
        say("events with a standard concept", f"{sum(row[0] for row in mapped)} of {events}")

        took = fresh(store, options.writes)
        say(f"a write over FHIR is in omop.measurement after, {options.writes} times",
            f"median {took[len(took) // 2]:.2f} s, worst {took[-1]:.2f} s" if took else "not within 300 s", bool(took))

        first = os.path.join(work, "first")
        begun = time.perf_counter()
        record = json.loads(store.run("omop", "export", first, "--format", "parquet", "--json"))
        seconds = time.perf_counter() - begun
        now = store.counts(tables)
        engine = duckdb.connect()
        read = lambda folder, table: f"read_parquet('{folder}/{table}.parquet')"
        duck = {table: engine.execute(f"SELECT count(*) FROM {read(first, table)}").fetchone()[0] for table in tables}
        is_same = duck == now == {table: record["tables"][table] for table in tables}
        rows = sum(duck.values()) - sum(duck[table] for table in tables if table.startswith(("concept", "vocab", "domain", "relation", "drug_str")))
        say("the export: tables and rows that DuckDB reads, as SQL has", f"{len(duck)}, {rows} without vocabularies, written in {seconds:.1f} s", is_same)
        typed = 0
        for table, fields in tables.items():
            given = [(name, kind) for name, kind, *_ in engine.execute(f"DESCRIBE SELECT * FROM {read(first, table)}").fetchall()]
            typed += given == [(name, TYPES.get(kind, "VARCHAR")) for name, kind in fields]
        say("tables with the model's fields and types in DuckDB", f"{typed} of {len(tables)}", typed == len(tables))
        sail = by_sail(first, tables)
        say("tables with the same rows in Sail", "left out: pysail is not installed" if sail is None else
            f"{sum(sail[table] == duck[table] for table in tables)} of {len(tables)}", sail in (None, duck))

        begun = time.perf_counter()
        store.run("lake", "rebuild")
        seconds = time.perf_counter() - begun
        again = os.path.join(work, "again")
        store.run("omop", "export", again, "--format", "duckdb")
        equal = 0
        for table in tables:
            pair = read(first, table), read(again, table)
            apart = [engine.execute(f"SELECT count(*) FROM (SELECT * FROM {one} EXCEPT ALL SELECT * FROM {two})").fetchone()[0]
                     for one, two in (pair, pair[::-1])]
            equal += apart == [0, 0]
        say("tables with equal rows after the lake was made again", f"{equal} of {len(tables)}, made in {seconds:.1f} s", equal == len(tables))

        database = os.path.join(again, "omop.duckdb")
        if not os.path.exists(database):
            script = os.path.join(again, "load.sql")
            within = duckdb.connect(database)
            within.execute(open(script).read().replace("read_parquet('", f"read_parquet('{again}/"))
            within.close()
        program = [sys.executable, "-c", "from duckcdm.cli import main; main()"]
        ran = subprocess.run([*program, "achilles", database], capture_output=True, text=True)
        told = re.search(r"\d+ analyses, \d+ failed", ran.stdout + ran.stderr)
        is_whole = ran.returncode == 0 and told is not None and told.group().endswith(", 0 failed")
        say("duckcdm achilles on the export", told.group() if told else (ran.stdout + ran.stderr)[-400:], is_whole)

        within = duckdb.connect(database)
        within.execute("CREATE OR REPLACE TABLE cohort(cohort_definition_id BIGINT, subject_id BIGINT, cohort_start_date DATE, cohort_end_date DATE)")
        for definition in definitions:
            text = subprocess.run([*program, "cohort", definition], capture_output=True, text=True, check=True).stdout
            begun = time.perf_counter()
            within.execute(text)
            theirs = within.execute("SELECT subject_id, cohort_start_date, cohort_end_date FROM cohort WHERE cohort_definition_id = 1 ORDER BY ALL").fetchall()
            their_seconds = time.perf_counter() - begun
            begun = time.perf_counter()
            ours = json.loads(store.run("omop", "cohort", definition, "--json"))["rows"]
            seconds = time.perf_counter() - begun
            ours = sorted((row["subject_id"], row["cohort_start_date"], row["cohort_end_date"]) for row in ours)
            is_same = ours == [(person, str(start), str(end)) for person, start, end in theirs]
            name = os.path.splitext(os.path.basename(definition))[0]
            say(f"cohort {name}, over the store and by duckcdm", f"{len({row[0] for row in ours})} persons, {len(ours)} rows in {seconds:.1f} s; "
                f"{len({row[0] for row in theirs})} persons, {len(theirs)} rows in {their_seconds:.1f} s", is_same)
        meant = [part for name in options.only or ["omop"] for part in ("--only", name)]
        checked = json.loads(store.run("omop", "check", *meant, "--json"))
        say("OHDSI's checks over the store", f"{checked['checks']}: {checked['passed']} passed, {checked['failed']} failed, "
            f"{checked['not_applicable']} not applicable in {checked['seconds']:.1f} s")
        begun = time.perf_counter()
        folder = json.loads(store.run("omop", "check", "--cdm", first, *meant, "--json"))
        folder_seconds = time.perf_counter() - begun
        by_name = lambda told: {outcome["check"]: (outcome["violated"], outcome["rows"]) for outcome in told["outcomes"]}
        ours, of_folder = by_name(checked), by_name(folder)
        theirs, read, their_seconds = checked_by_duckdb(first, options.data, work, ours)
        equal = sum(count == ours[name] == of_folder[name] for name, count in theirs.items())
        say("checks whose counts are those of DuckDB over the export", f"{equal} of {len(theirs)}, {len(ours) - len(theirs)} not compared", equal == len(theirs))
        say("  time over the store, over the export, by DuckDB",
            f"{checked['seconds']:.1f} s, tables made; {folder_seconds:.1f} s, files read; {their_seconds:.1f} s and {read:.1f} s to read")
        # The test data hold a part of the vocabularies: concepts that are not in it are no fault of the tables.
        fatal = [outcome["check"] for outcome in checked["outcomes"] if outcome["status"] == "failed" and outcome["severity"] == "fatal"
                 and "concept" not in outcome["field"]]
        say("of those that failed, fatal ones that are not about concepts", f"{len(fatal)} {' '.join(fatal)}".strip(), not fatal)
    finally:
        if store:
            store.stop()
        shutil.rmtree(work)
    print("RIGHT" if not wrong else f"WRONG: {', '.join(wrong)}")
    sys.exit(1 if wrong else 0)


main()
