//! Whatever a file holds: it is taken, or somebody is told and its bytes are kept; nothing else suffers.

use crate::formats::{bzip2, gzip, zip, zstd};
use crate::house::{House, everything};
use intake::import::{Bounds, FileReport, ImportOptions, files_at};
use proptest::prelude::*;
use std::ops::ControlFlow;

const MESSAGE: &str = "MSH|^~\\&|A|B|C|D|20240101||ADT^A01|1|P|2.5\rEVN|A01|20240102\rPID|1||12^^^HOSP^MR||Doe^Ann||19700102|F\rPV1|1|I|W1\r";

fn patient(no: usize) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"p{no}","active":true,"name":[{{"family":"M\u00fcller","given":["Zoë"]}}]}}"#
    )
}

/// Every kind of content that is taken, with three resources or messages.
fn contents() -> Vec<Vec<u8>> {
    let patients: Vec<String> = (0..3).map(patient).collect();
    let bundle = |kind: &str| {
        let entry = |no: usize| {
            let resource = patient(no);
            format!(
                r#"{{"fullUrl":"urn:uuid:{no}","resource":{resource},"request":{{"method":"PUT","url":"Patient/p{no}"}}}}"#
            )
        };
        let entries: Vec<String> = (0..3).map(entry).collect();
        format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{}]}}"#, entries.join(",\n "))
    };
    let one_line = bundle("batch").replace('\n', "");
    let messages: String = (0..3).map(|no| MESSAGE.replace("|1|P|", &format!("|{no}|P|"))).collect();
    [
        patients[0].clone(),
        patients.join("\n"),
        format!("\u{feff}{}\r\n\r\n", patients.join("\r\n")),
        bundle("batch"),
        bundle("transaction"),
        bundle("collection"),
        format!("{one_line}\n{}\n", patients[1]),
        messages.clone(),
        format!("\u{b}{MESSAGE}\u{1c}\r\u{b}{}\u{1c}\r", MESSAGE.replace("|1|P|", "|2|P|")),
    ]
    .map(String::into_bytes)
    .to_vec()
}

type Wrap = fn(&[u8]) -> Vec<u8>;

/// What may be around a content.
const WRAPS: [Wrap; 6] = [
    gzip,
    bzip2,
    zstd,
    |bytes| zip(&[("a", bytes), ("b", b"{\"resourceType\":\"Patient\",\"id\":\"in-b\"}")]),
    |bytes| gzip(&zip(&[("a", bytes)])),
    |bytes| zip(&[("a.zst", &zstd(bytes)), ("b.bz2", &bzip2(bytes))]),
];

/// Bytes of a plain file that no arrival holds, white space and frames of MLLP aside.
fn missing(house: &House, report: &FileReport, file: &[u8]) -> usize {
    let mut held = vec![false; file.len()];
    for no in &report.arrivals {
        let info = house.records.arrival(&everything(), *no).unwrap();
        let (from, length) = (info.base as usize, info.length as usize);
        let bytes = house.records.arrival_bytes(&everything(), *no, 0, info.length).unwrap();
        assert_eq!(bytes, file[from..from + length], "{info:?}");
        held[from..from + length].fill(true);
    }
    let is_framing = |b: u8| b.is_ascii_whitespace() || matches!(b, 0x0b | 0x1c);
    file.iter().zip(held).filter(|(b, held)| !held && !is_framing(**b)).count()
}

/// True if a dead letter holds the file as it came.
fn keeps_whole(house: &House, report: &FileReport, file: &[u8]) -> bool {
    report.dead_letters.iter().any(|no| house.records.dead_letter_bytes(&everything(), *no).unwrap() == file)
}

