#!/usr/bin/env python3
"""Figures of clinical documents: C-CDA to FHIR, beside the package ccda-to-fhir.

    ccda.py BINARY DATA [--python PYTHON] [--times N] [--core N]

BINARY is a release build of medweave, DATA the folder of test data (MEDWEAVE_TEST_DATA), PYTHON one that has ccda-to-fhir 0.3
(without it the peer is left out). Both convert the 22 documents of the data, N times (20), on one core; each goes through a document in
memory once before its time is taken. Documents that fail are named. Read the ratios, not the seconds.
"""
import argparse, glob, json, os, shutil, subprocess, sys, tarfile, tempfile, time

PEER = """
import sys, json, logging, time, warnings
logging.disable(logging.CRITICAL); warnings.simplefilter("ignore")
from ccda_to_fhir import convert_document
from pathlib import Path
files, times = sys.argv[2:], int(sys.argv[1])
texts = {file: Path(file).read_text(encoding="utf-8-sig") for file in files}
failed, resources, done = {}, 0, []
for file, text in texts.items():
    try:
        result = convert_document(text)
        bundle = result["bundle"] if isinstance(result, dict) else result.bundle
        bundle = bundle if isinstance(bundle, dict) else json.loads(bundle.json())
        resources += len(bundle["entry"]); done.append(text)
    except Exception as error:
        failed[file] = f"{type(error).__name__}: {error}".splitlines()[0][:160]
begun = time.process_time()
for _ in range(times):
    for text in done:
        convert_document(text)
seconds = time.process_time() - begun
print(json.dumps({"failed": failed, "resources": resources, "documents": len(done), "bytes": sum(len(t.encode()) for t in done), "seconds": seconds}))
"""


def ours(binary, files, times, core, folder):
    """CPU seconds of converting each file `times` times, without what the program takes to begin and end; and its resources by file."""
    def cpu(arguments):
        with open(os.path.join(folder, "errors"), "w") as errors:
            process = subprocess.Popen(["taskset", "-c", str(core), binary, "convert", "ccda", *arguments], stdout=subprocess.DEVNULL, stderr=errors)
            _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"convert failed: {open(os.path.join(folder, 'errors')).read()}")
        return usage.ru_utime + usage.ru_stime
    resources = 0
    for file in files:
        out = subprocess.run([binary, "convert", "ccda", file], capture_output=True, check=True).stdout
        resources += len(json.loads(out)["entry"])
    many = min(cpu(files * times) for _ in range(3))
    return resources, many - min(cpu(files) for _ in range(3))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("data")
    parser.add_argument("--python")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--core", type=int, default=0)
    arguments = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="medweave-ccda-")
    try:
        with tarfile.open(os.path.join(arguments.data, "records/ccda/samples.tar.xz")) as archive:
            archive.extractall(folder, filter="data")
        files = sorted(glob.glob(os.path.join(folder, "*.ccda")))
        size = sum(os.path.getsize(file) for file in files)
        resources, seconds = ours(arguments.binary, files, arguments.times, arguments.core, folder)
        rounds = arguments.times - 1
        mine = rounds * len(files) / seconds
        print(f"medweave: {len(files)} of {len(files)} documents, {resources} resources; {mine:,.0f} documents/s, {rounds * size / seconds / 1e6:.0f} MB/s of CPU time")
        if arguments.python:
            out = subprocess.run(["taskset", "-c", str(arguments.core), arguments.python, "-c", PEER, "2", *files], capture_output=True, text=True)
            if out.returncode:
                sys.exit(out.stderr)
            peer = json.loads(out.stdout.strip().splitlines()[-1])
            theirs = 2 * peer["documents"] / peer["seconds"]
            print(f"  ccda-to-fhir: {peer['documents']} of {len(files)} documents, {peer['resources']} resources; {theirs:,.1f} documents/s, "
                  f"{2 * peer['bytes'] / peer['seconds'] / 1e6:.1f} MB/s; ours is {mine / theirs:.0f} times it")
            for file, why in peer["failed"].items():
                print(f"  it fails on {os.path.relpath(file, folder)}: {why}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
