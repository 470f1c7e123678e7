//! Every function of the store refuses whoever lacks what it needs, and gives nothing. `tools/mutate-grants` takes out each check
//! and expects one of these to turn red.

use crate::house::{Change, House, everything, grant};
use access::Grant;
use fhir::schema::r4;
use fhir::search::{ParseOptions, SearchQuery};
use records::{
    ArrivalNo, Arrived, Besides, DeadLetterNo, DeliveryNo, Error, Everything, HistoryOf, HistoryQuery, IfEqual, LastN,
    Lookup, Operation, Planner, Records, ReuseArrival, Row, Seq, TermsAsked, Trail, Write,
};

const PATIENT: &str =
    r#"{"resourceType":"Patient","id":"ann","identifier":[{"system":"urn:x","value":"1"}],"name":[{"family":"Lee"}]}"#;
const OBSERVATION: &str = r#"{"resourceType":"Observation","id":"o1","status":"final","subject":{"reference":"Patient/ann"},"code":{"text":"x"}}"#;
/// What nearly everything is, one letter short.
const ALL_BUT: [(&str, &str); 5] = [
    ("create", "system/*.ruds"),
    ("read", "system/*.cuds"),
    ("update", "system/*.crds"),
    ("delete", "system/*.crus"),
    ("search", "system/*.crud"),
];

fn all_but(letter: &str) -> Grant {
    grant(ALL_BUT.iter().find(|(name, _)| *name == letter).unwrap().1)
}

/// A patient with two versions, and an observation of her.
fn ward() -> House {
    let house = House::new();
    house.put(PATIENT).unwrap();
    house.put(&PATIENT.replace("Lee", "Li")).unwrap();
    house.put(OBSERVATION).unwrap();
    house
}

/// A part of a delivery: what a file of several arrivals brings.
struct Part(Change, DeliveryNo);

impl Planner for Part {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        Ok(vec![self.0.operation(lookup)?])
    }

    fn besides(&self) -> Besides {
        Besides { delivery: Some(self.1), ..Besides::default() }
    }
}

#[track_caller]
fn denied<T>(result: Result<T, Error>) {
    match result {
        Err(Error::Denied(_)) => {}
        Err(Error::At { error, .. }) if matches!(*error, Error::Denied(_)) => {}
        Err(other) => panic!("refused for another reason: {other}"),
        Ok(_) => panic!("it was allowed"),
    }
}

