//! Versions of a clinical document: whatever order they come in, one is current, and what is stored is what it tells.

use crate::documents::{current, message, without_meta};
use crate::house::House;
use fhir::json::{Document, Node, Tree};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A version: what it says of itself, and what it tells.
#[derive(Clone, Copy, Debug, Default)]
struct Told<'t> {
    id: &'t str,
    set: &'t str,
    version: &'t str,
    time: &'t str,
    replaces: &'t str,
    /// Problems by number and code.
    problems: &'t [(&'t str, &'t str)],
    /// Results of one panel, by number and value.
    results: &'t [(&'t str, &'t str)],
    /// A visit of its own, a device, and who took part.
    visit: &'t str,
    device: &'t str,
    team: bool,
}

const CODE: &str = r#"codeSystem="2.16.840.1.113883.6.96""#;

impl Told<'_> {
    fn text(&self) -> String {
        let when = |text: &str, value: String| if text.is_empty() { String::new() } else { value };
        let problem = |(id, code): &(&str, &str)| {
            format!(
                r#"<entry><act classCode="ACT" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.3"/><statusCode code="active"/><entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.4"/><id root="1.9" extension="{id}"/><value xsi:type="CD" code="{code}" {CODE}/></observation></entryRelationship></act></entry>"#
            )
        };
        let result = |(id, value): &(&str, &str)| {
            format!(
                r#"<component><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.2"/><id root="1.9" extension="{id}"/><code code="2823-3" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/><effectiveTime value="20240101"/><value xsi:type="PQ" value="{value}" unit="mmol/L"/></observation></component>"#
            )
        };
        let panel = if self.results.is_empty() {
            String::new()
        } else {
            format!(
                r#"<entry><organizer classCode="BATTERY" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.1"/><id root="1.9" extension="o"/><code code="24326-1" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/>{}</organizer></entry>"#,
                self.results.iter().map(result).collect::<String>()
            )
        };
        let visit = when(
            self.visit,
            format!(
                r#"<entry><encounter classCode="ENC" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.49"/><id root="1.8" extension="v"/><code code="{}" {CODE}/><effectiveTime value="20240101"/></encounter></entry>"#,
                self.visit
            ),
        );
        let device = when(
            self.device,
            format!(
                r#"<entry><supply classCode="SPLY" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.50"/><id root="1.9" extension="u"/><statusCode code="completed"/><participant typeCode="PRD"><participantRole classCode="MANU"><id root="1.9" extension="dev"/><playingDevice><code code="{}" {CODE}/></playingDevice></participantRole></participant></supply></entry>"#,
                self.device
            ),
        );
        let team = if self.team {
            r#"<documentationOf><serviceEvent classCode="PCPR"><performer typeCode="PRF"><assignedEntity><id root="1.7" extension="doc"/><assignedPerson><name><family>Who</family></name></assignedPerson></assignedEntity></performer></serviceEvent></documentationOf><componentOf><encompassingEncounter><effectiveTime value="20240101"/></encompassingEncounter></componentOf>"#
        } else {
            ""
        };
        let problems: String = self.problems.iter().map(problem).collect();
        [
            r#"<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><templateId root="2.16.840.1.113883.10.20.22.1.2"/>"#.to_owned(),
            format!(r#"<id root="1.2.3" extension="{}"/><code code="34133-9" codeSystem="2.16.840.1.113883.6.1"/>"#, self.id),
            when(self.time, format!(r#"<effectiveTime value="{}"/>"#, self.time)),
            when(self.set, format!(r#"<setId root="1.2.3" extension="{}"/>"#, self.set)),
            when(self.version, format!(r#"<versionNumber value="{}"/>"#, self.version)),
            r#"<recordTarget><patientRole><id root="1.2.4" extension="77"/><patient><name><given>Ann</given><family>Doe</family></name></patient></patientRole></recordTarget>"#.to_owned(),
            when(self.replaces, format!(r#"<relatedDocument typeCode="RPLC"><parentDocument><id root="1.2.3" extension="{}"/></parentDocument></relatedDocument>"#, self.replaces)),
            format!(r#"{team}<component><structuredBody><component><section><code code="11450-4" codeSystem="2.16.840.1.113883.6.1"/><title>All</title><text>of {}</text>{problems}{panel}{visit}{device}</section></component></structuredBody></component></ClinicalDocument>"#, self.id),
        ]
        .concat()
    }
}

const TYPES: [&str; 13] = [
    "Binary",
    "CareTeam",
    "Composition",
    "Condition",
    "Device",
    "DeviceUseStatement",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "Observation",
    "Patient",
    "Practitioner",
    "Provenance",
];

/// All that is stored, but for versions and times of storing.
fn state(house: &House) -> Vec<String> {
    let mut all: Vec<String> =
        TYPES.iter().flat_map(|kind| current(house, kind)).map(|text| without_meta(&text)).collect();
    all.sort();
    all
}

/// The numbers of the documents that are current.
fn live(house: &House) -> Vec<String> {
    let all = current(house, "DocumentReference");
    let all = all.iter().map(|text| Document::parse(text.as_bytes()).unwrap());
    let number = |document: &Document<'_>| {
        let text = |path: &[&str]| document.root().path(path).and_then(Node::as_str).unwrap_or_default().into_owned();
        (text(&["status"]) == "current").then(|| text(&["masterIdentifier", "value"]))
    };
    let mut live: Vec<String> = all.filter_map(|document| number(&document)).collect();
    live.sort();
    live
}

/// Everything refers to what is there.
fn assert_whole(state: &[String]) {
    let tree = |text: &String| Tree::from(Document::parse(text.as_bytes()).unwrap().root());
    let text = |tree: &Tree, name: &str| tree.get(name).and_then(Tree::as_str).unwrap_or_default().to_owned();
    let there: BTreeSet<String> =
        state.iter().map(tree).map(|tree| format!("{}/{}", text(&tree, "resourceType"), text(&tree, "id"))).collect();
    for resource in state {
        for rest in resource.split("\"reference\":\"").skip(1) {
            let reference = rest.split('"').next().unwrap();
            assert!(there.contains(reference), "{reference} is not there: {resource}");
        }
    }
}

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// The end of three versions in each order: which are current, and what problems and results there are.
fn ends(versions: &[Told<'_>; 3]) -> (Vec<String>, Vec<String>) {
    let mut ends = BTreeSet::new();
    let mut first = None;
    for order in ORDERS {
        let house = House::new();
        for at in order {
            let report = house.import(&format!("{at}.xml"), versions[at].text().as_bytes());
            assert_eq!(report.dead_letters.len(), 0, "{report:?}");
            if versions.iter().all(|version| !version.set.is_empty()) {
                assert_eq!(live(&house).len(), 1, "{order:?} at {at}");
            }
        }
        let state = state(&house);
        assert_whole(&state);
        first.get_or_insert_with(|| {
            let value = |kind: &str, from: &str| {
                let all = current(&house, kind);
                all.iter()
                    .map(|text| text.split(from).nth(1).unwrap().split(['"', ',', '}']).next().unwrap().to_owned())
                    .collect::<Vec<_>>()
            };
            let mut told =
                value("Condition", "\"code\":{\"coding\":[{\"system\":\"http://snomed.info/sct\",\"code\":\"");
            told.extend(value("Observation", "\"valueQuantity\":{\"value\":"));
            told.sort();
            (live(&house), told)
        });
        ends.insert(state);
        assert_eq!(ends.len(), 1, "{order:?}: {ends:#?}");
    }
    first.unwrap()
}

fn of<'t>(id: &'t str, problems: &'t [(&'t str, &'t str)]) -> Told<'t> {
    Told { id, set: "s", time: "20240101120000+0000", problems, ..Told::default() }
}

#[test]
fn versions_of_one_time_end_alike_in_every_order() {
    let [one, two, three] =
        [of("8", &[("p1", "1"), ("p2", "2")]), of("9", &[("p1", "3")]), of("10", &[("p1", "4"), ("p3", "5")])];
    assert_eq!(ends(&[one, two, three]), (vec!["10".to_owned()], vec!["4".to_owned(), "5".to_owned()]));
}

#[test]
fn the_number_of_a_version_comes_before_its_time_and_what_replaces_before_both() {
    let versioned = |told: Told<'static>, version: &'static str, time: &'static str| Told { version, time, ..told };
    let [one, two, three] = [of("a", &[("p1", "1")]), of("b", &[("p1", "2"), ("p2", "9")]), of("c", &[("p1", "3")])];
    let (live, told) =
        ends(&[versioned(one, "10", "2022"), versioned(two, "9", "2023"), versioned(three, "2", "20240101")]);
    assert_eq!((live, told), (vec!["a".to_owned()], vec!["1".to_owned()]));
    // A version without a number is compared by its time: that makes a circle, which ends alike too.
    let (live, _) =
        ends(&[versioned(one, "1", "20240103"), versioned(two, "", "20240102"), versioned(three, "2", "20240101")]);
    assert_eq!(live, ["b"]);
    // Names are right where times and numbers are wrong: each is older than what it replaces.
    let replacing = |told: Told<'static>, replaces: &'static str| Told { replaces, ..told };
    let chain = [
        versioned(one, "3", "20240103"),
        replacing(versioned(two, "2", "20240102"), "a"),
        replacing(versioned(three, "1", "20240101"), "b"),
    ];
    assert_eq!(ends(&chain), (vec!["c".to_owned()], vec!["3".to_owned()]));
    // All replace each other: the newest by the rest.
    let circle = [replacing(one, "c"), replacing(two, "a"), replacing(three, "b")];
    assert_eq!(ends(&circle).0, ["c"]);
    // One says that it replaces itself.
    assert_eq!(ends(&[replacing(one, "a"), two, three]).0, ["c"]);
}

#[test]
fn times_are_compared_as_far_as_they_say() {
    let at = |told: Told<'static>, time: &'static str| Told { time, ..told };
    let [one, two, three] = [of("a", &[("p1", "1")]), of("b", &[("p1", "2")]), of("c", &[("p1", "3")])];
    // 04:30 and 04:00 of the next day, in the world's time.
    let zones = [at(one, "20240101233000-0500"), at(two, "20240102040000+0000"), at(three, "20240102100000+0800")];
    assert_eq!(ends(&zones).0, ["a"]);
    // A day may be before or after one of its times: the greater identifier decides, and an earlier day is earlier.
    assert_eq!(ends(&[at(one, "20240102120000+0000"), at(two, "20240102"), at(three, "20240101")]).0, ["b"]);
    assert_eq!(ends(&[at(one, ""), at(two, ""), at(three, "")]).0, ["c"]);
}

#[test]
fn parts_of_parts_are_those_of_the_newest_in_every_order() {
    let told = |id: &'static str, time: &'static str| Told { time, ..of(id, &[("p1", "1")]) };
    let one =
        Told { results: &[("r1", "11"), ("r2", "12")], visit: "1", device: "1", team: true, ..told("a", "20240101") };
    let two = Told { results: &[("r1", "21"), ("r3", "23")], visit: "2", ..told("b", "20240102") };
    let three = Told { results: &[("r1", "31")], ..told("c", "20240103") };
    let expect = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    assert_eq!(ends(&[one, two, three]).1, expect(&["1", "31"]));
    assert_eq!(
        ends(&[Told { time: "20240103", ..two }, one, Told { time: "20240102", ..three }]).1,
        expect(&["1", "21", "23"])
    );
    // The panel is not told again, or by the newest alone.
    assert_eq!(
        ends(&[one, two, Told { results: &[], problems: &[], device: "3", team: true, ..three }]).1,
        expect(&[])
    );
    assert_eq!(ends(&[Told { results: &[], ..one }, Told { results: &[], ..two }, three]).1, expect(&["1", "31"]));
    // The same by names alone, without a set.
    let [one, two, three] =
        [Told { set: "", ..one }, Told { set: "", replaces: "a", ..two }, Told { set: "", replaces: "b", ..three }];
    assert_eq!(ends(&[one, two, three]), (vec!["c".to_owned()], expect(&["1", "31"])));
}

#[test]
fn a_set_that_bears_the_number_of_its_first_version_is_one_set() {
    let one = Told { set: "", ..of("x", &[("p1", "1"), ("p2", "2")]) };
    let two = Told { set: "x", time: "20240102", ..of("y", &[("p1", "3")]) };
    let three = Told { set: "x", time: "20240103", ..of("z", &[("p1", "4")]) };
    assert_eq!(ends(&[one, two, three]), (vec!["z".to_owned()], vec!["4".to_owned()]));
}

#[test]
fn an_addendum_makes_nothing_old() {
    let parent = of("a", &[("p1", "1")]);
    let addendum = Told { set: "t", replaces: "a", ..of("b", &[("p2", "2")]) };
    let addendum = addendum.text().replace("RPLC", "APND");
    // One that has the set of what it is added to, and tells of the same entry.
    let of_set = Told { replaces: "a", time: "20240102", ..of("b", &[("p1", "2")]) }.text().replace("RPLC", "APND");
    for addendum in [addendum, of_set] {
        let mut ends = BTreeSet::new();
        for turned in [false, true] {
            let house = House::new();
            let mut texts = [parent.text(), addendum.clone()];
            if turned {
                texts.reverse();
            }
            for text in texts {
                house.import("d.xml", text.as_bytes());
            }
            assert_eq!((live(&house).len(), current(&house, "Condition").len()), (2, 2));
            ends.insert(state(&house));
        }
        assert_eq!(ends.len(), 1, "{ends:#?}");
    }
}

#[test]
fn a_new_version_under_the_same_number_takes_the_place_and_an_old_one_changes_nothing() {
    let one = Told { version: "1", results: &[("r1", "11"), ("r2", "12")], ..of("a", &[("p1", "1"), ("p2", "2")]) };
    let two = Told { version: "2", time: "20240102", results: &[("r1", "21")], ..of("a", &[("p1", "3")]) };
    let mut ends = BTreeSet::new();
    for order in [[one, two], [two, one]] {
        let house = House::new();
        for told in order {
            house.import("d.xml", told.text().as_bytes());
        }
        assert_eq!(
            (live(&house).len(), current(&house, "Condition").len(), current(&house, "Observation").len()),
            (1, 1, 1)
        );
        ends.insert(state(&house));
    }
    assert_eq!(ends.len(), 1, "{ends:#?}");
}

#[test]
fn a_version_that_has_one_more_number_of_the_patient_is_one_of_the_set() {
    let one = of("a", &[("p1", "1"), ("p2", "2")]).text();
    let two = Told { replaces: "a", set: "", ..of("b", &[("p1", "3")]) }.text();
    let more = r#"<id root="1.2.4" extension="77"/><id root="1.2.5" extension="N9"/>"#;
    let two = two.replace(r#"<id root="1.2.4" extension="77"/>"#, more);
    for turned in [false, true] {
        let house = House::new();
        let mut texts = [one.clone(), two.clone()];
        if turned {
            texts.reverse();
        }
        for text in texts {
            house.import("d.xml", text.as_bytes());
        }
        assert_eq!((live(&house), current(&house, "Condition").len()), (vec!["b".to_owned()], 1));
    }
}

/// The resource of a type with this text in it, put back as it was.
fn put_back(house: &House, before: &[String], kind: &str, with: &str) {
    let is = |text: &&String| text.contains(&format!("\"resourceType\":\"{kind}\"")) && text.contains(with);
    let found: Vec<_> = before.iter().filter(is).collect();
    assert_eq!(found.len(), 1, "{kind} {with}");
    house.put(found[0]);
}

#[test]
fn several_that_are_current_become_one_with_whatever_comes_next() {
    let one = Told { results: &[("r1", "11"), ("r2", "12")], ..of("a", &[("p1", "1"), ("p2", "2")]) };
    let two = Told { results: &[("r1", "21")], ..of("b", &[("p1", "3")]) };
    let next = [
        (Told { time: "20240102", ..of("c", &[("p1", "4")]) }, "c", 1, 0),
        // An old one.
        (Told { time: "20230101", ..of("c", &[("p1", "5"), ("p9", "9")]) }, "b", 1, 1),
        // The one of them that is older, once more, as its sender might.
        (Told { version: "0", ..one }, "b", 1, 1),
    ];
    for (no, (next, expected, problems, results)) in next.into_iter().enumerate() {
        let house = House::new();
        house.import("1.xml", one.text().as_bytes());
        let before = state(&house);
        house.import("2.xml", two.text().as_bytes());
        let after = state(&house);
        // As a store that took both for the newest: what both told is as the one told it who came last.
        put_back(&house, &before, "Composition", "of a");
        put_back(&house, &before, "DocumentReference", "\"current\"");
        put_back(&house, &before, "Observation", "\"value\":12");
        put_back(&house, &before, "Condition", "\"code\":\"2\"");
        if no == 1 {
            put_back(&house, &before, "Condition", "\"code\":\"1\"");
        }
        assert_eq!(live(&house), ["a", "b"]);
        let report = house.import("3.xml", next.text().as_bytes());
        assert_eq!(report.dead_letters.len(), 0, "{report:?}");
        assert_eq!(live(&house), [expected], "{no}");
        let counts = (current(&house, "Condition").len(), current(&house, "Observation").len());
        assert_eq!(counts, (problems, results), "{no}: {:#?}", state(&house));
        if expected == "b" {
            // It is as the newest told it.
            let told = |state: &[String]| {
                state.iter().filter(|text| text.contains("\"Condition\"")).cloned().collect::<Vec<_>>()
            };
            assert_eq!(told(&state(&house)), told(&after), "{no}");
        }
        assert_whole(&state(&house));
    }
}

#[test]
fn two_people_of_one_number_have_documents_of_one_number() {
    let house = House::new();
    let born = |text: String, born: &str, sex: &str, family: &str| {
        text.replace("<family>Doe</family></name>", &format!("<family>{family}</family></name><administrativeGenderCode code=\"{sex}\"/><birthTime value=\"{born}\"/>"))
    };
    let told = of("a", &[("p1", "1")]).text();
    house.import("1.xml", born(told.clone(), "19500101", "F", "Doe").as_bytes());
    let report =
        house.import("2.xml", born(told.replace("code=\"1\"", "code=\"2\""), "19900505", "M", "Doe").as_bytes());
    assert_eq!(report.dead_letters.len(), 0, "{report:?}");
    let conditions = current(&house, "Condition");
    assert_eq!((current(&house, "Patient").len(), conditions.len(), live(&house).len()), (2, 2, 2), "{conditions:?}");
    let subject = |text: &String| text.split("\"subject\":").nth(1).unwrap().split('}').next().unwrap().to_owned();
    assert_ne!(subject(&conditions[0]), subject(&conditions[1]));
    // Each element leads to its bytes there too.
    let id = |text: &String| text.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for condition in &conditions {
        let origins =
            house.importer.document_origins(&crate::house::everything(), "Condition", &id(condition), None).unwrap();
        assert!(!origins.elements.is_empty());
    }
}

/// What versions may tell: of one number twice, too.
const PROBLEMS: [&[(&str, &str)]; 4] = [&[], &[("p1", "1")], &[("p1", "2"), ("p2", "3")], &[("p1", "4"), ("p1", "5")]];
const RESULTS: [&[(&str, &str)]; 4] =
    [&[], &[("r1", "11")], &[("r1", "21"), ("r2", "22")], &[("r1", "31"), ("r1", "32")]];

prop_compose! {
    fn any_told(id: &'static str, set: &'static str)(
        version in prop::sample::select(vec!["", "1", "2"]),
        time in prop::sample::select(vec!["", "2024", "20240101", "20240102", "20240101120000+0000", "20240102003000+1400"]),
        replaces in prop::sample::select(vec!["", "", "a", "b", "c", "x"]),
        problems in prop::sample::select(PROBLEMS.to_vec()),
        results in prop::sample::select(RESULTS.to_vec()),
        parts in 0..8u8,
    ) -> Told<'static> {
        let part = |bit: u8, text: &'static str| if parts & bit == 0 { "" } else { text };
        Told { id, set, version, time, replaces, problems, results, visit: part(1, "7"), device: part(2, "8"), team: parts & 4 > 0 }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 64, ..ProptestConfig::default() })]

    /// Three versions of a set, one of another set (which may replace one of them), and a message that brings one of a third.
    #[test]
    fn documents_and_messages_end_alike_in_every_order(
        told in (any_told("a", "s"), any_told("b", "s"), any_told("c", "s"), any_told("x", "t"), any_told("y", "u")),
        turned in Just((0..5).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let in_message = message("1", told.4.text().as_bytes()).replace("12^^^HOSP^MR||Roe^Ann||19700102|F", "77^^^&1.2.4&ISO^MR||Doe^Ann");
        let files = [
            ("a.xml", told.0.text()),
            ("b.xml", told.1.text()),
            ("c.xml", told.2.text()),
            ("x.xml", told.3.text()),
            ("m.hl7", in_message),
        ];
        let end = |order: &[usize]| {
            let house = House::new();
            for at in order {
                let report = house.import(files[*at].0, files[*at].1.as_bytes());
                assert_eq!(report.dead_letters.len(), 0, "{report:?}");
            }
            let state = state(&house);
            assert_whole(&state);
            // Of the patient, who came first tells.
            state.into_iter().filter(|text| !text.contains("\"resourceType\":\"Patient\"")).collect::<Vec<_>>()
        };
        let (one, other) = (end(&[0, 1, 2, 3, 4]), end(&turned));
        let differ: Vec<_> = one.iter().filter(|text| !other.contains(text)).collect();
        let but: Vec<_> = other.iter().filter(|text| !one.contains(text)).collect();
        prop_assert!(differ.is_empty() && but.is_empty(), "{:?}: {:#?} {:#?}", turned, differ, but);
    }
}
