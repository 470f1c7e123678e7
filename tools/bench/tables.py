#!/usr/bin/env python3
"""Figures of mappings: rows of a hospital's table to FHIR, beside others that make the same of the same rows.

    tables.py BINARY DATA [--times N] [--large ROWS [--write-large]] [--python PYTHON] [--core N]

BINARY is a release build of medweave, DATA the folder of test data (MEDWEAVE_TEST_DATA). The rows are the observations of
`synthea-pair`, N times (100), each with a number of its own; one Observation is made of each row by the mapping in `observations/`.
Peers in the same run, on the same core: DuckDB writing structs as JSON (PYTHON is one that has duckdb; without it DuckDB is left
out), and PostgreSQL's jsonb_build_object into an unlogged table (Debian's package; left out where it is not installed). The peers
check nothing: no code, number, unit, time, length or key. It also says how long a check of a mapping takes, and what is kept for a
resource and for a delivery in which nothing changed. Times are the best of three: ours as the report of
the run says it, from its first row to its last, theirs of the one statement. Read the ratios, not the seconds.
"""
import argparse, csv, glob, io, json, os, pwd, shutil, subprocess, sys, tarfile, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"

DUCKDB = """
import sys, time, duckdb
con = duckdb.connect()
con.execute("SET threads = 1")
con.execute("SET enable_progress_bar = false")
con.execute("SELECT 1").fetchall()
begun = time.perf_counter()
con.execute('''COPY (SELECT 'Observation' AS "resourceType", ID AS id, 'final' AS status,
  [{{'coding': [{{'system': '{category}', 'code': CATEGORY}}]}}] AS category,
  {{'coding': [{{'system': 'http://loinc.org', 'code': CODE, 'display': DESCRIPTION}}], 'text': DESCRIPTION}} AS code,
  {{'reference': 'Patient/' || PATIENT}} AS subject, {{'reference': 'Encounter/' || ENCOUNTER}} AS encounter, "DATE" AS "effectiveDateTime",
  CASE "TYPE" WHEN 'numeric' THEN {{'value': TRY_CAST(VALUE AS DOUBLE), 'unit': UNITS, 'system': 'http://unitsofmeasure.org', 'code': UNITS}} END AS "valueQuantity",
  CASE "TYPE" WHEN 'text' THEN VALUE END AS "valueString"
  FROM read_csv('{path}', all_varchar = true, header = true)) TO '/dev/null' (FORMAT json)''')
print(time.perf_counter() - begun)
"""

POSTGRESQL = """CREATE UNLOGGED TABLE made AS SELECT jsonb_strip_nulls(jsonb_build_object(
  'resourceType', 'Observation', 'id', "ID", 'status', 'final',
  'category', jsonb_build_array(jsonb_build_object('coding', jsonb_build_array(jsonb_build_object('system', '{category}', 'code', "CATEGORY")))),
  'code', jsonb_build_object('coding', jsonb_build_array(jsonb_build_object('system', 'http://loinc.org', 'code', "CODE", 'display', "DESCRIPTION")), 'text', "DESCRIPTION"),
  'subject', jsonb_build_object('reference', 'Patient/' || "PATIENT"), 'encounter', jsonb_build_object('reference', 'Encounter/' || "ENCOUNTER"),
  'effectiveDateTime', "DATE",
  'valueQuantity', CASE "TYPE" WHEN 'numeric' THEN jsonb_build_object('value', "VALUE"::numeric, 'unit', "UNITS", 'system', 'http://unitsofmeasure.org', 'code', "UNITS") END,
  'valueString', CASE "TYPE" WHEN 'text' THEN "VALUE" END)) AS resource FROM observations"""

COLUMNS = ["ID", "DATE", "PATIENT", "ENCOUNTER", "CATEGORY", "CODE", "DESCRIPTION", "VALUE", "UNITS", "TYPE"]


