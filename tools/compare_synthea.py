#!/usr/bin/env python3
"""Compares FHIR made of Synthea's CSV tables with the FHIR that Synthea itself wrote in the same run.

    compare_synthea.py GENERATED OURS

Both are folders (or files) of bundles (*.json) or of one resource a line (*.ndjson), also with .gz. Facts are compared as
multisets by type: what happened to whom, in which visit, under which code, when (to the second; to the day where the CSV has
days), with which value (at 0.1, the CSV's precision; at five significant digits, Synthea's FHIR's). Exit code 1 if any fact is
missing, extra or different. Knows FHIR and nothing of whoever made it.
"""
import collections
import datetime
import gzip
import json
import pathlib
import sys

SYNTHEA = "https://github.com/synthetichealth/synthea"


class Side:
    """All resources of one side, and what they are called."""

    def __init__(self, path):
        self.resources, self.known = [], {}
        root = pathlib.Path(path)
        for file in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if not any(end in file.name for end in (".json", ".ndjson")):
                continue
            with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8") as text:
                whole = [json.loads(line) for line in text if line.strip()] if ".ndjson" in file.name else [json.load(text)]
            for one in whole:
                for entry in one.get("entry", []) if one["resourceType"] == "Bundle" else [{"resource": one}]:
                    self.add(entry["resource"], entry.get("fullUrl"))

    def add(self, resource, url):
        kind = resource["resourceType"]
        self.resources.append(resource)
        for name in filter(None, (url, f"{kind}/{resource.get('id')}")):
            self.known[name] = resource
        for identifier in resource.get("identifier", []) if isinstance(resource.get("identifier"), list) else []:
            self.known[f"{kind}?identifier={identifier.get('system')}|{identifier.get('value')}"] = resource

    def to(self, reference):
        return self.known.get((reference or {}).get("reference"))

    def name(self, resource):
        """What Synthea calls it: the identifier of its own system, or the id."""
        if resource is None:
            return None
        own = [i["value"] for i in resource.get("identifier", []) if i.get("system") == SYNTHEA]
        return own[0] if own else resource["id"]

    def facts(self):
        """Type → what is compared without its value → values."""
        all_facts = collections.defaultdict(lambda: collections.defaultdict(list))
        for resource in self.resources:
            kind = resource["resourceType"]
            try:
                found = list(FACTS.get(kind, lambda side, r: [])(self, resource))
            except (KeyError, IndexError, TypeError, ValueError) as lack:
                found = [(kind, ("cannot be compared", resource.get("id"), repr(lack)), None)]
            for kind, key, value in found:
                all_facts[kind][key].append(value)
        return all_facts


def instant(text):
    if not text or "T" not in text:
        return text
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def day(text):
    return text and text[:10]


def words(text):
    return text and " ".join(text.replace(",", " ").split())


def code(concept, system=None):
    codings = (concept or {}).get("coding", [])
    return next((c.get("code") for c in codings if system is None or c.get("system") == system), None)


def value(element):
    for name, held in element.items():
        if name.startswith("value"):
            if name == "valueQuantity":
                return float(held["value"])
            if name == "valueCodeableConcept":
                return words(held.get("text") or held["coding"][0].get("display"))
            return words(str(held))
    return None


def about(side, r):
    return side.name(side.to(r.get("subject") or r.get("patient"))), side.name(side.to(r.get("encounter")))


def observation(side, r):
    when, parts = instant(r.get("effectiveDateTime")), r.get("component")
    yield "Observation", about(side, r) + (code(r["code"]), when, len(parts or [])), None
    for part in parts or [r]:
        yield "Observation values", about(side, r) + (code(r["code"]), code(part["code"]), when), value(part)


def medication(side, r):
    drug = r.get("medicationCodeableConcept") or side.to(r.get("medicationReference"))["code"]
    yield "MedicationRequest", about(side, r) + (code(drug), instant(r["authoredOn"]), r["status"]), None


def single(kind, key):
    return lambda side, r: [(kind, key(side, r), None)]


