#!/usr/bin/env python3
"""Compares what was made of the Chinese hospital set with its file of right answers.

    compare_his_zh.py EXPECTED.json OURS [REPORT.json]

OURS is a folder (or file) of one resource a line (*.ndjson, also .gz); REPORT is what `medweave mapping run NAME --json` printed.
Patients: name, gender, date of birth. Results: value, comparator, UCUM code, text, "see remarks", LOINC code. With a report: the count
law of every target, the rows that had to be refused, and the flags. Exit code 1 if anything differs.
"""
import gzip
import json
import pathlib
import sys

LOINC = "http://loinc.org"


def resources(path):
    root = pathlib.Path(path)
    for file in sorted(root.rglob("*.ndjson*")) if root.is_dir() else [root]:
        with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8") as lines:
            yield from (json.loads(line, parse_float=str, parse_int=str) for line in lines if line.strip())


def named(resource, kind):
    """The hospital's own number of a resource."""
    return next((i["value"] for i in resource.get("identifier", []) if i.get("system", "").endswith(":" + kind)), None)


def patient(resource):
    return {"name": resource["name"][0].get("text"), "gender": resource.get("gender"), "birthDate": resource.get("birthDate")}


def result(resource):
    quantity, absent = resource.get("valueQuantity"), resource.get("dataAbsentReason")
    found = {"loinc": next((c["code"] for c in resource["code"]["coding"] if c.get("system") == LOINC), None)}
    if quantity:
        found.update(value=quantity["value"], unit=quantity.get("code"))
        if "comparator" in quantity:
            found["comparator"] = quantity["comparator"]
    elif absent:
        found.update(absent=True, text=resource["note"][0]["text"])
    else:
        found["text"] = resource.get("valueString")
    return found


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    expected = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    patients, results = {}, {}
    for resource in resources(sys.argv[2]):
        if resource["resourceType"] == "Patient" and named(resource, "patient"):
            patients[named(resource, "patient")] = patient(resource)
        elif resource["resourceType"] == "Observation" and named(resource, "result") and resource["status"] != "entered-in-error":
            results[named(resource, "result")] = result(resource)
    wanted = {key: {part: held[part] for part in ("name", "gender", "birthDate")} for key, held in expected["patients"].items()}
    bad = 0
    for title, right, ours in (("patients", wanted, patients), ("results", expected["labs"], results)):
        wrong = [key for key in sorted(set(right) | set(ours)) if right.get(key) != ours.get(key)]
        print(f"{title}: {len(right) - sum(key in right for key in wrong)} of {len(right)} equal, {len(set(ours) - set(right))} extra")
        for key in wrong[:10]:
            print(f"    {key}: expected {right.get(key)}, found {ours.get(key)}")
        bad += len(wrong)
    if len(sys.argv) == 4:
        bad += report(expected, json.loads(pathlib.Path(sys.argv[3]).read_text(encoding="utf-8").splitlines()[-1]))
    print("DIFFERENT" if bad else "EQUAL")
    sys.exit(1 if bad else 0)


def report(expected, run):
    """How much of a run's report is wrong."""
    bad, targets = 0, {target["name"]: target for target in run["targets"]}

    def say(what, right, ours):
        nonlocal bad
        print(f"{what}: expected {right}, found {ours}{'' if right == ours else '   <- DIFFERENT'}")
        bad += right != ours

    for name, target in targets.items():
        accounted = sum(target[part] for part in ("resources", "merged", "filtered", "rejected"))
        say(f"{name}: rows accounted for", target["rows"], accounted)
    rows, hanging = expected["day1_rows"], expected["rejected_with_stay"]
    right = {
        "Patient": (rows["病人基本信息"] - expected["duplicate_rows"], 0),
        "Encounter": (rows["住院记录"] - len(expected["reject"]), len(expected["reject"])),
        "Condition": (rows["诊断"] - hanging["诊断"], hanging["诊断"]),
        "Observation": (rows["检验结果"] - hanging["检验结果"], hanging["检验结果"]),
        "MedicationRequest": (rows["医嘱"] - hanging["医嘱"], hanging["医嘱"]),
    }
    for name, (made, refused) in right.items():
        say(f"{name}: resources and rejected", (made, refused), (targets[name]["resources"], targets[name]["rejected"]))
    told = {}
    for target in targets.values():
        for kind in ("reasons", "remarks"):
            for entry in target.get(kind, []):
                told[entry["reason"]] = told.get(entry["reason"], 0) + entry["count"]
    say("identity numbers with a wrong check digit", sum(not held["id_valid"] for held in expected["patients"].values()), told.get("identity-check", 0))
    say("ends before their start", sum("discharge before" in flag["why"] for flag in expected["flag"]), told.get("end-before-start", 0))
    say("dates of birth that cannot be", sum(held["birthDate"] is None for held in expected["patients"].values()),
        told.get("impossible-date", 0) + told.get("future-date", 0))
    return bad


if __name__ == "__main__":
    main()