def rows_of(data):
    """The observations of the pair, as lists without an ID; rows without a visit are left out, since no peer can refer to none."""
    with tarfile.open(os.path.join(data, "records/tables/synthea-pair.tar.xz")) as archive:
        member = next(m for m in archive if m.name.endswith("csv/observations.csv"))
        reader = csv.DictReader(io.TextIOWrapper(archive.extractfile(member), encoding="utf-8"))
        return [[row[column] for column in COLUMNS[1:]] for row in reader if row["ENCOUNTER"]]


def write_table(folder, rows, count, packed=False):
    """`count` rows in `folder`/observations.csv, or packed in observations.csv.gz; the k-th copy of a row has another ID."""
    os.makedirs(folder)
    path = os.path.join(folder, "observations.csv.gz" if packed else "observations.csv")
    lines = []
    for row in rows:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(row)
        lines.append(text.getvalue())
    with open(path, "wb") as file:
        packing = subprocess.Popen(["gzip", "-1"], stdin=subprocess.PIPE, stdout=file) if packed else None
        with io.TextIOWrapper(packing.stdin if packing else file, encoding="utf-8", write_through=True) as out:
            out.write(",".join(COLUMNS) + "\n")
            for begin in range(0, count, len(lines)):
                out.write("".join(f"o{begin + n}," + line for n, line in enumerate(lines[:count - begin])))
        if packing and packing.wait() != 0:
            sys.exit("gzip failed")
    return path


class Ours:
    """The program over a data directory of its own."""

    def __init__(self, binary, folder, core):
        self.command = ["taskset", "-c", str(core), binary, "--data", os.path.join(folder, "data")]

    def run(self, *arguments):
        """Standard output, seconds, peak memory in MiB."""
        begun = time.perf_counter()
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen([*self.command, *arguments], stdout=subprocess.PIPE, stderr=errors)
            out = process.stdout.read().decode()
            _, status, usage = os.wait4(process.pid, 0)
            if status != 0:
                errors.seek(0)
                sys.exit(f"{arguments} failed: {errors.read().decode()}")
        self.processor = usage.ru_utime + usage.ru_stime
        return out, time.perf_counter() - begun, usage.ru_maxrss / 1024

    def mapping(self, name, *more):
        out, _, memory = self.run("mapping", "run", name, "--json", *more)
        report = json.loads(out.strip().splitlines()[-1])
        target = report["targets"][0]
        if target["rows"] != target["resources"] or target["reasons"]:
            sys.exit(f"rows were lost: {target}")
        return report, report["seconds"], memory


    def bytes(self, *folders):
        """Bytes of files in the data directory, or in some folders of it."""
        of = [os.path.join(self.command[-1], folder) for folder in folders] or [self.command[-1]]
        walked = (os.path.join(root, name) for folder in of for root, _, names in os.walk(folder) for name in names)
        return sum(os.path.getsize(path) for path in walked)


def best(times, act):
    return min(act() for _ in range(times))


def duckdb(python, path, core):
    script = DUCKDB.format(category=CATEGORY, path=path)
    return float(subprocess.run(["taskset", "-c", str(core), python, "-c", script], check=True, capture_output=True, text=True).stdout)


class PostgreSQL:
    """A server of its own in a folder, on a socket; as another user, since it does not run as root."""

    def __init__(self, folder, core):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        self.bin, self.folder = found[-1], os.path.join(folder, "postgresql")
        os.makedirs(self.folder)
        self.user = []
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            os.chmod(folder, 0o755)
            self.user = ["runuser", "-u", "postgres", "--"]
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
        subprocess.run([*self.user, f"{self.bin}/initdb", "-D", f"{self.folder}/data", "-A", "trust", "--no-sync"], **quiet)
        options = f"-c listen_addresses='' -k {self.folder} -c jit=off -c max_parallel_workers_per_gather=0"
        subprocess.run(["taskset", "-c", str(core), *self.user, f"{self.bin}/pg_ctl", "-D", f"{self.folder}/data", "-w", "-l",
                        f"{self.folder}/log", "-o", options, "start"], **quiet)

    def ask(self, sql):
        base = [*self.user, f"{self.bin}/psql", "-h", self.folder, "-d", "postgres", "-q", "-v", "ON_ERROR_STOP=1"]
        subprocess.run([*base, "-c", sql], check=True, cwd="/")

    def load(self, path):
        self.ask("CREATE UNLOGGED TABLE observations(" + ", ".join(f'"{column}" text' for column in COLUMNS) + ")")
        with open(path) as rows:
            base = [*self.user, f"{self.bin}/psql", "-h", self.folder, "-d", "postgres", "-q", "-c",
                    "COPY observations FROM STDIN (FORMAT csv, HEADER true)"]
            subprocess.run(base, check=True, stdin=rows, cwd="/")

    def make(self):
        self.ask("SET client_min_messages = warning; DROP TABLE IF EXISTS made")
        begun = time.perf_counter()
        self.ask(POSTGRESQL.format(category=CATEGORY))
        return time.perf_counter() - begun

    def stop(self):
        subprocess.run([*self.user, f"{self.bin}/pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop"],
                       stdout=subprocess.DEVNULL, cwd="/")


