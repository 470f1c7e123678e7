//! Whatever comes in becomes a clear error or a dead letter.

use crate::house::House;
use intake::import::{Bounds, FileReport, ImportOptions};
use std::io::Write;

const LINES: &[u8] = b"{\"resourceType\":\"Patient\",\"id\":\"1\"}\n{\"resourceType\":\"Patient\",\"id\":\"2\"}\n";

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Nothing stored, and the one issue says `part`.
fn refused(report: &FileReport, part: &str) {
    assert_eq!(report.stored, 0, "{report:?}");
    assert_eq!(report.issue_count, 1, "{report:?}");
    assert!(report.issues[0].message.contains(part), "{report:?}");
}

#[test]
fn wrappers_are_taken_off_however_they_are_nested() {
    for bytes in [
        gzip(LINES),
        bzip2(LINES),
        zstd(LINES),
        zip(&[("a.ndjson", LINES)]),
        gzip(&bzip2(&zstd(LINES))),
        gzip(&zip(&[("folder/a", LINES)])),
        zip(&[("in.zip", &zip(&[("a", LINES)])), ("b.gz", &gzip(LINES))]),
        [gzip(&LINES[..20]), gzip(&LINES[20..])].concat(),
    ] {
        let house = House::new();
        let report = house.import("file", &bytes);
        assert_eq!((report.stored, report.issue_count), (2, 0), "{report:?}");
        let arrival = house.records.arrival(&crate::house::everything(), report.arrivals[0]).unwrap();
        assert!(arrival.wrapper.contains("bytes blake3"), "{arrival:?}");
    }
}

#[test]
fn what_is_not_taken_is_said() {
    let house = House::new();
    refused(&house.import("a", b""), "empty");
    refused(&house.import("a", b"<Patient xmlns='x'/>"), "XML");
    refused(&house.import("a", b"[{\"resourceType\":\"Patient\"}]"), "JSON array");
    refused(&house.import("a", b"{\"name\":\"package\"}"), "resourceType");
    refused(&house.import("a", b"id,name\n1,x\n"), "lines of a table");
    refused(&house.import("a", b"\xff\xfe{\0\"\0"), "UTF-16");
    refused(&house.import("a", &zip(&[])), "an archive without files");
    refused(&house.import("a", &gzip(&gzip(&gzip(&gzip(LINES))))), "nested deeper than 3");
    let evil = zip(&[("../../etc/passwd", LINES)]);
    refused(&house.import("a", &evil), "leads out of the archive");
    assert_eq!(house.versions(), 0);
}

#[test]
fn archives_that_grow_too_much_are_given_up() {
    let house = House::new();
    let line = format!("{{\"resourceType\":\"Patient\",\"id\":\"x\",\"language\":\"{}\"}}", " ".repeat(64 << 20));
    for bytes in [gzip(line.as_bytes()), zstd(line.as_bytes()), bzip2(line.as_bytes()), zip(&[("a", line.as_bytes())])]
    {
        refused(&house.import("bomb", &bytes), "times its size");
    }
    let bounds = |bounds| ImportOptions { bounds, ..ImportOptions::default() };
    let small = bounds(Bounds { unpacked_bytes: 50, ..Bounds::default() });
    refused(&house.import_with("a", &gzip(LINES), &small), "more than 50 bytes");
    let few = bounds(Bounds { members: 1, ..Bounds::default() });
    let report = house.import_with("a", &zip(&[("a", LINES), ("b", LINES)]), &few);
    assert_eq!((report.stored, report.issue_count), (2, 1), "{report:?}");
    let short = bounds(Bounds { document_bytes: 1000, ..Bounds::default() });
    let long = format!("{{\"resourceType\":\"Patient\",\"language\":\"{}\"}}", "x".repeat(2000));
    refused(&house.import_with("a", long.as_bytes(), &short), "more than 1000 bytes");
    let part = bounds(Bounds { document_bytes: 8 << 20, ..Bounds::default() });
    let long = format!("{{\"resourceType\":\"Patient\",\"language\":\"{}\"}}", "x".repeat(9 << 20));
    let between = format!(
        "{{\"resourceType\":\"Patient\",\"id\":\"8\"}}\n{long}\n{{\"resourceType\":\"Patient\",\"id\":\"9\"}}\n"
    );
    let report = house.import_with("a", between.as_bytes(), &part);
    assert_eq!((report.stored, report.issue_count), (2, 1), "{report:?}");
}

#[test]
fn deep_and_badly_encoded_json_become_dead_letters() {
    let house = House::new();
    let deep = format!("{{\"resourceType\":\"Patient\",\"extension\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    let report = house.import("deep", deep.as_bytes());
    assert_eq!((report.stored, report.dead_letters.len()), (0, 1), "{report:?}");
    assert!(report.issues[0].message.contains("nested deeper"), "{report:?}");
    let report = house.import("latin", b"{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"M\xfcller\"}]}");
    assert!(report.issues[0].message.contains("UTF-8"), "{report:?}");
    assert_eq!(report.dead_letters.len(), 1);
    let report = house.import("cut", br#"{"resourceType":"Bundle","type":"transaction","entry":[{"#);
    assert_eq!(report.dead_letters.len(), 1, "{report:?}");
    assert_eq!(house.versions(), 0);
}

#[test]
fn a_file_longer_than_a_part_is_stored_in_parts_that_lead_back() {
    let house = House::new();
    let filler = "x".repeat(20_000);
    let line =
        |no: u32| format!("{{\"resourceType\":\"Basic\",\"id\":\"{no}\",\"code\":{{\"text\":\"{filler}{no}\"}}}}\n");
    let lines = (0..1000).map(line).collect::<Vec<_>>().concat();
    let report = house.import("long.ndjson", lines.as_bytes());
    assert_eq!((report.stored, report.issue_count), (1000, 0), "{:?}", report.issues);
    assert!(report.arrivals.len() > 2);
    for id in ["0", "500", "999"] {
        let source = house.records.source(&crate::house::everything(), "Basic", id, None).unwrap();
        let from = (source.arrival.base + source.at) as usize;
        assert!(lines[from..from + source.length as usize].contains(&format!("\"id\":\"{id}\"")));
    }
    assert_eq!(house.import("long.ndjson", lines.as_bytes()).unchanged, 1000);
}

#[test]
fn what_only_looks_like_files_of_an_archive_is_counted_and_costs_nothing() {
    let house = House::new();
    // A name as long as a header can say, and very many headers.
    let header = |length: u16| [&b"PK\x03\x04"[..], &[0; 22], &length.to_le_bytes(), &[0, 0]].concat();
    let before = [header(u16::MAX), vec![b'n'; 70_000], b"PK\x03\x04".repeat(2_000_000)].concat();
    let report = house.import("a", &[before, zip(&[("listed", LINES)])].concat());
    assert_eq!((report.stored, report.issue_count), (2, 1), "{report:?}");
    let message = &report.issues[0].message;
    assert!(message.contains("(byte 0)") && message.contains("and 1999996 more"), "{message}");
    assert!(message.len() < 5_000, "{} bytes", message.len());
}
