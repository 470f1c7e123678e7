#!/usr/bin/env python3
"""How long a download of Athena takes to load, and how much memory.

    python3 tools/bench/vocabulary.py BINARY [--concepts N] [--relationships N] [--keep FILE.zip]

BINARY is medweave. Writes a synthetic download (10,000,000 concepts and as many relationships, if nobody says; a fifth as many pairs of
ancestors and synonyms), loads it, and prints the time and the most memory that the process held, beside DuckDB where the Python that runs
this has it: DuckDB reads the same archive's files unpacked, with the types of the model, sorts concepts and relationships by their first
numbers and writes them as Parquet; it makes no index of names. Then a second load is killed at several moments (`kill -9`) and an archive
that is cut off is offered: each time the vocabulary before must answer as it did. Ends with 1 if it does not, or if the load takes more
than LIMIT_SECONDS of processor time or LIMIT_BYTES of memory.

Names are words that mean nothing, in the lengths and frequencies of real ones; rows come in no order, as Athena's do; a lone quote is part
of a name. The same numbers give the same files.
"""
import argparse, json, os, random, shutil, subprocess, sys, tempfile, time, zipfile

LIMIT_SECONDS, LIMIT_BYTES = 300, 1 << 30
VOCABULARIES = ["SNOMED", "RxNorm", "ICD10CM", "LOINC", "NDC", "ICD9CM", "RxNorm Extension", "dm+d", "Read", "OPCS4"]
DOMAINS = ["Condition", "Drug", "Measurement", "Observation", "Procedure", "Device"]
SYLLABLES = ["ba", "cor", "den", "fi", "gra", "hal", "ion", "jen", "kli", "lor", "mus", "nep", "oma", "pri", "qui", "ros", "sten", "tro", "ul", "vex"]
DAYS = "19700101\t20991231\t"
# Each number once, in no order: a step that has no factor in common with the number of rows.
STEP = 6_364_139


def archive(path, concepts, relationships):
    """Writes the download."""
    chance = random.Random(20_250_830)
    words = ["".join(chance.choices(SYLLABLES, k=chance.choice([2, 2, 3, 3, 4]))) for _ in range(200_000)]
    common = words[:2_000]
    derived = concepts // 5

    def name(number):
        quote = '"' if number % 5_003 == 0 else ""
        return (f"{common[number * 7 % 2_000]} {words[number * 7_919 % 200_000]} {common[number * 31 % 1_999]} "
                f"{common[number * 101 % 1_997]} {number % 977} MG{quote}")

    def concept(number):
        one = number * STEP % concepts + 1
        return f"{one}\t{name(number)}\t{DOMAINS[one % 6]}\t{VOCABULARIES[one % 10]}\tClass\t{'S' if one % 10 < 2 else ''}\tC{one}\t{DAYS}\n"

    def relationship(number):
        one = number * STEP % concepts + 1
        if number % 3 == 0:
            return f"{one}\t{max(one - one % 10, 1)}\tMaps to\t{DAYS}\n"
        return f"{one}\t{number * 9_973 % concepts + 1}\tIs a\t{DAYS}\n"

    def ancestor(number):
        one = number * STEP % concepts + 1
        return f"{max(one // 100, 1)}\t{one}\t{number % 7}\t{number % 11}\n"

    def synonym(number):
        return f"{number * STEP % concepts + 1}\tother {name(number + 17)}\t4180186\n"

    def vocabulary(number):
        if number == 0:
            return "None\tOMOP Standardized Vocabularies\tOMOP generated\tv5.0 SYNTHETIC\t44819096\n"
        return f"{VOCABULARIES[number - 1]}\t{VOCABULARIES[number - 1]}\tsynthetic\t1\t{44819096 + number}\n"

    tables = [
        ("CONCEPT", "concept_id concept_name domain_id vocabulary_id concept_class_id standard_concept concept_code valid_start_date valid_end_date invalid_reason", concepts, concept),
        ("CONCEPT_RELATIONSHIP", "concept_id_1 concept_id_2 relationship_id valid_start_date valid_end_date invalid_reason", relationships, relationship),
        ("CONCEPT_ANCESTOR", "ancestor_concept_id descendant_concept_id min_levels_of_separation max_levels_of_separation", derived, ancestor),
        ("CONCEPT_SYNONYM", "concept_id concept_synonym_name language_concept_id", derived, synonym),
        ("VOCABULARY", "vocabulary_id vocabulary_name vocabulary_reference vocabulary_version vocabulary_concept_id", 1 + len(VOCABULARIES), vocabulary),
    ]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as into:
        for table, columns, rows, line in tables:
            with into.open(zipfile.ZipInfo(table + ".csv", (2025, 8, 30, 0, 0, 0)), "w", force_zip64=True) as file:
                file.write(("\t".join(columns.split()) + "\n").encode())
                for begin in range(0, rows, 100_000):
                    file.write("".join(map(line, range(begin, min(begin + 100_000, rows)))).encode())
    return sum(rows for _, _, rows, _ in tables)


