#!/usr/bin/env python3
"""Figures of SQL: import with the tables following, lag, and the time from raw bundles to the first right answer.

    sql.py BINARY DATA [--python PYTHON]

BINARY is a release build of medweave, DATA the folder of test data (MEDWEAVE_TEST_DATA). PYTHON is one that has duckdb,
duckdb-extensions and duckdb-extension-delta (the tests make one under target/python-lake-1); without it DuckDB is left out.
The peers answer the same three questions in the same run: plain Python over the raw bundles, and DuckDB over exported NDJSON and
over the lake's files. An answer that differs from plain Python's ends the run. Read the ratios, not the seconds.
"""
import argparse, glob, gzip, http.client, json, os, shutil, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
PEER = os.path.join(HERE, "../../crates/lake/tests/it/questions.py")

QUESTIONS = {
    "HbA1c by age after diabetes": """
SELECT CAST(floor((date_part('year', o.effective) - date_part('year', p.birth_date)) / 10) AS BIGINT), count(*), avg(o.value)
FROM observation o
JOIN (SELECT patient_id, min(onset) AS since FROM condition WHERE code = '44054006' GROUP BY patient_id) d
  ON d.patient_id = o.patient_id AND o.effective >= d.since
JOIN patient p ON p._id = o.patient_id
WHERE o.code = '4548-4' AND o.component IS NULL GROUP BY 1 ORDER BY 1""",
    "back within 30 days": """
SELECT (SELECT count(*) FROM encounter WHERE class_code = 'IMP'), count(DISTINCT a._id)
FROM encounter a JOIN encounter b ON b.patient_id = a.patient_id
WHERE a.class_code = 'IMP' AND b.class_code = 'IMP' AND b.start_at > a.end_at AND b.start_at <= a.end_at + INTERVAL '30 days'""",
    "HbA1c after an order": """
SELECT m.medication_code, count(DISTINCT m.patient_id), count(DISTINCT o._id)
FROM medication_request m JOIN observation o ON o.patient_id = m.patient_id
WHERE m.medication_code IS NOT NULL AND o.code = '4548-4' AND o.component IS NULL
  AND o.effective >= m.authored AND o.effective < m.authored + INTERVAL '180 days' GROUP BY 1 ORDER BY 1""",
}

# The lake's columns that the questions need, read from NDJSON: what somebody writes who has DuckDB and no medweave.
NDJSON = """
CREATE VIEW patient AS SELECT id AS _id, CAST(birthDate AS DATE) AS birth_date
  FROM read_json('{0}/Patient.ndjson', columns={{id: 'VARCHAR', birthDate: 'VARCHAR'}});
CREATE VIEW condition AS SELECT json->>'$.code.coding[0].code' AS code, replace(json->>'$.subject.reference', 'Patient/', '') AS patient_id,
  CAST(json->>'$.onsetDateTime' AS TIMESTAMPTZ) AS onset FROM read_json_objects('{0}/Condition.ndjson') t(json);
CREATE VIEW encounter AS SELECT json->>'$.id' AS _id, json->>'$.class.code' AS class_code, replace(json->>'$.subject.reference', 'Patient/', '') AS patient_id,
  CAST(json->>'$.period.start' AS TIMESTAMPTZ) AS start_at, CAST(json->>'$.period.end' AS TIMESTAMPTZ) AS end_at FROM read_json_objects('{0}/Encounter.ndjson') t(json);
CREATE VIEW observation AS SELECT json->>'$.id' AS _id, json->>'$.code.coding[0].code' AS code, replace(json->>'$.subject.reference', 'Patient/', '') AS patient_id,
  CAST(json->>'$.effectiveDateTime' AS TIMESTAMPTZ) AS effective, CAST(json->>'$.valueQuantity.value' AS DOUBLE) AS value, NULL AS component
  FROM read_json_objects('{0}/Observation.ndjson') t(json);
CREATE VIEW medication_request AS SELECT json->>'$.medicationCodeableConcept.coding[0].code' AS medication_code, replace(json->>'$.subject.reference', 'Patient/', '') AS patient_id,
  CAST(json->>'$.authoredOn' AS TIMESTAMPTZ) AS authored FROM read_json_objects('{0}/MedicationRequest.ndjson') t(json);
"""

DUCKDB = """
import sys, json, time, duckdb
questions, setup, lake = json.loads(sys.stdin.read())
con = duckdb.connect()
con.execute("SET TimeZone = 'UTC'")
if lake:
    from duckdb_extensions import import_extension
    import_extension("delta")
    con.execute("LOAD delta")
    for name in ["patient", "condition", "encounter", "observation", "medication_request"]:
        con.execute(f"CREATE VIEW {name} AS SELECT * FROM delta_scan('{lake}/{name}')")
con.execute(setup) if setup else None
out = []
for sql in questions:
    begun = time.perf_counter()
    rows = con.execute(sql).fetchall()
    out.append([time.perf_counter() - begun, rows])
print(json.dumps(out))
"""


def plain(rows):
    cell = lambda value: f"{float(value):.3f}" if str(value).replace(".", "", 1).isdigit() else str(value)
    return [[cell(value) for value in row] for row in rows]


def timed(arguments, **more):
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, **{"stderr": errors, **more})
        out = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            errors.seek(0)
            sys.exit(f"{arguments[:6]} failed: {errors.read().decode()}")
    return out, time.perf_counter() - begun, usage.ru_maxrss / 1024


def line(name, text):
    print(f"{name:<38}{text}", flush=True)