#[test]
fn reading_needs_the_right_to_read() {
    let house = ward();
    let records: &Records = &house.records;
    let without = all_but("read");
    let no = ArrivalNo(1);
    let query = HistoryQuery::default();
    let patient = r4().type_id("Patient").unwrap();
    denied(records.read(&without, "Patient", "ann"));
    denied(records.read_version(&without, "Patient", "ann", 1));
    let sent: &[u8] = br#"{"resourceType":"ValueSet","compose":{"include":[{"system":"s","concept":[{"code":"c"}]}]}}"#;
    let known = records::query_pairs("url=http://hl7.org/fhir/ValueSet/administrative-gender");
    for (query, body, id) in [(&known[..], None, None), (&known[..0], Some(sent), None), (&known[..0], None, Some("1"))]
    {
        let asked = TermsAsked { operation: fhir::terminology::Operation::Expand, query, body, id };
        denied(records.terminology(&without, &asked));
        denied(records.terminology(&grant("system/CodeSystem.cruds"), &asked));
    }
    denied(records.row(&without, "Patient", "ann"));
    denied(records.source(&without, "Patient", "ann", None));
    denied(records.source_bytes(&without, "Patient", "ann", None));
    denied(records.arrival_bytes(&without, no, 0, 10));
    denied(records.arrival(&without, no));
    denied(records.arrivals(&without, None, 10));
    denied(records.newest_of_sources(&without, 10));
    denied(records.arrivals_after(&without, ArrivalNo(0), 10));
    denied(records.history(&without, HistoryOf::Resource("Patient", "ann"), &query));
    denied(records.history(&without, HistoryOf::Type("Patient"), &query));
    denied(records.history(&without, HistoryOf::System, &query));
    denied(records.feed(&without, Seq(0), 10));
    denied(records.rows(&without, &[Row(1)]));
    denied(records.versions(&without, &[(Row(1), 1)]));
    denied(records.patients_of(&without, &[(Row(1), 1)]));
    denied(records.written_by(&without, no));
    denied(records.delivered_with(&without, no));
    denied(records.arrivals_undone(&without, 0));
    denied(records.outlook(&without, &[no], &[]));
    denied(records.would_change(&without, std::iter::once((patient, || "ann".to_owned(), PATIENT))));
    denied(records.is_dealt_with(&without, "", (&[0; 32], 1), (0, 1)));
    let change = Change::Put {
        text: PATIENT.replace("ann", "bob"),
        if_match: None,
        if_equal: IfEqual::NewVersion,
        must_be_new: false,
    };
    let (part, trail) = (Part(change, records.new_delivery()), Trail { action: "test".into(), detail: String::new() });
    let part = records.write(&everything(), trail, Arrived::default(), b"part", ReuseArrival::Never, part).unwrap();
    denied(records.delivered_with(&without, part.arrival));
    denied(records.dead_letters(&without, None, None, 10));
    denied(records.open_dead_letters(&without));
    denied(records.dead_letter(&without, DeadLetterNo(1)));
    denied(records.dead_letter_bytes(&without, DeadLetterNo(1)));
    denied(records.correction(&without, DeadLetterNo(1)));
    denied(records.unmapped_events(&without));
    denied(records.people(&without, "", 10));
    denied(records.everything(&without, "ann", &Everything::default()));
    let types = Everything { types: vec!["Observation".into()], ..Everything::default() };
    denied(records.everything(&grant("system/Patient.rs"), "ann", &types));
    // Of one type all of it is asked for: reading some types is not enough.
    let some = grant("system/Patient.rs");
    denied(records.feed(&some, Seq(0), 10));
    denied(records.arrivals(&some, None, 10));
    assert_eq!(records.read(&some, "Patient", "ann").unwrap().resource_type, patient);
}

#[test]
fn what_is_gathered_holds_only_what_may_be_read() {
    let house = ward();
    let all = house.records.everything(&everything(), "ann", &Everything::default()).unwrap();
    assert_eq!(all.matches.len(), 2);
    let narrow = grant("system/Patient.rs");
    let few = house.records.everything(&narrow, "ann", &Everything::default()).unwrap();
    assert_eq!(few.matches.iter().map(|stored| stored.id.as_str()).collect::<Vec<_>>(), ["ann"]);
    let pair = |pairs: &str, scopes: &str| {
        let query = SearchQuery::parse("Patient", records::query_pairs(pairs), &ParseOptions::default()).unwrap();
        house.records.search(&grant(scopes), &query).unwrap().included.len()
    };
    let query = "_id=ann&_revinclude=Observation:patient";
    assert_eq!((pair(query, "system/*.rs"), pair(query, "system/Patient.rs system/Observation.s")), (1, 0));
}

