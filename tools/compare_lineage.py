#!/usr/bin/env python3
"""Checks where values are said to come from against the files that were delivered.

    compare_lineage.py DELIVERED MAPPING LINES [COUNT [SEED]]

DELIVERED is the folder of CSV files, MAPPING the mapping's folder (for its code and unit maps, encoding and spellings of nothing), LINES a
file with one JSON object a line: `resource` (FHIR), `lineage` (what `GET /api/lineage/TYPE/ID` said of it). COUNT random pairs of a
resource and an element are taken (1,000). Of each, every cell is read in the original file with Python's csv and must be the one that was
told. Then the element's SQL is calculated anew from the rows that the resource is said to be of, by SQLite, with the mapping's helper views and
with its functions written down here a second time, and must give what stands in the resource. What SQLite cannot calculate is counted apart
(only cells). Exit code 1 if anything is wrong.
"""
import csv
import datetime
import decimal
import gzip
import json
import pathlib
import random
import re
import sqlite3
import sys
import tomllib


class Delivered:
    """The files, read once each."""

    def __init__(self, folder, settings):
        self.folder, self.settings, self.files = pathlib.Path(folder), settings, {}
        self.nulls = settings.get("nulls", [""])

    def file(self, file):
        if file not in self.files:
            path = self.folder / file
            encoding = self.settings.get("encoding", "utf-8-sig")
            with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding=encoding, newline="") as text:
                first = text.readline()
                text.seek(0)
                rows = [row for row in csv.reader(text, delimiter="\t" if "\t" in first else ",") if row]
            self.files[file] = ([name.strip().lower() for name in rows[0]], rows[1:])
        return self.files[file]

    def row(self, file, number):
        """Column to cell; None for what stands for nothing."""
        names, rows = self.file(file)
        return {name: None if cell.strip() in self.nulls else cell for name, cell in zip(names, rows[number - 1])}