fn is_blank(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    text.trim_ascii().is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_plain_file_cut_off_or_damaged_anywhere_is_held_to_the_last_byte(
        which in 0..9usize, cut in 0.0..1.0f64, flips in prop::collection::vec((0.0..1.0f64, any::<u8>()), 0..5),
    ) {
        let mut bytes = contents()[which].clone();
        bytes.truncate((bytes.len() as f64 * cut) as usize + 1);
        for (at, byte) in flips {
            let at = (bytes.len() as f64 * at) as usize;
            bytes[at] = byte;
        }
        // What begins like an archive is one, and the next test's.
        prop_assume!(!bytes.starts_with(b"PK") && !bytes.starts_with(b"BZh") && !is_blank(&bytes));
        let house = House::new();
        let report = house.import("file", &bytes);
        prop_assert_eq!(missing(&house, &report, &bytes), 0, "{:?}\n{:?}", report, String::from_utf8_lossy(&bytes));
        let letters = report.dead_letters.len() as u64;
        prop_assert!(letters > 0 || report.stored + report.unchanged > 0 || !report.unmapped.is_empty(), "{:?}", report);
        prop_assert!(report.issue_count >= letters);
        prop_assert!(report.issues.iter().all(|issue| !issue.message.is_empty() && !issue.hint.is_empty() && issue.file == "file"), "{:?}", report);
    }

    #[test]
    fn an_archive_cut_off_anywhere_is_kept_as_it_came(which in 0..9usize, wrap in 0..6usize, cut in 0.0..1.0f64) {
        let whole = WRAPS[wrap](&contents()[which]);
        let bytes = &whole[..((whole.len() as f64 * cut) as usize).max(1)];
        let house = House::new();
        let report = house.import("file", bytes);
        prop_assert!(keeps_whole(&house, &report, bytes), "{:?}", report);
        // Sent again it is the same letter; whole it is taken.
        let again = house.import("file", bytes);
        prop_assert_eq!((&again.dead_letters, again.new_arrivals), (&report.dead_letters, 0));
        let whole = house.import("file", &whole);
        prop_assert!(whole.stored + whole.unchanged > 0 && whole.dead_letters.is_empty(), "{:?}", whole);
    }

    #[test]
    fn a_damaged_archive_is_taken_or_told(
        which in 0..9usize, wrap in 0..6usize, flips in prop::collection::vec((0.0..1.0f64, any::<u8>()), 1..6),
    ) {
        let mut bytes = WRAPS[wrap](&contents()[which]);
        for (at, byte) in flips {
            let at = (bytes.len() as f64 * at) as usize;
            bytes[at] = byte;
        }
        let house = House::new();
        let report = house.import("file", &bytes);
        prop_assert!(report.stored + report.unchanged > 0 || report.issue_count > 0 || !report.arrivals.is_empty(), "{:?}", report);
        // What is wrong with a packed stream shows in its checksum: then the file is kept.
        if wrap < 3 && report.issue_count > 0 && report.issues.iter().any(|issue| issue.message.contains("unpacked")) {
            prop_assert!(keeps_whole(&house, &report, &bytes), "{:?}", report);
        }
    }

    #[test]
    fn random_bytes_are_kept(bytes in prop::collection::vec(any::<u8>(), 1..512), start in 0..7usize) {
        let starts: [&[u8]; 7] =
            [b"", b"{\"resourceType\":\"Bundle\",", b"\x1f\x8b\x08", b"PK\x03\x04", b"MSH|", b"\x28\xb5\x2f\xfd", b"BZh91AY&SY"];
        let bytes = [starts[start], &bytes].concat();
        prop_assume!(!is_blank(&bytes));
        let house = House::new();
        let report = house.import("file", &bytes);
        prop_assert_eq!(report.stored, 0);
        prop_assert!(keeps_whole(&house, &report, &bytes) || missing(&house, &report, &bytes) == 0, "{:?}", report);
    }

    #[test]
    fn what_is_longer_than_may_be_parsed_is_kept(lengths in prop::collection::vec(0..3_000usize, 1..8), document in any::<bool>(), packed in any::<bool>()) {
        let bounds = Bounds { document_bytes: 1_000, ..Bounds::default() };
        let options = ImportOptions { bounds, ..ImportOptions::default() };
        let line = |(no, length): (usize, &usize)| format!("{{\"resourceType\":\"Basic\",\"id\":\"{no}\",\"code\":{{\"text\":\"{}\"}}}}\n", "x".repeat(*length + 1));
        let lines: Vec<String> = lengths.iter().enumerate().map(line).collect();
        let content = if document { lines.concat().replace('\n', " ") } else { lines.concat() };
        let bytes = if packed { gzip(content.as_bytes()) } else { content.clone().into_bytes() };
        let house = House::new();
        let report = house.import_with("file", &bytes, &options);
        prop_assert_eq!(missing(&house, &report, content.as_bytes()), 0, "{:?}", report);
        if !document && lines.len() > 1 {
            let short = lines.iter().filter(|line| line.len() <= 1_000).count() as u64;
            prop_assert!(report.stored >= short, "{:?}", report);
            prop_assert_eq!(report.stored + report.dead_letters.len() as u64, lines.len() as u64, "{:?}", report);
        }
    }
}