#[test]
fn searching_needs_the_right_to_search() {
    let house = ward();
    let records: &Records = &house.records;
    let without = all_but("search");
    let search = |grant: &Grant, query: &str| {
        let query = SearchQuery::parse("Patient", records::query_pairs(query), &ParseOptions::default()).unwrap();
        records.search(grant, &query)
    };
    denied(records.is_repeat(&without, "", b"content"));
    denied(search(&without, "family=Li"));
    let patients = grant("system/Patient.rs");
    for query in [
        "_has:Observation:patient:status=final",
        "organization.partof.name=x",
        "_list=1",
        "language:in=http://vs",
        "language:not-in=ValueSet/1",
        "language:below=urn:ietf:bcp:47|de",
        "organization:below=1",
        "_filter=organization.name eq x",
        "_filter=gender eq male or not(gender eq female and language in http://vs)",
        "_filter=_id eq 1 or organization.name co x",
    ] {
        denied(search(&patients, query));
    }
    let last = |grant: &Grant, query: &str| {
        let query = SearchQuery::parse("Observation", records::query_pairs(query), &ParseOptions::default()).unwrap();
        records.last_n(grant, &LastN { query, max: 1 })
    };
    denied(last(&without, "patient=ann&code=x"));
    denied(last(&grant("system/Observation.rs"), "patient.gender=female&code=x"));
    denied(records.counts(&without));
    denied(records.people(&without, "", 10));
    denied(records.everything(&without, "ann", &Everything::default()));
    // The history of a type gives resources whose ids were not known; that of one resource does not.
    denied(records.history(&without, HistoryOf::Type("Patient"), &HistoryQuery::default()));
    denied(records.history(&without, HistoryOf::System, &HistoryQuery::default()));
    assert!(records.history(&without, HistoryOf::Resource("Patient", "ann"), &HistoryQuery::default()).is_ok());
    // A condition in a write is a search.
    let conditional = |lookup: &dyn Lookup| -> Result<Vec<Operation>, Error> {
        lookup.find("Patient", "identifier=urn:x|1")?;
        Ok(Vec::new())
    };
    let trail = Trail { action: "test".into(), detail: String::new() };
    let about = || Arrived { door: "test".into(), ..Arrived::default() };
    denied(records.write(&without, trail, about(), b"x", ReuseArrival::Never, conditional));
    denied(records.rehearsal().run(&without, &conditional));
    let listing = |lookup: &dyn Lookup| -> Result<Vec<Operation>, Error> {
        lookup.find_all("Patient", "identifier=urn:x|1", 5)?;
        Ok(Vec::new())
    };
    denied(records.rehearsal().run(&without, &listing));
    // It looks at no other types than a search may either.
    let looking = |lookup: &dyn Lookup| -> Result<Vec<Operation>, Error> {
        lookup.find("Patient", "_has:Observation:patient:status=final")?;
        Ok(Vec::new())
    };
    denied(records.rehearsal().run(&grant("system/Patient.crus"), &looking));
}

#[test]
fn each_change_needs_its_right_also_where_it_is_only_rehearsed() {
    let house = ward();
    let before = house.records.head();
    let put = |text: &str| {
        vec![Change::Put { text: text.to_owned(), if_match: None, if_equal: IfEqual::NewVersion, must_be_new: false }]
    };
    denied(house.write(&all_but("create"), put(&PATIENT.replace("ann", "eve"))));
    denied(house.write(&all_but("update"), put(PATIENT)));
    let delete = || vec![Change::Delete { resource_type: "Patient".into(), id: "ann".into() }];
    denied(house.write(&all_but("delete"), delete()));
    let rehearse = |grant: &Grant, write: fn(&dyn Lookup) -> Result<Write, Error>, id: &'static str| {
        let planner = move |lookup: &dyn Lookup| -> Result<Vec<Operation>, Error> {
            let resource_type = r4().type_id("Patient").unwrap();
            Ok(vec![Operation {
                resource_type,
                id: id.into(),
                write: write(lookup)?,
                if_match: None,
                at: 0,
                length: 0,
            }])
        };
        house.records.rehearsal().run(grant, &planner)
    };
    let content: fn(&dyn Lookup) -> Result<Write, Error> = |lookup| {
        let content = Box::new(lookup.prepare(PATIENT)?);
        Ok(Write::Put { content, if_equal: IfEqual::NewVersion, must_be_new: false })
    };
    denied(rehearse(&all_but("create"), content, "eve"));
    denied(rehearse(&all_but("update"), content, "ann"));
    denied(rehearse(&all_but("delete"), |_| Ok(Write::Delete), "ann"));
    denied(house.records.discard(&all_but("update"), DeadLetterNo(1), "why"));
    denied(house.records.close_replayed(&all_but("update"), DeadLetterNo(1), ArrivalNo(1)));
    assert_eq!(house.records.head(), before, "what was refused left something");
}

#[test]
fn the_trails_are_for_administrators() {
    let house = ward();
    denied(house.records.read_events(&everything(), None, 10));
}

#[test]
fn the_last_contact_is_told_to_whoever_may_search_encounters() {
    let house = ward();
    let encounter = r#"{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/ann"},"period":{"start":"2025-01-01"}}"#;
    house.put(encounter).unwrap();
    let contact = |grant: &Grant| house.records.people(grant, "", 10).unwrap().found[0].last_contact_us;
    assert!(contact(&everything()).is_some());
    assert_eq!(contact(&grant("system/Patient.rs")), None);
}
