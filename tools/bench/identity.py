"""Finding records of one person: medweave beside recordlinkage and Splink, on registers with made duplicates and on Febrl 4.

usage: identity.py REGISTER   (the built example `register` of crates/identity; run with the Python that has the two peers)

The same records, in the same run. The peers are set as their guides do: blocks by birth date, telephone, number and names, their own comparisons of
names, and what decides is learned from the records without knowing who is who (recordlinkage's ECM classifier; Splink's expectation
maximisation, pairs of 0.95 and more). Nothing is tuned on what is reported.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import pandas as pd

warnings.filterwarnings("ignore")
SEEDS = [101, 102, 103]
PEOPLE = 10_000


def flat(line):
    """One record as the peers take it: a row of plain columns."""
    told = json.loads(line)
    patient = told["patient"]
    name = patient["name"][0]
    family, given = name.get("family"), " ".join(name.get("given", []))
    if family is None:
        words = name["text"].split()
        family, given = (words[-1], " ".join(words[:-1])) if len(words) > 1 else (name["text"][:1], name["text"][1:])
    digits = lambda text: re.sub(r"\D", "", text)[-10:] or None
    address = patient.get("address", [{}])[0]
    number = patient.get("identifier", [{}])[0].get("value")
    return {
        "person": told["person"],
        "family": family.lower(),
        "given": given.lower(),
        "born": patient.get("birthDate"),
        "sex": patient.get("gender"),
        "number": re.sub(r"\W", "", number).lower() if number else None,
        "phone": digits(patient["telecom"][0]["value"]) if "telecom" in patient else None,
        "street": " ".join(address.get("line", [])).lower() or None,
        "place": address.get("postalCode"),
    }


def recordlinkage_pairs(table):
    import recordlinkage

    index = recordlinkage.Index()
    for columns in ["born", "phone", "number", ["family", "given"]]:
        index.block(columns)
    candidates = index.index(table)
    comparer = recordlinkage.Compare()
    for column in ["family", "given", "street"]:
        comparer.string(column, column, method="jarowinkler", threshold=0.85, label=column)
    for column in ["number", "phone"]:
        comparer.string(column, column, method="damerau_levenshtein", threshold=0.85, label=column)
    for column in ["born", "sex", "place"]:
        comparer.exact(column, column, label=column)
    features = comparer.compute(candidates, table)
    return [tuple(pair) for pair in recordlinkage.ECMClassifier(binarize=0.5).fit_predict(features)]


def splink_pairs(table):
    import splink.comparison_library as compare
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    table = table.reset_index(names="unique_id")
    comparisons = {
        "given": compare.NameComparison("given"),
        "family": compare.NameComparison("family"),
        "born": compare.DateOfBirthComparison("born", input_is_string=True),
        "sex": compare.ExactMatch("sex"),
        "number": compare.DamerauLevenshteinAtThresholds("number", 1),
        "phone": compare.DamerauLevenshteinAtThresholds("phone", 1),
        "street": compare.JaroWinklerAtThresholds("street", [0.9]),
        "place": compare.ExactMatch("place"),
    }
    comparisons = [one for column, one in comparisons.items() if table[column].notna().any()]
    blocks = [block_on(column) for column in ["born", "phone", "number"] if table[column].notna().any()] + [block_on("family", "given")]
    settings = SettingsCreator(link_type="dedupe_only", comparisons=comparisons, blocking_rules_to_generate_predictions=blocks)
    linker = Linker(DuckDBAPI().register(table), settings)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    linker.training.estimate_probability_two_random_records_match(blocks[-2:], recall=0.8)
    for block in [block_on("born"), block_on("family", "given")]:
        linker.training.estimate_parameters_using_expectation_maximisation(block)
    found = linker.inference.predict(threshold_match_probability=0.95).as_pandas_dataframe()
    return list(zip(found["unique_id_l"], found["unique_id_r"]))


def scored(table, pairs):
    people = table["person"].to_dict()
    pairs = {tuple(sorted(pair)) for pair in pairs}
    right = sum(people[a] == people[b] for a, b in pairs)
    return len(pairs), right


def line(name, proposed, right, pairs, seconds):
    precision = right / proposed if proposed else 0.0
    print(f"  {name:<24} precision {100 * precision:7.3f} %   recall {100 * right / pairs:6.2f} %   {seconds:6.1f} s", flush=True)


def febrl():
    """Febrl data set 4: 5,000 people of one file, and each again with errors in another; neither telephone nor sex."""
    from recordlinkage.datasets import load_febrl4

    lines = []
    for part in load_febrl4():
        for name, row in part.iterrows():
            text = lambda column: None if pd.isna(row[column]) else str(row[column])
            patient = {"resourceType": "Patient", "name": [{"family": text("surname") or "", "given": [text("given_name") or ""]}]}
            if text("soc_sec_id"):
                patient["identifier"] = [{"type": {"coding": [{"code": "NI"}]}, "system": "urn:soc_sec_id", "value": text("soc_sec_id")}]
            born = text("date_of_birth")
            if born and len(born) == 8:
                patient["birthDate"] = f"{born[:4]}-{born[4:6]}-{born[6:]}"
            street = " ".join(filter(None, [text("street_number"), text("address_1")]))
            patient["address"] = [{"line": [street], "postalCode": text("postcode") or ""}]
            lines.append(json.dumps({"person": int(name.split("-")[1]), "patient": patient}))
    return lines


def report(register, title, lines, folder):
    path = Path(folder) / "records.ndjson"
    path.write_text("\n".join(lines) + "\n")
    own = json.loads(subprocess.run([register, "match", path], check=True, capture_output=True, text=True).stdout)
    print(f"{title}: {own['records']:,} records, {own['pairs']:,} pairs of one person")
    line("here", own["proposed"], own["right"], own["pairs"], own["seconds"])
    table = pd.DataFrame([flat(text) for text in lines])
    for name, peer in [("recordlinkage (ECM)", recordlinkage_pairs), ("Splink (EM, 0.95)", splink_pairs)]:
        began = time.monotonic()
        try:
            pairs = peer(table)
        except Exception as error:  # A peer that does not run is named, and the others go on.
            print(f"  {name:<24} did not run: {type(error).__name__}: {str(error)[:200]}")
            continue
        line(name, *scored(table, pairs), own["pairs"], time.monotonic() - began)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    register = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        for seed in SEEDS:
            made = subprocess.run([register, "make", str(seed), str(PEOPLE)], check=True, capture_output=True, text=True)
            report(register, f"made register, seed {seed}", made.stdout.splitlines(), folder)
        report(register, "Febrl 4", febrl(), folder)


if __name__ == "__main__":
    main()