class Maps:
    """Code and unit maps of the mapping."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def lines(self, kind, name, source):
        with open(self.folder / kind / f"{name}.csv", encoding="utf-8-sig", newline="") as text:
            return [line for line in csv.DictReader(text) if folded(line["source"]) == folded(source)]


def folded(text):
    text = "".join(chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in text.strip()).replace("\u03bc", "\u00b5")
    return " ".join(text.split()).casefold().replace("×", "").replace("10⁹", "10^9").replace("10*9", "10^9")


def moment(text):
    """Its numbers: year, month, day, hour, minute, second as far as they are there; nothing of zones and fractions."""
    if text is None:
        return None
    text = re.sub(r"(Z|[+-]\d\d:?\d\d)$", "", str(text).strip())
    date = re.match(r"(\d{4})(?:[-/年](\d{1,2})(?:[-/月](\d{1,2})日?)?)?$|(\d{4})(\d\d)(\d\d)$", re.split(r"[T ]", text)[0])
    if not date:
        return None
    numbers = [int(part) for part in date.groups() if part]
    time = re.search(r"[T ](\d{1,2}):(\d\d)(?::(\d\d))?", text)
    return numbers + ([int(part or 0) for part in time.groups()] if time else [])


class Functions:
    """The mapping functions: each gives JSON that says what must be found."""

    def __init__(self, maps):
        self.maps = maps

    def code(self, name, value, display=None):
        if value is None:
            return None
        if ":" in name:
            return json.dumps({"kind": "code", "codes": [value], "source": value})
        lines = self.maps.lines("codes", name, value)
        return json.dumps({"kind": "code", "codes": [line["code"] for line in lines if line["code"]], "source": value})

    def unit(self, name, value):
        if value is None:
            return None
        lines = [{"ucum": value}] if name == "ucum" else self.maps.lines("units", name, value)
        return json.dumps({"kind": "unit", "ucum": (lines[0]["ucum"] or None) if lines else None, "text": value})

    def quantity(self, value, unit=None):
        if str(value).startswith("{"):
            value = json.loads(value)["value"]
        value = value and folded(str(value)).replace("≤", "<=").replace("≥", ">=")
        found = value and re.fullmatch(r"(<=|>=|<|>)?\s*([+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)", value)
        if not found:
            return None
        return json.dumps({"kind": "quantity", "value": found[2], "comparator": found[1], "unit": unit and json.loads(unit)["ucum"] if str(unit).startswith("{") else None})

    def range(self, value, unit=None):
        # The plain ones; what is written otherwise is held to its cells alone.
        found = value and re.fullmatch(r"(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)", folded(str(value)))
        if not found or decimal.Decimal(found[1]) > decimal.Decimal(found[2]):
            return None
        return json.dumps({"kind": "range", "low": found[1], "high": found[2], "unit": unit and json.loads(unit)["ucum"]})

    def number(self, value):
        return None if value is None else json.dumps({"kind": "number", "value": str(value).strip()})

    def date(self, value, *_):
        numbers = moment(value)
        return numbers and json.dumps({"kind": "moment", "numbers": numbers[:3]})

    def instant(self, value, *_):
        numbers = moment(value)
        return numbers and json.dumps({"kind": "moment", "numbers": numbers})

    def at_offset(self, minutes, anchor):
        if minutes is None or anchor is None:
            return None
        base = json.loads(anchor)["numbers"] if str(anchor).startswith("{") else moment(anchor)
        at = datetime.datetime(*base) + datetime.timedelta(minutes=float(minutes))
        return json.dumps({"kind": "moment", "numbers": [at.year, at.month, at.day, at.hour, at.minute, at.second]})

    def period(self, start, end):
        read = lambda text: (json.loads(text)["numbers"] if str(text).startswith("{") else moment(text)) if text else None
        start, end = read(start), read(end)
        if start and end and end < start:
            end = None
        return json.dumps({"kind": "period", "start": start, "end": end}) if start or end else None

    def identifier(self, system, value, *_):
        return None if value is None else json.dumps({"kind": "identifier", "value": folded_digits(value)})

    def parts(self, *texts):
        texts = [text.strip() for text in texts if text and text.strip()]
        return json.dumps({"kind": "parts", "texts": texts}) if texts else None

    def text(self, value):
        return None if value is None or not str(value).strip() else json.dumps({"kind": "text", "value": str(value).strip()})

    def ref(self, target, *keys):
        return None if None in keys else json.dumps({"kind": "ref"})


def folded_digits(text):
    return "".join(chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in str(text).strip())


def try_number(text):
    try:
        return float(text) if "." in text else int(text)
    except (TypeError, ValueError):
        return None


def database(maps):
    functions, base = Functions(maps), sqlite3.connect(":memory:")
    for name in ("code", "unit", "quantity", "range", "number", "date", "instant", "at_offset", "period", "identifier", "text", "ref"):
        base.create_function(name, -1, getattr(functions, name), deterministic=True)
    for name in ("name", "address"):
        base.create_function(name, -1, functions.parts)
    base.create_function("split_part", 3, lambda text, by, n: None if text is None else (text.split(by) + [""] * 99)[n - 1])
    base.create_function("regexp_replace", 3, lambda text, what, by: None if text is None else re.sub(what, by, text, count=1))
    base.create_function("regexp_like", 2, lambda text, what: None if text is None else bool(re.search(what, text)))
    base.create_function("translate", 3, lambda text, what, by: None if text is None else text.translate(dict(zip(map(ord, what), by))))
    base.create_function("concat_ws", -1, lambda by, *texts: by.join(text for text in texts if text is not None))
    base.create_function("try_number", 1, try_number)
    base.execute("PRAGMA case_sensitive_like = ON")
    base.create_function("lpad", 3, lambda text, n, by: None if text is None else str(text).rjust(n, by))
    return base


def found_in(resource, path):
    """All values at a path as in JSON, whatever their index."""
    steps = [re.sub(r"\[\d*\]$", "", step) for step in re.findall(r"[A-Za-z]+\('[^']*'\)(?:\[\d*\])?|[^.]+", path)]
    held = [resource]
    for step in steps:
        extension = re.fullmatch(r"(\w+)\('([^']*)'\)", step)
        name = extension[1] if extension else step
        # A choice whose type only the value tells is named without it.
        keys = [(one, key) for one in held if isinstance(one, dict) for key in one
                if key == name or (name not in one and re.fullmatch(re.escape(name) + "[A-Z][A-Za-z]*", key) and not extension)]
        below = [value for one, key in keys for value in (one[key] if isinstance(one[key], list) else [one[key]])]
        held = [value for value in below if not extension or value.get("url") == extension[2]]
    return held


def texts_in(value):
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts_in(part)]
    return [text for part in value for text in texts_in(part)] if isinstance(value, list) else [str(value)]


def agrees(expected, value):
    """Whether a value of a resource is what the calculation gave."""
    if not (isinstance(expected, str) and expected.startswith('{"kind"')):
        plain = {1: ("1", "true", "True"), 0: ("0", "false", "False")}.get(expected, (str(expected).strip(),))
        return str(value) in plain or (isinstance(expected, str) and moment(expected) is not None and moment(expected) == moment(value))
    told = json.loads(expected)
    match told["kind"]:
        case "code":
            codings = value.get("coding", [value]) if isinstance(value, dict) else [{"code": value}]
            here = [coding.get("code") for coding in codings]
            spaced = " ".join(told["source"].split())
            if isinstance(value, dict) and "coding" in value:
                return all(code in here for code in told["codes"]) and (spaced in here or bool(told["codes"]))
            return here[0] in told["codes"] or (not told["codes"] and here[0] == spaced)
        case "quantity":
            return (decimal.Decimal(str(value.get("value"))) == decimal.Decimal(told["value"]) and value.get("comparator") == told["comparator"]
                    and (told["unit"] is None or value.get("code") == told["unit"]))
        case "range":
            ends = [(value.get(end) or {}, told[end]) for end in ("low", "high")]
            return all(decimal.Decimal(str(here.get("value", "NaN"))) == decimal.Decimal(wanted) and (told["unit"] is None or here.get("code") == told["unit"])
                       for here, wanted in ends)
        case "number":
            return decimal.Decimal(str(value)) == decimal.Decimal(told["value"])
        case "moment":
            return moment(value) == told["numbers"]
        case "period":
            return moment(value.get("start")) == told["start"] and moment(value.get("end")) == told["end"]
        case "identifier":
            return value.get("value") == told["value"]
        case "parts":
            here = texts_in(value)
            return all(line.strip() in here for text in told["texts"] for line in text.splitlines())
        case "text":
            return value == told["value"] or (isinstance(value, dict) and value.get("text") == told["value"])
        case "ref":
            return bool(value.get("reference"))
    return False


def plain(sql):
    """SQL without comments, in the words of SQLite."""
    sql = re.sub(r"(?m)--.*$", "", sql)
    return re.sub(r"try_cast\(([^()]*(?:\([^()]*\))?[^()]*) AS \w+\)", r"try_number(\1)", sql)


class Rows:
    """The rows of one resource as a database with the mapping's views."""

    def __init__(self, folder, settings, maps, delivered, lineage):
        self.base, self.folder = database(maps), folder
        rows = {}
        for element in lineage["elements"]:
            for cell in element["cells"]:
                rows.setdefault(cell["table"].lower(), {})[cell["file"], int(cell["number"])] = None
        for name, table in settings["tables"].items():
            names = [column.lower() for column in table.get("uses", []) + table.get("optional_columns", []) + table.get("key", [])]
            held = [delivered.row(*place) for place in rows.get(name.lower(), {})]
            names = list(dict.fromkeys(names + [column for row in held for column in row]))
            self.base.execute(f'CREATE TABLE "{name}" ({", ".join(chr(34) + column + chr(34) + " TEXT" for column in names)})')
            for row in held:
                self.base.execute(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(names))})', [row.get(column) for column in names])
        for view in sorted((folder / "views").glob("*.sql")):
            self.base.execute(f'CREATE VIEW "{view.stem}" AS {plain(view.read_text(encoding="utf-8"))}')

    def calculated(self, element):
        """What the element's SQL gives for each of the rows; `...` if SQLite cannot say."""
        query = plain((self.folder / element["file"]).read_text(encoding="utf-8"))
        rest = query[re.search(r"(?m)^FROM ", query).start():]
        try:
            return [row[0] for row in self.base.execute(f"SELECT {plain(element['sql'])} {rest}")]
        except sqlite3.Error:
            return ...


