use crate::house::{House, everything};

const ADMIT: &str = "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A01|1|P|2.5\rEVN|A01|20240102\rPID|1||12^^^HOSP^MR||Doe^Ann||19700102|F\rPV1|1|I|W1^^^HOSP||||||||||||||||V9^^^HOSP^VN\r";

#[test]
fn a_message_is_stored_and_its_repeat_changes_nothing() {
    let house = House::new();
    let file = format!("\u{b}{ADMIT}\u{1c}\r\u{b}{}\u{1c}\r", ADMIT.replace("ADT^A01|1", "ORU^W01|2"));
    let report = house.import("a.hl7", file.as_bytes());
    assert!(report.stored > 1, "{report:?}");
    assert_eq!(report.dead_letters.len(), 0, "{report:?}");
    assert_eq!((report.unmapped.get("ORU^W01"), report.arrivals.len()), (Some(&1), 2), "{report:?}");
    let again = house.import("a.hl7", file.as_bytes());
    assert_eq!((again.stored, again.new_arrivals), (0, 0), "{again:?}");
    let renamed = house.import("b.hl7", ADMIT.replace("Doe^Ann", "Doe^Anna").as_bytes());
    assert_eq!(renamed.by_type["Patient"].updated, 1, "{renamed:?}");
    let raw = house.records.arrival_bytes(&everything(), report.arrivals[0], 0, 1 << 20).unwrap();
    assert!(raw.starts_with(b"MSH|") && raw.ends_with(b"VN\r"), "{:?}", String::from_utf8_lossy(&raw));
}

#[test]
fn an_old_message_sent_again_does_not_take_back_what_came_since() {
    let house = House::new();
    house.import("admit.hl7", ADMIT.as_bytes());
    house.import("married.hl7", ADMIT.replace("ADT^A01|1", "ADT^A08|2").replace("Doe^Ann", "Roe^Ann").as_bytes());
    let again = house.import("resent.hl7", ADMIT.as_bytes());
    assert_eq!((again.stored, again.new_arrivals), (0, 0), "{again:?}");
    let stored = house.records.feed(&everything(), records::Seq(0), 100).unwrap();
    let rows: Vec<_> = stored.iter().map(|entry| entry.row).collect();
    let texts: Vec<String> =
        house.records.rows(&everything(), &rows).unwrap().into_iter().map(|(_, s)| s.json).collect();
    assert!(
        texts.iter().any(|t| t.contains("\"family\":\"Roe\""))
            && !texts.iter().any(|t| t.contains("\"family\":\"Doe\""))
    );
}

#[test]
fn a_message_that_cannot_be_mapped_becomes_a_dead_letter_and_stops_no_other() {
    let house = House::new();
    let bad = ADMIT.replace("12^^^HOSP^MR", "").replace("Doe^Ann", "");
    let report = house.import("a.hl7", format!("{bad}{ADMIT}").as_bytes());
    assert_eq!(report.dead_letters.len(), 1, "{report:?}");
    assert!(report.stored > 1, "{report:?}");
    let grant = everything();
    assert!(house.importer.replay(&grant, report.dead_letters[0], None).is_err());
    house.importer.replay(&grant, report.dead_letters[0], Some(ADMIT.replace("12^^", "13^^").into_bytes())).unwrap();
    assert_eq!(house.records.open_dead_letters(&grant).unwrap(), 0);
}
