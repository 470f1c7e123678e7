use super::*;
use crate::fixture::{Opened, START_US};
use crate::permission::Permission;

fn new(name: &str, network: &str) -> NewSource {
    NewSource {
        name: name.to_owned(),
        network: network.parse().unwrap(),
        time_zone: "Europe/Berlin".to_owned(),
        character_set: "8859/1".to_owned(),
    }
}

fn at(opened: &Opened, address: &str) -> Result<AllowedSource, Refused> {
    opened.source_by_address(address.parse().unwrap())
}

#[test]
fn the_narrowest_network_that_holds_the_address_is_the_source() {
    let mut opened = Opened::new();
    opened.allow_source(&opened.operator(), &new("lab", "10.1.2.3"), START_US).unwrap();
    opened.allow_source(&opened.operator(), &new("campus", "10.0.0.0/8"), START_US).unwrap();
    for _ in 0..2 {
        assert_eq!(at(&opened, "10.1.2.3").unwrap().source.name, "lab");
        assert_eq!(at(&opened, "::ffff:10.1.2.3").unwrap().source.name, "lab");
        assert_eq!(at(&opened, "10.1.2.4").unwrap().source.name, "campus");
        assert_eq!(at(&opened, "11.1.2.3").unwrap_err(), Refused::UnknownAddress);
        opened.reopen();
    }
    let found = at(&opened, "::ffff:10.1.2.3").unwrap();
    assert_eq!(found.grant.origin().to_string(), "mllp 10.1.2.3");
    assert_eq!((found.source.time_zone.as_str(), found.source.character_set.as_str()), ("Europe/Berlin", "8859/1"));
}

#[test]
fn a_source_writes_and_neither_reads_nor_deletes_nor_administers() {
    let opened = Opened::new();
    opened.allow_source(&opened.operator(), &new("lab", "10.1.2.3"), START_US).unwrap();
    let grant = at(&opened, "10.1.2.3").unwrap().grant;
    assert_eq!(grant.principal().key(), "source/1");
    for (permission, expected) in Permission::ALL.into_iter().zip([true, false, true, false, true]) {
        assert_eq!(grant.may(permission, "Observation").is_ok(), expected, "{permission:?}");
    }
    assert!(grant.may_use_sql().is_err() && grant.may_administer().is_err());
}

#[test]
fn a_removed_source_is_refused_at_once_and_its_grants_die() {
    let mut opened = Opened::new();
    let id = opened.allow_source(&opened.operator(), &new("lab", "10.1.2.3"), START_US).unwrap();
    let grant = at(&opened, "10.1.2.3").unwrap().grant;
    opened.remove_source(&opened.operator(), id, START_US).unwrap();
    assert!(grant.may(Permission::Create, "Observation").is_err());
    for _ in 0..2 {
        assert!(at(&opened, "10.1.2.3").is_err());
        assert!(opened.list_sources(&opened.operator()).unwrap().is_empty());
        opened.reopen();
    }
    let again = opened.allow_source(&opened.operator(), &new("lab", "10.1.2.3"), START_US).unwrap();
    assert!(again > id, "ids are never given twice");
    assert!(matches!(opened.remove_source(&opened.operator(), id, START_US), Err(Error::NotFound { .. })));
}

#[test]
fn settings_that_are_not_acceptable_are_named() {
    let opened = Opened::new();
    let operator = opened.operator();
    opened.allow_source(&operator, &new("lab", "10.1.2.3"), START_US).unwrap();
    for (source, expected) in [
        (new("lab", "10.1.2.4"), "another source has the name 'lab' already"),
        (new("other", "10.1.2.3/32"), "another source has the network '10.1.2.3' already"),
        (
            NewSource { time_zone: "Berlin".to_owned(), ..new("b", "10.1.2.5") },
            "time zone: 'Berlin' is not known; write an IANA name, as in Europe/Berlin or UTC",
        ),
        (
            NewSource { character_set: "ü".to_owned(), ..new("b", "10.1.2.5") },
            "character set: must be a name as in MSH-18, as in 'UNICODE UTF-8' or '8859/1'",
        ),
    ] {
        assert_eq!(opened.allow_source(&operator, &source, START_US).unwrap_err().to_string(), expected);
    }
}

#[test]
fn only_an_administrator_sees_which_sources_there_are() {
    let opened = Opened::new();
    opened.allow_source(&opened.operator(), &new("lab", "10.1.2.3"), START_US).unwrap();
    opened.account("ada", crate::Role::Clinician);
    let signed_in = opened.signs_in("ada", START_US);
    let ada = opened.session(signed_in.cookie.reveal(), crate::fixture::FROM, START_US).unwrap();
    assert!(matches!(opened.list_sources(&ada), Err(Error::Denied(_))));
    assert_eq!(opened.list_sources(&opened.operator()).unwrap().len(), 1);
}