def main():
    if len(sys.argv) not in (4, 5, 6):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[2])
    settings = tomllib.loads((folder / "mapping.toml").read_text(encoding="utf-8"))
    delivered, maps, pairs = Delivered(sys.argv[1], settings), Maps(folder), []
    for line in pathlib.Path(sys.argv[3]).read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        told["resource"] = json.loads(line, parse_float=str, parse_int=str)["resource"]
        pairs += [(told, element) for element in told["lineage"]["elements"] if element["cells"]]
    random.Random(sys.argv[5] if len(sys.argv) == 6 else "medweave").shuffle(pairs)
    pairs = pairs[:int(sys.argv[4]) if len(sys.argv) > 4 else 1000]
    cells_right = values_right = only_cells = cells = 0
    wrong = []
    for told, element in pairs:
        resource, good = told["resource"], True
        place = f"{resource['resourceType']}/{resource['id']} {element['element']}"
        for cell in element["cells"]:
            cells += 1
            # A column that a mapping may lack is nothing where it is not there.
            there = delivered.row(cell["file"], int(cell["number"])).get(cell["column"].lower())
            told_cell = cell["cell"] if cell["cell"] is not None and cell["cell"].strip() not in delivered.nulls else None
            if there != told_cell:
                good = False
                wrong.append(f"{place}: {cell} is {there!r} in the file")
        cells_right += good
        values = found_in(resource, element["element"])
        results = Rows(folder, settings, maps, delivered, told["lineage"]).calculated(element)
        if results is ... or not results:
            only_cells += 1
        elif all(any(agrees(result, value) for value in values) for result in results if result is not None):
            values_right += 1
        else:
            wrong.append(f"{place}: {element['sql']} gives {results}, found {values}")
    print(f"{len(pairs)} elements, {cells} cells: cells right {cells_right}, values right {values_right}, only cells {only_cells}, wrong {len(wrong)}")
    for line in wrong[:10]:
        print("   ", line)
    sys.exit(1 if wrong or not pairs else 0)


if __name__ == "__main__":
    main()
