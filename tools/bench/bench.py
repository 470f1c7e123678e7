#!/usr/bin/env python3
"""Figures of the README: speed, memory and size, each beside a named peer in the same run.

    bench.py BINARY DATA [--times N]

BINARY is a release build of medweave, DATA the folder of test data (MEDWEAVE_TEST_DATA). Prints one line a figure. The peer is
SQLite (Python's module, WAL, synchronous=FULL) storing the same resources as JSON text, one row each, with no index at all.
Absolute figures differ from machine to machine and hour to hour: read the ratios.
"""
import argparse, gzip, glob, json, os, shutil, sqlite3, subprocess, sys, tempfile, time, urllib.request


def run(binary, data, *arguments):
    """A command's standard output, the peak memory in MB of the program, and the bytes that it had written to disk."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen([binary, "--data", data, *arguments], stdout=subprocess.PIPE, stderr=errors)
        out = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            errors.seek(0)
            sys.exit(f"{arguments} failed: {errors.read().decode()}")
    return out, usage.ru_maxrss / 1024, usage.ru_oublock * 512


def resources(bundles):
    for path in sorted(glob.glob(os.path.join(bundles, "*.json.gz"))):
        for entry in json.load(gzip.open(path))["entry"]:
            yield entry["resource"]


def peer(bundles, folder):
    """Seconds and bytes of SQLite storing the same JSON, 1,000 rows a commit; parsing included as in an import."""
    path = os.path.join(folder, "peer.db")
    begun = time.perf_counter()
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE resource(type TEXT, id TEXT, json TEXT)")
    rows, count = [], 0
    def flush():
        database.execute("BEGIN")
        database.executemany("INSERT INTO resource VALUES(?,?,?)", rows)
        database.execute("COMMIT")
        rows.clear()
    for resource in resources(bundles):
        rows.append((resource["resourceType"], resource.get("id"), json.dumps(resource, separators=(",", ":"))))
        count += 1
        if len(rows) == 1000:
            flush()
    flush()
    seconds = time.perf_counter() - begun
    database.close()
    return count, seconds, os.path.getsize(path)


def size(*paths):
    return sum(os.path.getsize(os.path.join(root, name)) for path in paths for root, _, names in os.walk(path) for name in names)


def percentile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))]


class Served:
    def __init__(self, binary, data):
        ready = os.path.join(data, "..", "ready.json")
        if os.path.exists(ready):
            os.remove(ready)
        begun = time.perf_counter()
        self.process = subprocess.Popen([binary, "--data", data, "serve", "--http", "127.0.0.1:0", "--ready-file", ready],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(ready):
            time.sleep(0.005)
        self.base = "http://" + json.load(open(ready))["http"]
        self.token = subprocess.run([binary, "--data", data, "token", "create", "--scope", "system/*.rs", "--plain"],
                                    stdout=subprocess.PIPE, check=True).stdout.decode().strip()
        self.get("/fhir/Patient?_count=1")
        self.first_answer = time.perf_counter() - begun

    def get(self, path):
        request = urllib.request.Request(self.base + path, headers={"Authorization": "Bearer " + self.token})
        return json.load(urllib.request.urlopen(request))

    def memory(self):
        """MB that are the program's own, in memory or swapped out, and MB of files that it maps, which the system takes back when it
        needs them."""
        status = open(f"/proc/{self.process.pid}/status").read()
        own, swapped, mapped = (int(status.split(name)[1].split()[0]) / 1024 for name in ("RssAnon:", "VmSwap:", "RssFile:"))
        return own + swapped, mapped

    def processor_s(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rest(self):
        """Waits until the program has had nothing to do for 75 seconds, ten minutes at most: what came last becomes files of the
        lake after one minute."""
        quiet = 0
        for _ in range(200):
            before = self.processor_s()
            time.sleep(3)
            quiet = quiet + 1 if self.processor_s() - before < 0.1 else 0
            if quiet == 25:
                return

    def stop(self):
        self.process.terminate()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("data")
    parser.add_argument("--times", type=int, default=10, help="how many times the set is loaded under new ids (default 10)")
    options = parser.parse_args()
    bundles = os.path.join(options.data, "records/synthea-120/bundles")
    work = tempfile.mkdtemp(prefix="medweave-bench-")
    try:
        count, seconds, bytes_ = peer(bundles, work)
        print(f"peer: SQLite, same JSON, no index    {count / seconds:8.0f} resources/s   {bytes_ / count:6.0f} B a resource")
        peer_rate = count / seconds
        data = os.path.join(work, "data")
        rates, costs = [], []
        for no in range(options.times):
            out, memory, written = run(options.binary, data, "import", bundles, "--json", "--no-lake", "--source", f"copy{no}")
            told = json.loads(out)
            rate = (told["stored"] + told["unchanged"]) / told["seconds"]
            rates.append(rate)
            costs.append(written / max(told["stored"], 1))
            if no == 0:
                print(f"bundles, full index, fsync           {rate:8.0f} resources/s   {rate / peer_rate:6.2f} x the peer   {memory:5.0f} MB peak")
                records, arrivals = size(os.path.join(data, "records")), size(os.path.join(data, "arrivals"))
                stored = told["stored"]
                print(f"on disk: records.db                  {records / stored:8.0f} B a resource    arrivals {arrivals / stored:.0f} B a resource")
                exported = os.path.join(work, "export")
                run(options.binary, data, "export", "--to", exported)
                other = os.path.join(work, "ndjson")
                told = json.loads(run(options.binary, other, "import", exported, "--json", "--no-lake")[0])
                rate = told["stored"] / told["seconds"]
                print(f"NDJSON, full index, fsync            {rate:8.0f} resources/s   {rate / peer_rate:6.2f} x the peer")
                shutil.rmtree(other)
                shutil.rmtree(exported)
        if options.times > 1:
            print(f"bundles, load {options.times} of the same set      {rates[-1]:8.0f} resources/s   {rates[-1] / rates[0]:6.2f} x the first load")
            print(f"written to disk a resource           {costs[-1]:8.0f} B             {costs[-1] / costs[0]:6.2f} x the first load")
        served = Served(options.binary, data)
        print(f"start to first answer                {served.first_answer:8.2f} s")
        # The lake reads what was loaded without it; memory is given back after five seconds without work.
        served.rest()
        own, mapped = served.memory()
        print(f"idle                                 {own:8.0f} MB own         {mapped:6.0f} MB of mapped files")
        times = []
        query = "/fhir/Observation?code=http%3A%2F%2Floinc.org%7C8302-2&date=ge2015&_count=50"
        for _ in range(300):
            begun = time.perf_counter()
            served.get(query)
            times.append(time.perf_counter() - begun)
        print(f"code=X&date=geY&_count=50            {percentile(times, .5) * 1000:8.1f} ms p50   {percentile(times, .99) * 1000:8.1f} ms p99")
        if shutil.which("wrk"):
            ids = [entry["resource"]["id"] for entry in served.get("/fhir/Observation?_count=1000")["entry"]]
            script = os.path.join(work, "reads.lua")
            with open(script, "w") as out:
                out.write("local ids = {" + ",".join(json.dumps(i) for i in ids) + "}\nlocal at = 0\n"
                          "request = function()\n  at = at % #ids + 1\n  return wrk.format('GET', '/fhir/Observation/' .. ids[at], "
                          "{ Authorization = 'Bearer " + served.token + "' })\nend\n")
            out = subprocess.run(["wrk", "-t1", "-c16", "-d5s", "-s", script, served.base], stdout=subprocess.PIPE, check=True).stdout.decode()
            rate = next(line.split()[1] for line in out.splitlines() if line.startswith("Requests/sec"))
            print(f"reads over HTTP, 16 connections      {float(rate):8.0f} reads/s")
        else:
            print("reads over HTTP                      not measured: wrk is not installed (Debian package wrk)")
        served.stop()
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