def checks(ours, data, folder):
    """The whole command, the middle of five: of each mapping that comes with the program, and of one with a source's columns."""
    with tarfile.open(os.path.join(data, "records/tables/synthea-pair.tar.xz")) as archive:
        archive.extractall(os.path.join(folder, "pair"), filter="data")
    ours.run("source", "add", "pair", "--path", os.path.join(folder, "pair", "csv"), "--mapping", "synthea-csv")
    ours.run("source", "pull", "pair")
    shipped = sorted(os.listdir(os.path.join(HERE, "../../crates/tables/mappings")))
    for name in [*shipped, "pair"]:
        runs = sorted((ours.run("mapping", "check", name)[:2][::-1] + (ours.processor,) for _ in range(5)))
        seconds, told, processor = runs[2]
        files = " ".join(told.split("; ")[-1].split()[:2]) if name != "pair" else "synthea-csv with the columns of a source"
        print(f"mapping check {name} ({files}): {seconds * 1000:.0f} ms, {processor * 1000:.0f} ms of them on the processor")


def dry_and_peers(ours, folder, path, count, arguments):
    _, seconds, memory = ours.run("source", "pull", "many")
    print(f"pull of {count:,} rows: {count / seconds / 1e6:.2f} M rows/s a core, {memory:.0f} MiB at most")
    before = ours.bytes()
    ours.run("source", "pull", "many")
    grown, size = ours.bytes() - before, os.path.getsize(path)
    print(f"the same pull again, nothing changed: {grown:,} bytes more on disk, {100 * grown / size:.2f} % of the table")
    runs = [ours.mapping("many") for _ in range(3)]
    seconds = min(run[1] for run in runs)
    memory = max(run[2] for run in runs)
    mine = count / seconds
    print(f"dry run with every check: {mine / 1e6:.2f} M rows/s a core, {memory:.0f} MiB at most")
    if arguments.python:
        theirs = count / best(3, lambda: duckdb(arguments.python, path, arguments.core))
        print(f"  DuckDB, structs written as JSON: {theirs / 1e6:.2f} M rows/s; ours is {mine / theirs:.1f} times it")
    if glob.glob("/usr/lib/postgresql/*/bin/initdb"):
        server = PostgreSQL(folder, arguments.core)
        try:
            server.load(path)
            theirs = count / best(3, server.make)
        finally:
            server.stop()
        print(f"  PostgreSQL, jsonb_build_object: {theirs / 1e6:.3f} M rows/s; ours is {mine / theirs:.1f} times it")


