//! What could not be read is kept, shown, corrected and replayed.

use crate::formats::{gzip, zip};
use crate::house::{House, everything};
use intake::import::{Bounds, ImportOptions};
use records::DeadLetterState;

const LINES: &[u8] = b"{\"resourceType\":\"Patient\",\"id\":\"1\"}\n{\"resourceType\":\"Patient\",\"id\":\"2\"}\n";

#[test]
fn a_file_that_was_kept_is_replayed_as_the_file_that_it_is() {
    let house = House::new();
    let whole =
        zip(&[("a.ndjson", LINES), ("b.ndjson.gz", &gzip(b"{\"resourceType\":\"Patient\",\"id\":\"3\"}\nbad\n"))]);
    let report = house.import("all.zip", &whole[..whole.len() - 3]);
    assert_eq!((report.stored, report.dead_letters.len()), (0, 1), "{report:?}");
    let (grant, no) = (everything(), report.dead_letters[0]);
    let letter = house.records.dead_letter(&grant, no).unwrap();
    assert_eq!(
        (letter.arrival.name.as_str(), letter.at, letter.arrival.media.as_str()),
        ("all.zip", 0, "application/octet-stream")
    );
    // As it is, nothing is better; the letter stays, and no other is made of it.
    assert!(house.importer.replay(&grant, no, None).is_err());
    assert_eq!(house.records.open_dead_letters(&grant).unwrap(), 1);
    let receipts = house.importer.replay(&grant, no, Some(whole)).unwrap();
    assert_eq!(receipts.iter().map(|receipt| receipt.outcomes.len()).sum::<usize>(), 3);
    let letter = house.records.dead_letter(&grant, no).unwrap();
    assert_eq!(letter.state, DeadLetterState::Replayed);
    assert!(receipts.iter().any(|receipt| Some(receipt.arrival) == letter.replayed));
    // The bad line in it is a letter of its own.
    let open = house.records.dead_letters(&grant, Some(DeadLetterState::Open), None, 10).unwrap();
    assert_eq!((open.len(), open[0].place.as_str()), (1, "line 2"));
    assert!(matches!(house.importer.replay(&grant, no, None), Err(intake::Error::Closed(_))));
}

#[test]
fn a_text_that_could_not_be_read_is_replayed_once_it_can_be() {
    let house = House::new();
    let text = "{\"resourceType\":\"Patient\",\"id\":\"z\"}";
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let report = house.import("z.json", &wide);
    let (grant, no) = (everything(), report.dead_letters[0]);
    assert!(house.importer.replay(&grant, no, None).is_err());
    house.importer.replay(&grant, no, Some(text.into())).unwrap();
    assert!(house.records.read(&grant, "Patient", "z").is_ok());
    // A correction that cannot be read either leaves it open.
    let report = house.import("y.json", &[&wide[..], b" \0"].concat());
    assert!(house.importer.replay(&grant, report.dead_letters[0], Some(b"<xml/>".to_vec())).is_err());
    assert!(house.importer.replay(&grant, report.dead_letters[0], Some(b" ".to_vec())).is_err());
    assert_eq!(house.records.open_dead_letters(&grant).unwrap(), 1);
}

#[test]
fn of_what_is_very_long_the_beginning_is_kept_and_the_rest_named() {
    let house = House::new();
    let bounds = Bounds { kept_bytes: 300_000, document_bytes: 1_000, ..Bounds::default() };
    let options = ImportOptions { bounds, ..ImportOptions::default() };
    let long = format!("{{\"resourceType\":\"Patient\",\"id\":\"l\",\"language\":\"{}\"}}", "x".repeat(1_000_000));
    let report = house.import_with("long.json", long.as_bytes(), &options);
    assert_eq!((report.stored, report.dead_letters.len()), (0, 1), "{report:?}");
    let (grant, no) = (everything(), report.dead_letters[0]);
    let letter = house.records.dead_letter(&grant, no).unwrap();
    let hash = blake3::hash(long.as_bytes()).to_hex();
    assert_eq!(letter.arrival.wrapper, format!("beginning of {} bytes blake3 {hash}", long.len()));
    assert!(letter.what.contains("of which the first 300000 are kept"), "{}", letter.what);
    assert!(letter.hint.contains("keep the file"), "{}", letter.hint);
    assert_eq!(house.records.dead_letter_bytes(&grant, no).unwrap(), long.as_bytes()[..300_000]);
    let refused = house.importer.replay(&grant, no, None).unwrap_err().to_string();
    assert!(refused.contains("only its beginning was kept"), "{refused}");
    house.importer.replay(&grant, no, Some(b"{\"resourceType\":\"Patient\",\"id\":\"l\"}".to_vec())).unwrap();
    assert_eq!(house.records.open_dead_letters(&grant).unwrap(), 0);
}