class Served:
    def __init__(self, binary, data, work):
        ready = os.path.join(work, "ready.json")
        if os.path.exists(ready):
            os.remove(ready)
        self.begun = time.perf_counter()
        self.process = subprocess.Popen([binary, "--data", data, "serve", "--http", "127.0.0.1:0", "--ready-file", ready],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(ready):
            time.sleep(0.002)
        self.ready = time.perf_counter()
        self.address = json.load(open(ready))["http"]
        self.token = subprocess.run([binary, "--data", data, "token", "create", "--scope", "system/*.cruds", "--plain"],
                                    stdout=subprocess.PIPE, check=True).stdout.decode().strip()

    def connection(self):
        return http.client.HTTPConnection(self.address)

    def ask(self, connection, method, path, body=None):
        headers = {"authorization": "Bearer " + self.token, "content-type": "application/json"}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        text = response.read()
        if response.status >= 300:
            sys.exit(f"{method} {path}: {response.status} {text[:300]}")
        return json.loads(text) if text else None

    def sql(self, connection, sql):
        return self.ask(connection, "POST", "/api/sql", {"sql": sql})

    def stop(self):
        self.process.terminate()
        self.process.wait()


def lag(served, rate, seconds, writers=4):
    """Writes at a rate, and asks over and over how far SQL is behind and whether it sees what was acknowledged before."""
    stop, wrote, begun = threading.Event(), [0] * writers, time.perf_counter()

    def write(no):
        connection = served.connection()
        while not stop.is_set():
            due = begun + wrote[no] * writers / rate
            if due > time.perf_counter():
                time.sleep(due - time.perf_counter())
            id = f"w{no}-{wrote[no]}"
            served.ask(connection, "PUT", f"/fhir/Basic/{id}", {"resourceType": "Basic", "id": id, "code": {"text": "bench"}})
            wrote[no] += 1

    threads = [threading.Thread(target=write, args=(no,)) for no in range(writers)]
    [thread.start() for thread in threads]
    connection, waits, lags = served.connection(), [], []
    while time.perf_counter() - begun < seconds:
        before, asked = sum(wrote), time.perf_counter()
        answer = served.sql(connection, "SELECT count(*) FROM resource WHERE type = 'Basic'")
        waits.append(time.perf_counter() - asked)
        if answer["rows"][0][0] < before:
            lags.append(answer["lag_s"])
        time.sleep(0.25)
    status = served.ask(connection, "GET", "/api/lake")
    stop.set()
    [thread.join() for thread in threads]
    return sum(wrote) / (time.perf_counter() - begun), max(waits), max(lags, default=0.0), status["lag_s"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("data")
    parser.add_argument("--python", help="a Python that has DuckDB and its Delta extension")
    options = parser.parse_args()
    work = tempfile.mkdtemp(prefix="medweave-sql-")
    try:
        bundles = os.path.join(work, "bundles")
        os.mkdir(bundles)
        for path in glob.glob(os.path.join(options.data, "records/synthea-120/bundles/*.json.gz")):
            with gzip.open(path) as packed, open(os.path.join(bundles, os.path.basename(path)[:-3]), "wb") as out:
                shutil.copyfileobj(packed, out)
        command = lambda data, *arguments: timed([options.binary, "--data", os.path.join(work, data), *arguments])
        rates = {}
        for name, more in [("without SQL", ["--no-lake"]), ("with SQL following", [])]:
            out, wall, memory = command(name.split()[0], "import", bundles, "--json", *more)
            told = json.loads(out)
            rates[name] = told["stored"] / told["seconds"]
            line(f"import {name}", f"{rates[name]:8.0f} resources/s   {wall:6.2f} s in all   {memory:5.0f} MB peak"
                 + (f"   {rates[name] / rates['without SQL']:.2f} x without" if more == [] else ""))
        raw = wall
        expected, peer, _ = timed([sys.executable, PEER, bundles])
        expected = plain(text.split(",") for text in expected.splitlines())

        served = Served(options.binary, os.path.join(work, "with"), work)
        connection = served.connection()
        served.sql(connection, "SELECT count(*) FROM observation")
        line("first SQL answer after start", f"{time.perf_counter() - served.begun:8.2f} s")
        ours, took = [], []
        for sql in QUESTIONS.values():
            begun = time.perf_counter()
            ours += served.sql(connection, sql)["rows"]
            took.append(time.perf_counter() - begun)
        if plain(ours) != expected:
            sys.exit(f"SQL and plain Python differ: {plain(ours)} {expected}")
        line("raw bundles to the first right answer", f"{raw + took[0]:8.2f} s   plain Python, all three questions {peer:.2f} s")
        for name, seconds in zip(QUESTIONS, took):
            line(f"  {name}", f"{seconds * 1000:8.0f} ms")

        if options.python:
            exported = os.path.join(work, "export")
            command("with", "export", "--to", exported)
            for name, setup, lake in [("DuckDB over the lake's files", "", os.path.join(work, "with/lake")), ("DuckDB over NDJSON", NDJSON.format(exported), "")]:
                asked = json.dumps([list(QUESTIONS.values()), setup, lake])
                answers = json.loads(subprocess.run([options.python, "-c", DUCKDB], input=asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True,
                                                    env={**os.environ, "HOME": work}).stdout.splitlines()[-1])
                if plain(row for _, rows in answers for row in rows) != expected:
                    sys.exit(f"{name} and plain Python differ")
                line(name, "   ".join(f"{seconds * 1000:.0f} ms" for seconds, _ in answers) + "   the same three questions, the same answers")
        for rate in (500,):
            reached, wait, behind, now = lag(served, rate, 20)
            line(f"SQL at {reached:.0f} commits/s", f"{wait:8.2f} s longest wait for all that was acknowledged   {behind:.1f} s lag at most")
        served.stop()
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