def run(command, **options):
    """A program's time (wall, processor), the most memory it held, and how it ended."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **options)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10, process.returncode, out


PEER = r"""
import sys, zipfile, duckdb
archive, folder = sys.argv[1:]
zipfile.ZipFile(archive).extractall(folder)
engine = duckdb.connect()
engine.execute("SET memory_limit='900MB'; SET threads=%d" % __import__("os").cpu_count())
for table, order in [("CONCEPT", "concept_id"), ("CONCEPT_RELATIONSHIP", "concept_id_1, relationship_id, concept_id_2"),
                     ("CONCEPT_ANCESTOR", "ancestor_concept_id, descendant_concept_id"), ("CONCEPT_SYNONYM", "concept_id")]:
    engine.execute(f"COPY (SELECT * FROM read_csv('{folder}/{table}.csv', delim='\t', quote='', header=true, dateformat='%Y%m%d') ORDER BY {order}) "
                   f"TO '{folder}/{table}.parquet' (FORMAT parquet, COMPRESSION zstd)")
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--concepts", type=int, default=10_000_000)
    parser.add_argument("--relationships", type=int, default=10_000_000)
    parser.add_argument("--keep", help="where the archive stays; one that is there is taken as it is")
    options = parser.parse_args()
    work = tempfile.mkdtemp(prefix="medweave-vocabulary-")
    wrong = []
    try:
        path = options.keep or os.path.join(work, "vocabulary_download_v5.zip")
        if not os.path.exists(path):
            archive(path, options.concepts, options.relationships)
        binary, data = os.path.abspath(options.binary), os.path.join(work, "data")
        load = [binary, "--data", data, "vocabulary", "load", path, "--json"]
        wall, processor, memory, code, out = run(load)
        if code != 0:
            sys.exit(f"{load} ended with {code}")
        loaded = json.loads(out.splitlines()[-1])
        rows = loaded["tables"]
        print(f"vocabulary load: {rows['concept']} concepts, {rows['concept_relationship']} relationships, {rows['concept_ancestor']} ancestors, "
              f"{rows['concept_synonym']} synonyms: {wall:.0f} s, {processor:.0f} s of processor, {memory >> 20} MiB", flush=True)
        if processor > LIMIT_SECONDS or memory > LIMIT_BYTES:
            wrong.append("time or memory of the load")
        try:
            import duckdb  # noqa: F401
        except ImportError:
            print("beside DuckDB: left out, it is not installed")
        else:
            unpacked = os.path.join(work, "peer")
            peer_wall, peer_processor, peer_memory, code, _ = run([sys.executable, "-c", PEER, path, unpacked])
            shutil.rmtree(unpacked)
            told = f"{peer_wall:.0f} s, {peer_processor:.0f} s of processor, {peer_memory >> 20} MiB" if code == 0 else "failed"
            print(f"the same files unpacked, typed, sorted and written by DuckDB (no index of names): {told}", flush=True)

        def answers():
            """What is loaded, and what is found in it."""
            base = [binary, "--data", data, "vocabulary"]
            return [run([*base, "list", "--json"])[4], run([*base, "search", "ba cor den", "--json"])[4]]

        seen = answers()
        whole = killed = 0
        for share in [0.02, 0.1, 0.2, 0.35, 0.5]:
            process = subprocess.Popen(load, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                # One that was quicker than the first is done: then it is the one that must stay.
                process.wait(wall * share)
                seen = answers()
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed += 1
                whole += seen == answers()
        print(f"second loads that were killed and left the first whole: {whole} of {killed}", flush=True)
        short = os.path.join(work, "short.zip")
        shutil.copyfile(path, short)
        os.truncate(short, os.path.getsize(path) // 2)
        refused = run([*load[:-2], short])[3] != 0
        kept = seen == answers()
        print(f"an archive that is cut off: {'refused' if refused else 'taken'}, the first is {'whole' if kept else 'gone'}")
        if whole < killed or not killed or not refused or not kept:
            wrong.append("a load that failed")
    finally:
        shutil.rmtree(work)
    print("RIGHT" if not wrong else f"WRONG: {', '.join(wrong)}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