#[test]
fn frames_that_do_not_fit_in_memory_are_read_back_as_they_came() {
    let house = House::new();
    // Noise packs to its own size, past what is held in memory.
    let mut state = 1u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    })
    .take(40 << 20)
    .collect();
    let report = house.import("noise", &noise);
    let bytes = house.records.dead_letter_bytes(&everything(), report.dead_letters[0]).unwrap();
    assert!(bytes == noise);
    // What came after it is where it should be.
    let report = house.import("a.ndjson", LINES);
    assert_eq!(house.records.arrival_bytes(&everything(), report.arrivals[0], 0, 1 << 20).unwrap(), LINES);
    let again = house.import("noise", &noise);
    assert_eq!(again.new_arrivals, 0);
}

#[test]
fn what_is_known_to_be_nothing_for_here_is_named_and_not_kept() {
    let house = House::new();
    for (bytes, part) in
        [(&b"%PDF-1.7 ..."[..], "PDF"), (b"\x89PNG\r\n", "PNG"), (b"", "empty"), (b" \n", "white space")]
    {
        let report = house.import("file", bytes);
        assert_eq!((report.issue_count, report.arrivals.len(), report.dead_letters.len()), (1, 0, 0), "{report:?}");
        assert!(report.issues[0].message.contains(part) && report.issues[0].hint.contains("not kept"), "{report:?}");
    }
}

#[test]
fn what_was_dealt_with_is_no_issue_when_it_comes_again_by_any_name() {
    let house = House::new();
    let grant = everything();
    let lines = b"{\"resourceType\":\"Patient\",\"id\":\"1\"}\nbad\nworse\n";
    let first = house.import("a.ndjson", lines);
    assert_eq!(first.dead_letters.len(), 2);
    house.records.discard(&grant, first.dead_letters[0], "a test").unwrap();
    let dry = ImportOptions { dry_run: true, ..ImportOptions::default() };
    for name in ["a.ndjson", "b.ndjson"] {
        let told = house.import_with(name, lines, &dry);
        assert_eq!((told.issue_count, told.dealt_with), (1, 1), "{told:?}");
        let again = house.import(name, lines);
        assert_eq!((again.issue_count, again.dealt_with, again.dead_letters.len()), (1, 1, 1), "{again:?}");
    }
    // Of another source it is news.
    let options = ImportOptions { source: Some("other".into()), ..ImportOptions::default() };
    assert_eq!(house.import_with("a.ndjson", lines, &options).issue_count, 2);
}

#[test]
fn what_was_replayed_is_news_again_once_the_replay_is_taken_back() {
    let house = House::new();
    let grant = everything();
    let no = house.import("a.ndjson", b"bad\n").dead_letters[0];
    let replayed =
        house.importer.replay(&grant, no, Some(LINES.split(|b| *b == b'\n').next().unwrap().to_vec())).unwrap();
    assert_eq!(house.import("a.ndjson", b"bad\n").dealt_with, 1);
    house.importer.undo(&grant, replayed[0].arrival, intake::UndoWhat::File).unwrap();
    let again = house.import("a.ndjson", b"bad\n");
    assert_eq!((again.dealt_with, again.issue_count), (0, 1), "{again:?}");
    assert_ne!(again.dead_letters[0], no);
}

#[test]
fn a_message_that_was_discarded_is_not_taken_for_one_that_was_stored() {
    let house = House::new();
    let message = b"MSH|^~\\&|LAB|H|||20240102||ADT^A01|1|P|2.5\rEVN||20240102\r";
    let first = house.import("a.hl7", message);
    assert_eq!(first.dead_letters.len(), 1, "{first:?}");
    house.records.discard(&everything(), first.dead_letters[0], "a test").unwrap();
    for name in ["b.hl7", "b.hl7", "a.hl7", "b.hl7"] {
        let again = house.import(name, message);
        assert_eq!((again.issue_count, again.dealt_with, again.unchanged), (0, 1, 0), "{name}: {again:?}");
    }
}