SNOMED = "http://snomed.info/sct"
FACTS = {
    "Patient": single("Patient", lambda s, r: (s.name(r), r["gender"], r["birthDate"], r["name"][0]["family"], r["name"][0]["given"][0])),
    "Encounter": single("Encounter", lambda s, r: (*about(s, r), s.name(r), r["class"]["code"], code(r["type"][0]), r["status"],
                                                   instant(r["period"]["start"]), instant(r["period"].get("end")),
                                                   code((r.get("reasonCode") or [None])[0]))),
    "Condition": single("Condition", lambda s, r: (*about(s, r), code(r["code"]), day(r["onsetDateTime"]), day(r.get("abatementDateTime")),
                                                   code(r["clinicalStatus"]))),
    "Procedure": single("Procedure", lambda s, r: (*about(s, r), code(r["code"]), instant(r["performedPeriod"]["start"]),
                                                   instant(r["performedPeriod"].get("end")))),
    "Immunization": single("Immunization", lambda s, r: (*about(s, r), code(r["vaccineCode"]), instant(r["occurrenceDateTime"]))),
    "MedicationRequest": medication,
    "AllergyIntolerance": single("AllergyIntolerance", lambda s, r: (about(s, r)[0], code(r["code"]), day(r["recordedDate"]), r["type"],
                                                                     tuple(r["category"]), code(r["clinicalStatus"]))),
    "Device": single("Device", lambda s, r: (about(s, r)[0], code(r["type"]), r["udiCarrier"][0]["carrierHRF"], r["lotNumber"], r["serialNumber"])),
    "CarePlan": single("CarePlan", lambda s, r: (*about(s, r), s.name(r), next(filter(None, (code(c, SNOMED) for c in r["category"]))), r["status"],
                                                 day(r["period"]["start"]), day(r["period"].get("end")))),
    "ImagingStudy": single("ImagingStudy", lambda s, r: (*about(s, r), code(r["procedureCode"][0]), instant(r["started"]),
                                                         tuple((x["uid"], x["modality"]["code"], x["instance"][0]["uid"]) for x in r["series"]))),
    "SupplyDelivery": single("SupplyDelivery", lambda s, r: (about(s, r)[0], code(r["suppliedItem"]["itemCodeableConcept"]), day(r["occurrenceDateTime"]),
                                                             float(r["suppliedItem"]["quantity"]["value"]))),
    "Claim": single("Claim", lambda s, r: (about(s, r)[0], s.name(r) if r.get("identifier") else r["id"], code(r["type"]), instant(r["created"]),
                                           instant(r["billablePeriod"]["start"]), r["insurance"][0]["coverage"]["display"])),
    "Organization": lambda s, r: [("Organization", (s.name(r), words(r["name"])), None)] if code(r["type"][0]) == "prov" else [],
    "Practitioner": single("Practitioner", lambda s, r: (s.name(r), r["name"][0]["family"], r["name"][0]["given"][0], r.get("gender"))),
    "Observation": observation,
}


def same(generated, ours):
    """The same text, or a number that is the same at 0.1 or at five significant digits."""
    if isinstance(generated, float) and isinstance(ours, float):
        off = abs(generated - ours)
        return off < 0.0501 or off <= 0.5001 * 10 ** (len(str(int(abs(generated)))) - 5)
    return generated == ours


def compare(generated, ours):
    """(equal, missing, extra) of one type."""
    equal, missing, extra = 0, [], []
    for key in sorted(set(generated) | set(ours), key=str):
        left, right = (sorted(side.get(key, []), key=str) for side in (generated, ours))
        for held in left:
            match = next((at for at, other in enumerate(right) if same(held, other)), None)
            if match is None:
                missing.append((*key, held))
            else:
                equal += 1
                right.pop(match)
        extra += [(*key, held) for held in right]
    return equal, missing, extra


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sides = [Side(path) for path in sys.argv[1:]]
    generated, ours = (side.facts() for side in sides)
    print(f"{'':20}{'equal':>8}{'missing':>9}{'extra':>7}")
    bad = not generated
    for kind in sorted(set(generated) | set(ours)):
        equal, missing, extra = compare(generated[kind], ours[kind])
        print(f"{kind:20}{equal:8}{len(missing):9}{len(extra):7}")
        for sign, facts in (("-", missing), ("+", extra)):
            for fact in facts[:5]:
                print(f"    {sign} {' | '.join(str(part) for part in fact if part is not None)}")
        bad = bad or missing or extra
    counts = [collections.Counter(r["resourceType"] for r in side.resources) for side in sides]
    for title, mine, other in (("only there", *counts), ("only here", *reversed(counts))):
        rest = ", ".join(f"{kind} {count}" for kind, count in sorted(mine.items()) if not other[kind])
        print(f"{title}, not compared: {rest or 'none'}")
    print("DIFFERENT" if bad else "EQUAL")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
