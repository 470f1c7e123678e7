"""Three clinical questions over raw bundles, in plain Python: what SQL must answer too."""
import glob, json, sys
from datetime import datetime, timedelta, timezone

patients, conditions, encounters, observations, orders = {}, [], [], [], []
for path in sorted(glob.glob(sys.argv[1] + "/*.json")):
    for entry in json.load(open(path, encoding="utf-8"))["entry"]:
        resource = entry["resource"]
        kind = resource["resourceType"]
        if kind == "Patient":
            patients[resource["id"]] = resource
        elif kind == "Condition":
            conditions.append(resource)
        elif kind == "Encounter":
            encounters.append(resource)
        elif kind == "Observation":
            observations.append(resource)
        elif kind == "MedicationRequest":
            orders.append(resource)


def at(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def whose(resource):
    return resource["subject"]["reference"].rsplit(":", 1)[-1].rsplit("/", 1)[-1]


def code(resource, name="code"):
    return resource.get(name, {}).get("coding", [{}])[0].get("code")


hba1c = [o for o in observations if code(o) == "4548-4"]

since = {}
for c in conditions:
    if code(c) == "44054006":
        since[whose(c)] = min(since.get(whose(c), at(c["onsetDateTime"])), at(c["onsetDateTime"]))
by_age = {}
for o in hba1c:
    when, patient = at(o["effectiveDateTime"]), whose(o)
    if patient in since and when >= since[patient]:
        decade = (when.year - int(patients[patient]["birthDate"][:4])) // 10
        by_age.setdefault(decade, []).append(o["valueQuantity"]["value"])
for decade in sorted(by_age):
    print(f"{decade},{len(by_age[decade])},{sum(by_age[decade]) / len(by_age[decade]):.3f}")

stays = [e for e in encounters if e["class"]["code"] == "IMP"]
again = set()
for a in stays:
    end = at(a["period"]["end"])
    if any(whose(b) == whose(a) and end < at(b["period"]["start"]) <= end + timedelta(days=30) for b in stays):
        again.add(a["id"])
print(f"{len(stays)},{len(again)}")

found = {}
for m in orders:
    drug, when, patient = code(m, "medicationCodeableConcept"), at(m["authoredOn"]), whose(m)
    for o in hba1c:
        if whose(o) == patient and when <= at(o["effectiveDateTime"]) < when + timedelta(days=180):
            ids = found.setdefault(drug, (set(), set()))
            ids[0].add(patient)
            ids[1].add(o["id"])
for drug in sorted(d for d in found if d):
    print(f"{drug},{len(found[drug][0])},{len(found[drug][1])}")