def write_beside_import(ours, other, folder, count):
    """The run that writes, and plain NDJSON of the same resources into an empty store."""
    before = ours.bytes("tables", "arrivals")
    _, seconds, memory = ours.mapping("many", "--write")
    grown = ours.bytes("tables", "arrivals") - before
    print(f"what leads from resources to rows and back: {grown / count:.1f} bytes a resource on disk")
    print(f"run that writes: {count / seconds:,.0f} resources/s a core, {memory:.0f} MiB at most")
    exported = os.path.join(folder, "exported")
    ours.run("export", "--to", exported, "--type", "Observation")
    files = glob.glob(os.path.join(exported, "**", "*.ndjson*"), recursive=True)
    _, import_seconds, _ = other.run("import", *files)
    print(f"  import of the same as NDJSON: {count / import_seconds:,.0f} resources/s a core; the run takes {seconds / import_seconds:.2f} times as long")
    again, seconds, _ = ours.mapping("many", "--write")
    if again["new"] or again["changed"]:
        sys.exit(f"the second run wrote: {again}")
    print(f"the same run again, which writes nothing: {seconds:.1f} s")


def few_changed(ours, path, count, changed=100):
    """So many rows have another value, spread over the table: a run that maps what that reaches, beside one of everything."""
    lines = open(path, encoding="utf-8").read().splitlines()
    numeric = [at for at in range(1, len(lines)) if lines[at].endswith(",numeric")]
    for at in numeric[:: max(1, len(numeric) // changed)][:changed]:
        cells = next(csv.reader([lines[at]]))
        cells[COLUMNS.index("VALUE")] += "1" if "." in cells[COLUMNS.index("VALUE")] else ".1"
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow(cells)
        lines[at] = text.getvalue()
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    ours.run("source", "pull", "many")
    part, whole = [min((ours.mapping("many", *how) for _ in range(3)), key=lambda run: run[1]) for how in ((), ("--whole",))]
    for run in (part, whole):
        if run[0]["changed"] != min(changed, len(numeric)):
            sys.exit(f"other rows were changed: {run[0]}")
    print(f"dry run after {run[0]['changed']} of {count:,} rows changed: {part[1]:.2f} s, of everything {whole[1]:.2f} s ({whole[1] / part[1]:.0f} times as long); "
          f"{part[0]['targets'][0]['mapped_rows']} rows were mapped")


def large(binary, folder, rows, count, core, is_written):
    """A table of `count` rows, packed: pulled twice, run dry twice, or written and then run again."""
    ours = Ours(binary, os.path.join(folder, "large"), core)
    path = write_table(os.path.join(folder, "large", "source"), rows, count, packed=True)
    ours.run("source", "add", "large", "--path", os.path.dirname(path), "--mapping", os.path.join(HERE, "observations"))
    size = lambda: sum(os.path.getsize(os.path.join(root, name)) for root, _, names in os.walk(os.path.join(folder, "large", "data")) for name in names)
    for what in ("pull", "pull again, nothing changed"):
        _, seconds, memory = ours.run("source", "pull", "large")
        print(f"{what} of {count:,} rows: {seconds:.1f} s, {memory:.0f} MiB at most; the data directory holds {size() / 1e6:,.0f} MB, the packed table {os.path.getsize(path) / 1e6:,.0f} MB", flush=True)
    for what in ("run that writes", "the same run again") if is_written else ("dry run", "dry run again"):
        _, seconds, memory = ours.mapping("large", *(["--write"] if is_written else []))
        print(f"{what} of {count:,} rows: {seconds:.1f} s, {memory:.0f} MiB at most", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("data")
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--write-large", action="store_true")
    parser.add_argument("--python")
    parser.add_argument("--core", type=int, default=0)
    arguments = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="medweave-bench-")
    try:
        rows = rows_of(arguments.data)
        count = len(rows) * arguments.times
        path = write_table(os.path.join(folder, "many"), rows, count)
        ours = Ours(arguments.binary, folder, arguments.core)
        other = Ours(arguments.binary, os.path.join(folder, "other"), arguments.core)
        checked = Ours(arguments.binary, os.path.join(folder, "checked"), arguments.core)
        ours.run("source", "add", "many", "--path", os.path.dirname(path), "--mapping", os.path.join(HERE, "observations"))
        checks(checked, arguments.data, folder)
        dry_and_peers(ours, folder, path, count, arguments)
        write_beside_import(ours, other, folder, count)
        few_changed(ours, path, count)
        if arguments.large:
            large(arguments.binary, folder, rows, arguments.large, arguments.core, arguments.write_large)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
