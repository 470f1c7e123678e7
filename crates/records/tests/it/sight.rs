//! What limited scopes show, against a reading of the same scopes that knows neither grants nor the index: whatever is asked, the answer
//! is that of a store which holds nothing else.
//!
//! `MEDWEAVE_REQUESTS` says how many requests each scope makes, `MEDWEAVE_SEED` where they begin.

use crate::house::{Change, House, everything};
use crate::model::All;
use access::{Grant, Principal, PrincipalKind};
use fhir::json::{Document, Node};
use fhir::schema::r4;
use fhir::search::matches::matches;
use fhir::search::{Handling, ParseOptions, SearchError, SearchQuery};
use records::{
    Error, Everything, HistoryOf, HistoryQuery, IfEqual, LastN, LimitPlace, SearchPage, planted, query_pairs,
};
use std::collections::{BTreeMap, BTreeSet};

type Key = (String, String);
/// Codes that are one, and when and which observations have them.
type Group = (BTreeSet<String>, Vec<(String, Key)>);
type Texts = BTreeMap<Key, String>;
type Documents<'t> = BTreeMap<Key, Document<'t>>;

/// Scopes with the patient that they are about, each limited in its own way.
const SCOPES: [(&str, &str); 7] = [
    ("patient/*.cruds", "p1"),
    ("patient/*.rs", "p2"),
    ("patient/Observation.rs patient/Patient.rs patient/Encounter.s patient/Practitioner.r", "p1"),
    ("patient/Observation.cruds?category=laboratory patient/Patient.r", "p3"),
    (
        "system/Observation.rs?status=final&code=http://loinc.org|718-7 system/Patient.rs?gender=female system/Encounter.rs",
        "",
    ),
    ("system/*.rs?_security:not=R", ""),
    ("patient/*.rs?_security:not=R system/Observation.cud?category=vital-signs system/Organization.rs", "p1"),
];

const PEOPLE: u64 = 5;

/// xorshift64*: the same numbers from the same seed.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % bound
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len() as u64) as usize]
    }

    fn chance(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}

const TYPES: [&str; 11] = [
    "Patient",
    "Observation",
    "Encounter",
    "Condition",
    "MedicationRequest",
    "AllergyIntolerance",
    "Group",
    "RelatedPerson",
    "Practitioner",
    "Organization",
    "Medication",
];

/// How many ids of a type there are.
fn ids_of(resource_type: &str) -> u64 {
    match resource_type {
        "Patient" => PEOPLE,
        "Observation" => 14,
        "Organization" | "Medication" | "Group" => 3,
        _ => 5,
    }
}

fn id_of(resource_type: &str, no: u64) -> String {
    let letters: String = resource_type.chars().filter(char::is_ascii_uppercase).collect::<String>().to_lowercase();
    match resource_type {
        "Practitioner" => format!("dr{no}"),
        "MedicationRequest" => format!("rx{no}"),
        _ => format!("{letters}{no}"),
    }
}