/// Imports it, with nothing stored: the bytes are a dead letter whose text says `part`.
fn kept(content: &[u8], part: &str) {
    let house = House::new();
    let report = house.import("file", content);
    assert_eq!((report.stored, report.dead_letters.len()), (0, 1), "{part}: {report:?}");
    assert!(report.issues[0].message.contains(part), "{part}: {report:?}");
    assert!(report.issues[0].message.len() < 2_000, "{part}: the text repeats the content");
    assert!(keeps_whole(&house, &report, content), "{part}");
}

#[test]
fn texts_in_other_encodings_are_kept_and_named() {
    let json = patient(1);
    let utf16 = |big: bool| -> Vec<u8> {
        json.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    for bytes in [
        utf16(true),
        utf16(false),
        [b"\xff\xfe".to_vec(), utf16(false)].concat(),
        [b"\xfe\xff".to_vec(), utf16(true)].concat(),
    ] {
        kept(&bytes, "UTF-16");
    }
    kept(&json.replace("Zoë", "?").replace('?', "\u{1}Zo").into_bytes(), "control");
    let latin: Vec<u8> = json.chars().map(|c| c as u8).collect();
    kept(&latin, "UTF-8");
    kept(json.replace("Zoë", "Zo\0").as_bytes(), "control");
    kept(json.replace("\\u00fc", "\\ud800").as_bytes(), "surrogate");
    // A byte order mark of UTF-8 is none of the content.
    let house = House::new();
    assert_eq!(house.import("file", format!("\u{feff}{json}").as_bytes()).stored, 1);
}

#[test]
fn what_is_too_deep_too_large_or_twice_is_kept_and_named() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
    let with = |name: &str, value: &str| format!(r#"{{"resourceType":"Patient","id":"1","{name}":{value}}}"#);
    for value in [deep("[", "]"), deep("{\"a\":", "}"), "[".repeat(100_000)] {
        kept(with("extension", &value).as_bytes(), "nested deeper");
        let bundle = format!(
            r#"{{"resourceType":"Bundle","type":"batch","entry":[{{"resource":{}}}]}}"#,
            with("extension", &value)
        );
        kept(bundle.as_bytes(), "nested deeper");
    }
    kept(with("id", "\"2\"").as_bytes(), "twice");
    kept(with("multipleBirthInteger", &"9".repeat(100_000)).as_bytes(), "");
    kept(with("multipleBirthInteger", "1e999999999").as_bytes(), "");
    kept(with("birthDate", &format!("\"{}\"", "9".repeat(1 << 20))).as_bytes(), "date");
    kept(with(&"x".repeat(1 << 20), "1").as_bytes(), "");
    // Long texts are content like any other.
    let house = House::new();
    let name = with("name", &format!(r#"[{{"family":"{}"}}]"#, "x".repeat(10 << 20)));
    let report = house.import("file", name.as_bytes());
    assert_eq!((report.stored, report.issue_count), (1, 0), "{:?}", report.issues.first());
    // One bad line among good ones is one letter.
    let lines = format!("{}\n{}\n{}\n", patient(5), with("extension", &deep("[", "]")), patient(6));
    let report = house.import("lines", lines.as_bytes());
    assert_eq!(
        (report.stored, report.dead_letters.len(), report.issues[0].place.as_str()),
        (2, 1, "line 2"),
        "{report:?}"
    );
}

#[test]
fn no_file_stalls_another() {
    let house = House::new();
    let folder = house.folder().join("files");
    std::fs::create_dir_all(&folder).unwrap();
    let bomb = gzip(&[b"{\"resourceType\":\"Patient\",\"x\":\"".to_vec(), vec![b' '; 64 << 20]].concat());
    let bad: Vec<Vec<u8>> = vec![
        bomb.clone(),
        zip(&[("bomb.gz", &bomb), ("fine.json", br#"{"resourceType":"Patient","id":"beside-the-bomb"}"#)]),
        vec![0; 5_000],
        gzip(&gzip(&gzip(&gzip(b"{}")))),
        b"{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{}]}".to_vec(),
        format!("{{\"resourceType\":\"Patient\",\"a\":{}", "[".repeat(100_000)).into_bytes(),
        MESSAGE.replace("PID|", "XXX|").into_bytes(),
        gzip(MESSAGE.as_bytes())[..60].to_vec(),
    ];
    for (no, bytes) in bad.iter().enumerate() {
        std::fs::write(folder.join(format!("{no}-bad")), bytes).unwrap();
        std::fs::write(folder.join(format!("{no}-good")), patient(no)).unwrap();
    }
    let files = files_at(&[folder]).unwrap();
    let import = || {
        house
            .importer
            .import_all(&everything(), &files, &ImportOptions::default(), &mut |_| ControlFlow::Continue(()))
            .unwrap()
    };
    let reports = import();
    for (no, bytes) in bad.iter().enumerate() {
        let (bad, good) = (&reports[2 * no], &reports[2 * no + 1]);
        assert_eq!((good.stored, good.issue_count), (1, 0), "{good:?}");
        assert!(bad.issue_count > 0 && !bad.dead_letters.is_empty(), "{bad:?}");
        assert!(keeps_whole(&house, bad, bytes), "{bad:?}");
    }
    assert!(house.records.read(&everything(), "Patient", "beside-the-bomb").is_ok());
    let open = house.records.open_dead_letters(&everything()).unwrap();
    import();
    assert_eq!(house.records.open_dead_letters(&everything()).unwrap(), open, "the same letters again");
}

/// An archive of three files, of which the first is long enough to be packed.
fn three() -> Vec<u8> {
    let long = patient(0) + &"\n".repeat(200);
    zip(&[("a", long.as_bytes()), ("ward/b", patient(1).as_bytes()), ("c", patient(2).as_bytes())])
}

#[test]
fn a_file_that_the_directory_of_an_archive_leaves_out_is_named() {
    let whole = three();
    assert_eq!(House::new().import("a", &whole).issues, []);
    let entries: Vec<usize> =
        whole.windows(4).enumerate().filter(|(_, bytes)| *bytes == b"PK\x01\x02").map(|(at, _)| at).collect();
    let end = whole.windows(4).position(|bytes| bytes == b"PK\x05\x06").unwrap();
    // The directory without one of its entries, as if the archive had been made so.
    let without = |no: usize| {
        let next = entries.get(no + 1).copied().unwrap_or(end);
        let mut bytes = [&whole[..entries[no]], &whole[next..]].concat();
        let end = end - (next - entries[no]);
        bytes[end + 8] -= 1;
        bytes[end + 10] -= 1;
        let length = (end - entries[0]) as u32;
        bytes[end + 12..end + 16].copy_from_slice(&length.to_le_bytes());
        bytes
    };
    for (no, name) in ["a", "ward/b", "c"].into_iter().enumerate() {
        let house = House::new();
        let bytes = without(no);
        let report = house.import("all.zip", &bytes);
        assert_eq!(report.stored, 2, "{name}: {report:?}");
        assert!(report.issues[0].message.starts_with(&format!("{name} (byte ")), "{:?}", report.issues);
        assert!(keeps_whole(&house, &report, &bytes));
    }
    // Two archives in one file: the last one's directory is what counts.
    let house = House::new();
    let both = [whole.clone(), zip(&[("d", patient(3).as_bytes())])].concat();
    let report = house.import("both.zip", &both);
    assert_eq!(report.stored, 1, "{report:?}");
    assert!(report.issues[0].message.contains("ward/b"), "{:?}", report.issues);
    assert!(keeps_whole(&house, &report, &both));
}

#[test]
fn what_systems_put_beside_files_in_an_archive_is_passed_over() {
    let one = patient(0);
    let beside: &[u8] = b"\x00\x05\x16\x07";
    let bytes = zip(&[("./in/a", one.as_bytes()), ("in/.DS_Store", beside), ("__MACOSX/in/._a", beside)]);
    let report = House::new().import("mac.zip", &bytes);
    assert_eq!((report.stored, report.issues.len()), (1, 0), "{report:?}");
}

#[test]
fn two_files_of_one_name_in_an_archive_are_not_one() {
    let mut bytes = zip(&[("a", patient(0).as_bytes()), ("b", patient(1).as_bytes())]);
    let names: Vec<usize> =
        (0..bytes.len()).filter(|at| bytes[*at..].starts_with(b"b") && bytes[at - 1] == 0).collect();
    for at in names {
        bytes[at] = b'a';
    }
    let house = House::new();
    let report = house.import("twice.zip", &bytes);
    assert!(report.stored == 2 || report.issues[0].message.contains("was not read"), "{report:?}");
}
