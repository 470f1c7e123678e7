#!/usr/bin/env python3
"""Writes a synthetic download of Athena, to measure how long loading one takes.

    python3 tools/synthetic_vocabulary.py DIR [CONCEPTS [RELATIONSHIPS]]       # 10,000,000 each if nothing is said
    /usr/bin/time -v medweave --data ./data vocabulary load DIR

Names are words that mean nothing, in the lengths and frequencies of real ones; rows come in no order, as Athena's do. The same numbers
give the same files.
"""
import pathlib
import random
import sys

VOCABULARIES = ["SNOMED", "RxNorm", "ICD10CM", "LOINC", "NDC", "ICD9CM", "RxNorm Extension", "dm+d", "Read", "OPCS4"]
DOMAINS = ["Condition", "Drug", "Measurement", "Observation", "Procedure", "Device"]
SYLLABLES = ["ba", "cor", "den", "fi", "gra", "hal", "ion", "jen", "kli", "lor", "mus", "nep", "oma", "pri", "qui", "ros", "sten", "tro", "ul", "vex"]


def main():
    folder = pathlib.Path(sys.argv[1])
    concepts = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000_000
    relationships = int(sys.argv[3]) if len(sys.argv) > 3 else concepts
    folder.mkdir(parents=True, exist_ok=True)
    random.seed(20_250_830)
    words = ["".join(random.choices(SYLLABLES, k=random.choice([2, 2, 3, 3, 4]))) for _ in range(200_000)]
    common = words[:2_000]
    head = "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n"
    # Each number once, in no order: a step that has no factor in common with the number of concepts.
    step = 6_364_137
    while concepts % 3 == 0 and step % 3 == 0:
        step += 2
    with open(folder / "CONCEPT.csv", "w", encoding="utf-8") as file:
        file.write(head)
        for number in range(concepts):
            identity = number * step % concepts + 1
            name = " ".join([random.choice(common), random.choice(words), random.choice(common), random.choice(common), f"{number % 977} MG"])
            quote = '"' if number % 5_003 == 0 else ""
            vocabulary = VOCABULARIES[identity % 10]
            standard = "S" if identity % 10 < 2 else ""
            file.write(f"{identity}\t{name}{quote}\t{DOMAINS[identity % 6]}\t{vocabulary}\tClass\t{standard}\tC{identity}\t19700101\t20991231\t\n")
    with open(folder / "CONCEPT_RELATIONSHIP.csv", "w", encoding="utf-8") as file:
        file.write("concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason\n")
        for number in range(relationships):
            one = number * step % concepts + 1
            kind = "Maps to" if number % 3 == 0 else "Is a"
            other = one - one % 10 if number % 3 == 0 else random.randrange(concepts) + 1
            file.write(f"{one}\t{max(other, 1)}\t{kind}\t19700101\t20991231\t\n")
    with open(folder / "VOCABULARY.csv", "w", encoding="utf-8") as file:
        file.write("vocabulary_id\tvocabulary_name\tvocabulary_reference\tvocabulary_version\tvocabulary_concept_id\n")
        file.write("None\tOMOP Standardized Vocabularies\tOMOP generated\tv5.0 SYNTHETIC\t44819096\n")
        for at, name in enumerate(VOCABULARIES):
            file.write(f"{name}\t{name}\tsynthetic\t1\t{44819097 + at}\n")


if __name__ == "__main__":
    main()