/// A resource that refers to others at random.
fn resource(dice: &mut Dice, resource_type: &str) -> String {
    let id = id_of(resource_type, dice.below(ids_of(resource_type)));
    let person = format!("Patient/p{}", dice.below(PEOPLE));
    let doctor = format!("Practitioner/dr{}", dice.below(5));
    let house = format!("Organization/o{}", dice.below(3));
    let security = if dice.chance(4) { r#","meta":{"security":[{"code":"R"}]}"# } else { "" };
    let head = format!(r#""resourceType":"{resource_type}","id":"{id}"{security}"#);
    let subject = format!(r#""subject":{{"reference":"{person}"}}"#);
    let body = match resource_type {
        "Patient" => format!(
            r#""gender":"{}","name":[{{"family":"{}"}}],"generalPractitioner":[{{"reference":"{doctor}"}}],"managingOrganization":{{"reference":"{house}"}}"#,
            dice.of(&["female", "male"]),
            dice.of(&["Lee", "Lund", "Ito"])
        ),
        "Observation" => format!(
            r#""status":"{}","category":[{{"coding":[{{"code":"{}"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"{}"}}{}]}},{subject},"encounter":{{"reference":"Encounter/e{}"}},"performer":[{{"reference":"{}"}}],"effectiveDateTime":"20{}","valueQuantity":{{"value":{}}}"#,
            dice.of(&["final", "amended"]),
            dice.of(&["laboratory", "vital-signs"]),
            dice.of(&["718-7", "4548-4"]),
            if dice.chance(5) { r#",{"system":"http://loinc.org","code":"718-7"}"# } else { "" },
            dice.below(5),
            if dice.chance(6) { format!("Patient/p{}", dice.below(PEOPLE)) } else { doctor },
            dice.of(&["19", "20", "21"]),
            dice.below(9)
        ),
        "Encounter" => format!(
            r#""status":"finished","class":{{"code":"IMP"}},{subject},"serviceProvider":{{"reference":"{house}"}},"participant":[{{"individual":{{"reference":"{doctor}"}}}}]"#
        ),
        "Condition" => {
            format!(
                r#""code":{{"text":"x"}},{subject},"asserter":{{"reference":"{doctor}"}},"encounter":{{"reference":"Encounter/e{}"}}"#,
                dice.below(5)
            )
        }
        "MedicationRequest" => format!(
            r#""status":"active","intent":"order","medicationReference":{{"reference":"Medication/m{}"}},{subject},"requester":{{"reference":"{doctor}"}}"#,
            dice.below(3)
        ),
        "AllergyIntolerance" => {
            format!(r#""patient":{{"reference":"{person}"}},"recorder":{{"reference":"{doctor}"}}"#)
        }
        "Group" => format!(
            r#""type":"person","actual":true,"member":[{{"entity":{{"reference":"{person}"}}}},{{"entity":{{"reference":"Patient/p{}"}}}}]"#,
            dice.below(PEOPLE)
        ),
        "RelatedPerson" => format!(r#""patient":{{"reference":"{person}"}}"#),
        "Practitioner" => format!(r#""name":[{{"family":"{}"}}]"#, dice.of(&["Stone", "Reed"])),
        "Organization" => format!(r#""name":"{}","partOf":{{"reference":"{house}"}}"#, dice.of(&["North", "South"])),
        _ => format!(
            r#""code":{{"coding":[{{"code":"{}"}}]}},"manufacturer":{{"reference":"{house}"}}"#,
            dice.of(&["a", "b"])
        ),
    };
    format!("{{{head},{body}}}")
}

/// A search as a curious holder of a token would send it: round every corner.
fn search(dice: &mut Dice) -> (&'static str, String) {
    const CRITERIA: [(&str, &[&str]); 8] = [
        (
            "Observation",
            &[
                "code=718-7",
                "status:not=final",
                "category=laboratory",
                "date=ge2020",
                "value-quantity=lt5",
                "subject=Patient/p1",
                "patient=p2",
                "performer=Practitioner/dr1",
                "patient.gender=female",
                "subject:Patient.family=lee",
                "encounter.service-provider=Organization/o1",
                "patient.organization.name=north",
                "performer:missing=false",
                "_security=R",
                "encounter:missing=true",
                "patient.general-practitioner.family=stone",
                "code-value-quantity=http://loinc.org|718-7$lt5",
                "encounter.service-provider:below=Organization/o1",
            ],
        ),
        (
            "Patient",
            &[
                "gender=female",
                "family=l",
                "organization=Organization/o1",
                "organization.name=south",
                "general-practitioner.family=reed",
                "_has:Observation:patient:code=718-7",
                "_has:Condition:subject:encounter.service-provider=Organization/o2",
                "_has:Group:member:type=person",
                "_id=p1,p2",
                "gender:not=male",
            ],
        ),
        (
            "Encounter",
            &[
                "patient=p1",
                "patient.gender=male",
                "service-provider.name=north",
                "_has:Observation:encounter:status=final",
            ],
        ),
        ("Condition", &["patient=p1", "encounter.participant.family=stone", "asserter:missing=false"]),
        ("MedicationRequest", &["patient=p2", "medication.code=a", "subject:Patient.gender=female"]),
        (
            "Practitioner",
            &[
                "family=stone",
                "_has:Observation:performer:code=718-7",
                "_has:Encounter:participant:patient=p1",
                "_id=dr1,dr2,dr3",
            ],
        ),
        (
            "Organization",
            &[
                "name=north",
                "partof.name=north",
                "_has:Patient:organization:gender=female",
                "partof:below=Organization/o1",
                "partof:above=Organization/o2",
            ],
        ),
        ("Group", &["member=Patient/p1", "type=person"]),
    ];
    let (of, criteria) = &CRITERIA[dice.below(CRITERIA.len() as u64) as usize];
    let mut parts: Vec<&str> = (0..dice.below(3)).map(|_| dice.of(criteria)).collect();
    parts.sort_unstable();
    parts.dedup();
    (of, parts.join("&"))
}

const INCLUDES: [(&str, &str); 9] = [
    ("Observation", "_include=Observation:subject"),
    ("Observation", "_include=Observation:performer"),
    ("Observation", "_include=Observation:encounter"),
    ("Patient", "_include=Patient:organization"),
    ("Patient", "_revinclude=Observation:patient"),
    ("Patient", "_revinclude=Group:member"),
    ("Encounter", "_revinclude=Condition:encounter"),
    ("Practitioner", "_revinclude=Encounter:practitioner"),
    ("Organization", "_revinclude=Patient:organization"),
];

fn parsed(of: &str, text: &str) -> Result<SearchQuery, SearchError> {
    let options = ParseOptions { handling: Handling::Strict, ..ParseOptions::default() };
    SearchQuery::parse(of, query_pairs(text), &options)
}

fn parse(of: &str, text: &str) -> SearchQuery {
    parsed(of, text).unwrap_or_else(|error| panic!("{of}?{text}: {error}"))
}

fn key(node: Node<'_>) -> Key {
    let text = |name: &str| node.get(name).and_then(Node::as_str).unwrap_or_default().into_owned();
    (text("resourceType"), text("id"))
}

/// The scopes, read by their letters.
struct Reader {
    scopes: Vec<(bool, String, String, String)>,
    patient: String,
}

impl Reader {
    fn new(scopes: &str, patient: &str) -> Reader {
        let read = |scope: &str| {
            let (context, rest) = scope.split_once('/').unwrap();
            let (of, rest) = rest.split_once('.').unwrap();
            let (rights, filter) = rest.split_once('?').unwrap_or((rest, ""));
            (context == "patient", of.to_owned(), rights.to_owned(), filter.to_owned())
        };
        Reader { scopes: scopes.split(' ').map(read).collect(), patient: patient.to_owned() }
    }

    fn is_held(&self, right: char, of: &str) -> bool {
        self.scopes.iter().any(|(_, types, rights, _)| (types == "*" || types == of) && rights.contains(right))
    }

    /// Whether the resource is reached with this right, everything else being as in `all`.
    fn reaches(&self, right: char, node: Node<'_>, all: &Documents<'_>) -> bool {
        let (of, id) = key(node);
        self.scopes.iter().any(|(is_of_patient, types, rights, filter)| {
            (types == "*" || *types == of)
                && rights.contains(right)
                && (filter.is_empty() || matches(&parse(&of, filter), node, &All(all)))
                && (!is_of_patient || self.is_of_patient(right, (&of, &id), node, all))
        })
    }

    fn is_of_patient(&self, right: char, (of, id): (&str, &str), node: Node<'_>, all: &Documents<'_>) -> bool {
        if of == "Patient" {
            return id == self.patient;
        }
        if of == "Group" {
            return false;
        }
        if !fhir::compartment::patient(of).is_empty() {
            let others = (0..PEOPLE).map(|no| format!("p{no}")).filter(|id| *id != self.patient);
            let is_sole = || !others.into_iter().any(|other| is_in_compartment(of, node, &other, all));
            return is_in_compartment(of, node, &self.patient, all) && ("rs".contains(right) || is_sole());
        }
        if !["Practitioner", "Organization", "Medication"].contains(&of) {
            return false;
        }
        // What of the patient's is seen leads on to it.
        let mine = all.iter().filter(|((of, id), document)| {
            let is_mine =
                (of == "Patient" && *id == self.patient) || is_in_compartment(of, document.root(), &self.patient, all);
            is_mine && self.reaches(right, document.root(), all)
        });
        let told = format!(r#"{{"reference":"{of}/{id}""#);
        "rs".contains(right)
            && mine.into_iter().any(|(_, document)| document.root().raw().replace(' ', "").contains(&told))
    }

    fn seen<'t>(&self, right: char, texts: &'t Texts, all: &Documents<'_>) -> Documents<'t> {
        let reached = texts.iter().filter(|(key, _)| self.reaches(right, all[*key].root(), all));
        reached.map(|(key, text)| (key.clone(), Document::parse(text.as_bytes()).unwrap())).collect()
    }
}

fn is_in_compartment(of: &str, node: Node<'_>, patient: &str, all: &Documents<'_>) -> bool {
    fhir::compartment::patient(of)
        .iter()
        .any(|code| matches(&parse(of, &format!("{code}=Patient/{patient}")), node, &All(all)))
}

/// A store, what ought to be in it, and the versions that each resource had.
struct Ward {
    house: House,
    texts: Texts,
    /// Texts of all versions, oldest first; `None` for a deletion.
    versions: BTreeMap<Key, Vec<Option<String>>>,
}

impl Ward {
    fn new(dice: &mut Dice) -> Ward {
        let mut ward = Ward { house: House::new(), texts: Texts::new(), versions: BTreeMap::new() };
        for no in 0..PEOPLE {
            let text = resource(dice, "Patient");
            let id = key(Document::parse(text.as_bytes()).unwrap().root()).1;
            ward.put(&everything(), &text.replace(&format!(r#""id":"{id}""#), &format!(r#""id":"p{no}""#))).unwrap();
        }
        for _ in 0..70 {
            let of = dice.of(&TYPES[1..]);
            ward.put(&everything(), &resource(dice, of)).unwrap();
        }
        for _ in 0..3 {
            let of = dice.of(&["Observation", "Condition"]);
            let id = id_of(of, dice.below(ids_of(of)));
            let _ = ward.delete(&everything(), of, &id);
        }
        ward
    }

    fn put(&mut self, grant: &Grant, text: &str) -> Result<(), Error> {
        let outcome = self.house.put_as(grant, text, None, IfEqual::NewVersion)?;
        let of = r4().name(outcome.resource_type).to_owned();
        let stored = self.house.records.read_version(&everything(), &of, &outcome.id, outcome.version).unwrap();
        self.versions.entry((of.clone(), outcome.id.clone())).or_default().push(Some(stored.json.clone()));
        self.texts.insert((of, outcome.id), stored.json);
        Ok(())
    }

    fn delete(&mut self, grant: &Grant, of: &str, id: &str) -> Result<(), Error> {
        let change = Change::Delete { resource_type: of.to_owned(), id: id.to_owned() };
        self.house.write(grant, vec![change])?;
        if self.texts.remove(&(of.to_owned(), id.to_owned())).is_some() {
            self.versions.entry((of.to_owned(), id.to_owned())).or_default().push(None);
        }
        Ok(())
    }
}

fn named<'s>(stored: impl IntoIterator<Item = &'s records::Stored>) -> BTreeSet<Key> {
    stored.into_iter().map(|stored| (r4().name(stored.resource_type).to_owned(), stored.id.clone())).collect()
}

/// What was asked and how the answer differs; `None` if it does not.
type Difference = Option<String>;

fn differs<T: PartialEq + std::fmt::Debug>(asked: &str, got: &T, expected: &T) -> Difference {
    (got != expected).then(|| format!("{asked}: {got:?} instead of {expected:?}"))
}

/// Types that the criteria of a search look at, by their names in the text.
fn looked_at(query: &SearchQuery) -> BTreeSet<&'static str> {
    fn within(test: &fhir::search::Test, out: &mut BTreeSet<&'static str>) {
        match test {
            fhir::search::Test::Chain { targets, .. } => {
                for (of, filter) in targets {
                    out.insert(r4().name(*of));
                    within(&filter.test, out);
                }
            }
            fhir::search::Test::Has { source, filter, .. } => {
                out.insert(r4().name(*source));
                within(&filter.test, out);
            }
            fhir::search::Test::PartOf { any_of, .. } => {
                out.extend(any_of.iter().flat_map(|(types, _)| types).map(|of| r4().name(*of)));
            }
            _ => {}
        }
    }
    let mut out = BTreeSet::from([r4().name(query.resource_type)]);
    query.filters.iter().for_each(|filter| within(&filter.test, &mut out));
    out
}

struct Curious<'w> {
    ward: &'w mut Ward,
    grant: Grant,
    reader: Reader,
}

impl Curious<'_> {
    fn pages(&self, of: &str, text: &str) -> Result<Vec<SearchPage>, Error> {
        let mut pages = vec![self.ward.house.records.search(&self.grant, &parse(of, text))?];
        while let Some(next) = pages.last().and_then(|page| page.next.clone()) {
            pages.push(self.ward.house.records.search(&self.grant, &parse(of, &format!("{text}&_page={next}")))?);
        }
        Ok(pages)
    }

    fn searches(&self, dice: &mut Dice) -> Difference {
        let (of, mut text) = search(dice);
        let include =
            INCLUDES.iter().filter(|(source, _)| *source == of).map(|(_, include)| *include).collect::<Vec<_>>();
        let include = if include.is_empty() || dice.chance(2) { "" } else { dice.of(&include) };
        for more in [dice.of(&["", "_sort=_id", "_sort=-_lastUpdated"]), dice.of(&["_count=2", "_count=50"]), include] {
            if !more.is_empty() {
                text = format!("{text}&{more}");
            }
        }
        let query = parse(of, &text);
        let asked = format!("{of}?{text}");
        let all = documents(&self.ward.texts);
        let found = self.pages(of, &text);
        if looked_at(&query).iter().any(|of| !self.reader.is_held('s', of)) {
            return (!matches!(found, Err(Error::Denied(_)))).then(|| format!("{asked}: not denied"));
        }
        let found = match found {
            Ok(found) => found,
            Err(error) => return Some(format!("{asked}: {error}")),
        };
        let seen = self.reader.seen('s', &self.ward.texts, &all);
        let expected: BTreeSet<Key> =
            seen.iter().filter(|(_, d)| matches(&query, d.root(), &All(&seen))).map(|(key, _)| key.clone()).collect();
        let got = named(found.iter().flat_map(|page| &page.matches));
        let total = self.ward.house.records.search(&self.grant, &parse(of, &format!("{text}&_summary=count")));
        let total = total.unwrap().total.unwrap_or_default() as usize;
        let readable = self.reader.seen('r', &self.ward.texts, &all);
        differs(&asked, &got, &expected)
            .or_else(|| differs(&format!("{asked} counted"), &total, &expected.len()))
            .or_else(|| found.iter().find_map(|page| included(&asked, include, page, &readable, &all)))
    }

    fn reads(&self, dice: &mut Dice) -> Difference {
        let of = dice.of(&TYPES);
        let id = id_of(of, dice.below(ids_of(of)));
        let asked = format!("{of}/{id}");
        let all = documents(&self.ward.texts);
        let records = &self.ward.house.records;
        let key = (of.to_owned(), id.clone());
        let is_held = self.reader.is_held('r', of);
        let is_seen = all.get(&key).is_some_and(|document| self.reader.reaches('r', document.root(), &all));
        let how = |result: Result<(), Error>| match result {
            Ok(()) => "shown",
            Err(Error::Denied(_)) => "denied",
            Err(Error::NotFound { .. }) => "unknown",
            Err(Error::Gone { .. }) => "gone",
            Err(_) => "broken",
        };
        let versions = self.ward.versions.get(&key).map_or(&[][..], Vec::as_slice);
        // A deletion is seen by who saw what it took away.
        let text_of =
            |no: usize| versions[no].as_ref().or_else(|| no.checked_sub(1).and_then(|no| versions[no].as_ref()));
        let seen: Vec<bool> = (0..versions.len())
            .map(|no| {
                text_of(no).is_some_and(|text| {
                    self.reader.reaches('r', Document::parse(text.as_bytes()).unwrap().root(), &all)
                })
            })
            .collect();
        let last_is_deletion = versions.last().is_some_and(Option::is_none);
        let expected = match (is_held, is_seen, last_is_deletion && seen.last() == Some(&true)) {
            (false, ..) => "denied",
            (_, true, _) => "shown",
            (_, _, true) => "gone",
            _ => "unknown",
        };
        let got = how(records.read(&self.grant, of, &id).map(drop));
        let source = how(records.source(&self.grant, of, &id, None).map(drop));
        let expected_source = if expected == "gone" { "shown" } else { expected };
        let history = records.history(
            &self.grant,
            HistoryOf::Resource(of, &id),
            &HistoryQuery { count: 5_000, ..HistoryQuery::default() },
        );
        let history = match history {
            Ok(page) => page.versions.iter().map(|stored| stored.version as usize).collect(),
            Err(Error::Denied(_) | Error::NotFound { .. }) => Vec::new(),
            Err(error) => return Some(format!("{asked}/_history: {error}")),
        };
        let told: Vec<usize> = (1..=versions.len()).rev().filter(|no| is_held && seen[no - 1]).collect();
        let one = dice.below(versions.len() as u64 + 1) as usize;
        let read_one = how(records.read_version(&self.grant, of, &id, one as i64).map(drop));
        let expected_one = match (is_held, one > 0 && seen[one - 1]) {
            (false, _) => "denied",
            (_, false) => "unknown",
            (_, true) if versions[one - 1].is_none() => "gone",
            _ => "shown",
        };
        differs(&asked, &got, &expected)
            .or_else(|| differs(&format!("{asked}/$source"), &source, &expected_source))
            .or_else(|| differs(&format!("{asked}/_history"), &history, &told))
            .or_else(|| differs(&format!("{asked}/_history/{one}"), &read_one, &expected_one))
            .or_else(|| {
                let bytes = records.source_bytes(&self.grant, of, &id, None);
                let held = Grant::may(&self.grant, access::Permission::Read, of).is_ok();
                (bytes.is_ok() && !held).then(|| format!("{asked}/$source?_bytes=1: shown"))
            })
    }

    fn everything(&self, dice: &mut Dice) -> Difference {
        let id = format!("p{}", dice.below(PEOPLE));
        let asked = format!("Patient/{id}/$everything");
        let all = documents(&self.ward.texts);
        let page = self.ward.house.records.everything(&self.grant, &id, &Everything::default());
        let patient = all[&("Patient".to_owned(), id.clone())].root();
        if !self.reader.is_held('s', "Patient") || !self.reader.reaches('r', patient, &all) {
            return page.is_ok().then(|| format!("{asked}: not refused"));
        }
        let mut expected: BTreeSet<Key> = all
            .iter()
            .filter(|((of, own), d)| (of == "Patient" && *own == id) || is_in_compartment(of, d.root(), &id, &all))
            .map(|(key, _)| key.clone())
            .collect();
        // A medication is told of by what is seen.
        let seen = expected.iter().filter(|key| self.reader.reaches('r', all[*key].root(), &all));
        let told: Vec<String> = seen.map(|key| all[key].root().raw().replace(' ', "")).collect();
        expected.extend(
            all.keys()
                .filter(|(of, id)| {
                    of == "Medication"
                        && told.iter().any(|text| text.contains(&format!(r#""reference":"Medication/{id}""#)))
                })
                .cloned(),
        );
        expected.retain(|key| self.reader.reaches('r', all[key].root(), &all));
        match page {
            Ok(page) => differs(&asked, &named(&page.matches), &expected),
            Err(error) => Some(format!("{asked}: {error}")),
        }
    }

    /// The last of each code, of those that are seen alone.
    fn lasts(&self, dice: &mut Dice) -> Difference {
        let max = 1 + dice.below(3) as usize;
        let whose = dice.of(&["patient=p1", "patient=p2", "subject=Patient/p1,Patient/p2,Patient/p3"]);
        let which = dice.of(&["category=laboratory", "code=718-7", "code=718-7,4548-4", "category:missing=false"]);
        let text = format!("{whose}&{which}");
        let asked = format!("Observation/$lastn?max={max}&{text}");
        let query = parse("Observation", &text);
        let all = documents(&self.ward.texts);
        let found = self.ward.house.records.last_n(&self.grant, &LastN { query: query.clone(), max });
        if !self.reader.is_held('s', "Observation") {
            return (!matches!(found, Err(Error::Denied(_)))).then(|| format!("{asked}: not denied"));
        }
        let found = match found {
            Ok(found) => found,
            Err(error) => return Some(format!("{asked}: {error}")),
        };
        let seen = self.reader.seen('s', &self.ward.texts, &all);
        let mut groups: Vec<Group> = Vec::new();
        for (key, document) in
            seen.iter().filter(|((of, _), d)| of == "Observation" && matches(&query, d.root(), &All(&seen)))
        {
            let root = document.root();
            let codings = root.path(&["code", "coding"]).into_iter().flat_map(Node::each);
            let codes = codings.filter_map(|coding| coding.get("code")?.as_str().map(String::from)).collect();
            let year = root.get("effectiveDateTime").and_then(Node::as_str).unwrap_or_default().into_owned();
            let mut joined: Group = (codes, vec![(year, key.clone())]);
            let (same, others) = groups.into_iter().partition(|(codes, _)| !codes.is_disjoint(&joined.0));
            groups = others;
            let same: Vec<Group> = same;
            for (codes, members) in same {
                joined.0.extend(codes);
                joined.1.extend(members);
            }
            groups.push(joined);
        }
        let mut expected = BTreeSet::new();
        for (_, mut members) in groups {
            members.sort_by(|a, b| b.0.cmp(&a.0));
            let last = members[max.min(members.len()) - 1].0.clone();
            expected.extend(members.into_iter().filter(|(year, _)| *year >= last).map(|(_, key)| key));
        }
        differs(&asked, &named(&found.matches), &expected)
            .or_else(|| differs(&format!("{asked} counted"), &found.total, &Some(expected.len() as u64)))
    }

    fn writes(&mut self, dice: &mut Dice) -> Difference {
        let of = dice.of(&TYPES[1..]);
        let deletes = dice.chance(3);
        let (before, asked, allowed, did) = if deletes {
            let id = id_of(of, dice.below(ids_of(of)));
            let all = documents(&self.ward.texts);
            let before = all.get(&(of.to_owned(), id.clone())).map(|d| self.reader.reaches('d', d.root(), &all));
            drop(all);
            let grant = self.grant.clone();
            let did = self.ward.delete(&grant, of, &id);
            (before.is_some(), format!("DELETE {of}/{id}"), before == Some(true), did)
        } else {
            let text = resource(dice, of);
            let document = Document::parse(text.as_bytes()).unwrap();
            let own = key(document.root());
            let all = documents(&self.ward.texts);
            let before = all.get(&own).map(|d| self.reader.reaches('u', d.root(), &all));
            let right = if before.is_some() { 'u' } else { 'c' };
            let allowed = before != Some(false) && self.reader.reaches(right, document.root(), &all);
            drop(all);
            let grant = self.grant.clone();
            let did = self.ward.put(&grant, &text);
            (true, format!("PUT {text}"), allowed, did)
        };
        match (allowed, did) {
            (true, Ok(())) | (false, Err(Error::Denied(_))) => None,
            // What is not reached is refused as what is not there.
            (false, Err(Error::NotFound { .. })) if deletes => None,
            // What is not there is not found, or was deleted already; who holds nothing of the type is denied first.
            (false, Ok(()) | Err(Error::NotFound { .. })) if deletes && !before => None,
            (_, did) => Some(format!("{asked}: {did:?}, and allowed is {allowed}")),
        }
    }
}

fn documents(texts: &Texts) -> Documents<'_> {
    texts.iter().map(|(key, text)| (key.clone(), Document::parse(text.as_bytes()).unwrap())).collect()
}

/// What a page ought to bring along.
fn included(
    asked: &str,
    include: &str,
    page: &SearchPage,
    readable: &Documents<'_>,
    all: &Documents<'_>,
) -> Difference {
    let own = named(&page.matches);
    let Some((name, value)) = include.split_once('=') else { return differs(asked, &page.included.len(), &0) };
    let (source, code) = value.split_once(':').unwrap();
    let is_included = |of: &str, node: Node<'_>| {
        if name == "_include" {
            let ids: Vec<&str> = own.iter().map(|(_, id)| id.as_str()).collect();
            // A type that this parameter never refers to has no such search.
            let referred = parsed(of, &format!("_has:{source}:{code}:_id={}", ids.join(",")));
            return referred.is_ok_and(|referred| matches(&referred, node, &All(all)));
        }
        let references: Vec<String> = own.iter().map(|(of, id)| format!("{of}/{id}")).collect();
        of == source && matches(&parse(of, &format!("{code}={}", references.join(","))), node, &All(all))
    };
    let expected: BTreeSet<Key> = readable
        .iter()
        .filter(|(key, d)| !own.is_empty() && !own.contains(*key) && is_included(&key.0, d.root()))
        .map(|(key, _)| key.clone())
        .collect();
    differs(&format!("{asked}, along with it"), &named(&page.included), &expected)
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// Asks at random; gives the first difference.
fn ask(scopes: &str, patient: &str, seed: u64, requests: u64) -> Difference {
    let mut dice = Dice::new(seed);
    let mut ward = Ward::new(&mut dice);
    let of = (!patient.is_empty()).then_some(patient);
    let grant = Grant::for_test_of(Principal::new(PrincipalKind::Token, 1, "curious"), scopes, of);
    let mut curious = Curious { ward: &mut ward, grant, reader: Reader::new(scopes, patient) };
    for no in 0..requests {
        let difference = match dice.below(9) {
            0..4 => curious.searches(&mut dice),
            4 | 5 => curious.reads(&mut dice),
            6 => curious.everything(&mut dice),
            7 => curious.lasts(&mut dice),
            _ => curious.writes(&mut dice),
        };
        if let Some(difference) = difference {
            return Some(format!("seed {seed}, request {no}, {scopes} of {patient}: {difference}"));
        }
        // What others do meanwhile.
        if dice.chance(6) {
            let of = dice.of(&TYPES[1..]);
            let text = resource(&mut dice, of);
            curious.ward.put(&everything(), &text).unwrap();
        }
    }
    None
}

#[test]
fn limited_scopes_answer_as_a_store_that_holds_nothing_else() {
    let (seed, requests) = (number("MEDWEAVE_SEED", 1), number("MEDWEAVE_REQUESTS", 400));
    for (no, (scopes, patient)) in SCOPES.iter().enumerate() {
        println!("{requests} requests by {scopes} from seed {}", seed + no as u64);
        if let Some(leak) = ask(scopes, patient, seed + no as u64, requests) {
            panic!("{leak}");
        }
    }
}

#[test]
fn a_limit_that_is_taken_away_anywhere_is_missed() {
    use LimitPlace::{After, Before, Chain, Everything, Has, Include, Read, Related, Revinclude, Search, Version};
    for place in [Search, Chain, Has, Related, Include, Revinclude, Everything, Read, Version, Before, After] {
        planted::leak(Some(place));
        let found = (1..40u64).any(|seed| {
            let (scopes, patient) = SCOPES[(seed % SCOPES.len() as u64) as usize];
            ask(scopes, patient, seed, 200).is_some()
        });
        planted::leak(None);
        assert!(found, "nothing was seen of a leak at {place:?}");
    }
}

/// A sorted page is frozen; a resource that became somebody else's since is not shown on a later one.
#[test]
fn what_became_another_patients_leaves_the_pages_that_follow() {
    let house = House::new();
    for patient in ["a", "b"] {
        house.put(&format!(r#"{{"resourceType":"Patient","id":"{patient}"}}"#)).unwrap();
    }
    let observation = |no: u64, of: &str| {
        format!(
            r#"{{"resourceType":"Observation","id":"o{no}","status":"final","code":{{"text":"x"}},"subject":{{"reference":"Patient/{of}"}}}}"#
        )
    };
    for no in 0..4 {
        house.put(&observation(no, "a")).unwrap();
    }
    let grant = Grant::for_test_of(Principal::new(PrincipalKind::Token, 1, "t"), "patient/*.rs", Some("a"));
    let first = house.records.search(&grant, &parse("Observation", "_sort=_id&_count=2")).unwrap();
    house.put(&observation(2, "b")).unwrap();
    let next = format!("_sort=_id&_count=2&_page={}", first.next.unwrap());
    let second = || {
        let page = house.records.search(&grant, &parse("Observation", &next)).unwrap();
        page.matches.into_iter().map(|stored| stored.id).collect::<Vec<_>>()
    };
    assert_eq!(second(), ["o3"]);
    planted::leak(Some(LimitPlace::Page));
    let leaked = second();
    planted::leak(None);
    assert_eq!(leaked, ["o2", "o3"], "or this test would see no leak");
}
