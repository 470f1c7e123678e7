use super::*;
use crate::ParseError;
use crate::message::Place;
use proptest::prelude::*;

const HEADER: &str = "MSH|^~\\&|LAB|NORTH|||20240102||ORU^R01|1|P|2.5";

fn parse(bytes: &[u8]) -> Message<'_> {
    Message::parse(bytes, &ParseOptions::default()).unwrap()
}

fn first<'m>(message: &'m Message<'_>, id: &'m str) -> Segment<'m> {
    message.segments(id).next().unwrap()
}

#[test]
fn values_are_reached_by_number_and_know_their_place_and_bytes() {
    let bytes = format!("{HEADER}\rPID|1||a~12^^^HOSP&1.2.3&ISO^MR||Doe^Ann\rZXX|own\r");
    let message = parse(bytes.as_bytes());
    let pid = first(&message, "PID");
    let sub = pid.field(3).repeat(1).component(4).sub(2);
    assert_eq!((sub.text().as_ref(), sub.place().to_string().as_str()), ("1.2.3", "PID-3[2].4.2"));
    assert_eq!(&bytes.as_bytes()[sub.span()], b"1.2.3");
    assert_eq!(pid.field(3).repeat_count(), 2);
    assert_eq!(first(&message, "ZXX").field(1).text(), "own");
    assert_eq!(message.header().field(1).text(), "|");
    assert_eq!(message.header().field(2).text(), "^~\\&");
    assert_eq!(message.header().field(3).text(), "LAB");
    assert_eq!(message.event(), ("ORU".to_owned(), "R01".to_owned()));
    for absent in [pid.field(0).span(), pid.field(40).span(), pid.field(5).component(9).sub(9).span()] {
        assert!(absent.is_empty() && absent.end <= bytes.len());
    }
}

#[test]
fn line_ends_of_every_kind_and_blank_lines_separate_segments() {
    for end in ["\r", "\n", "\r\n", "\r\r\n", "\n\n", "\r\n  \r\n"] {
        let bytes = [HEADER, "PID|1", "OBX", "NTE|1||a"].join(end);
        for tail in ["", end] {
            let bytes = format!("{bytes}{tail}");
            let message = parse(bytes.as_bytes());
            let ids: Vec<_> = message.all().map(|s| s.id().to_string()).collect();
            assert_eq!(ids, ["MSH", "PID", "OBX", "NTE"], "{bytes:?}");
            assert_eq!(first(&message, "NTE").field(3).text(), "a");
        }
    }
}

#[test]
fn indented_segments_are_segments_and_indented_text_is_text() {
    let bytes = "\n    MSH|^~\\&|||||||ORU^R01|1|P|2.5\n    PID|1||7\n\tOBX|1|TX|A||first\n      second, and\n      not|a segment\n    NTE|1||b";
    let message = parse(bytes.as_bytes());
    let ids: Vec<_> = message.all().map(|s| s.id().to_string()).collect();
    assert_eq!(ids, ["MSH", "PID", "OBX", "NTE"]);
    assert_eq!(first(&message, "NTE").field(3).text(), "b");
    assert!(first(&message, "OBX").field(5).text().contains("second, and"));
    assert_eq!(written(&message), bytes.as_bytes());
    assert_eq!(Batch::split(bytes.as_bytes()).messages.len(), 1);
}

#[test]
fn a_space_among_the_separators_is_none() {
    let message = parse(b"MSH|^~ &|A||||||ADT^A01|1|P|2.5\rPID|1||7^^^H&1.2&ISO~8||O\\T\\N b");
    let pid = first(&message, "PID");
    assert_eq!(pid.field(3).component(4).sub(2).text(), "1.2");
    assert_eq!((pid.field(3).repeat_count(), pid.field(5).text().as_ref()), (2, "O\\T\\N b"));
    assert_eq!(message.separators().encoding_characters(), b"^~ &");
}

#[test]
fn a_backslash_that_was_doubled_is_one() {
    let message = parse(b"MSH|^~\\\\&|A||||||ADT^A01|1|P|2.5\rPID|1||7^^^H&1.2&ISO||O\\T\\N");
    assert_eq!(first(&message, "PID").field(3).component(4).sub(2).text(), "1.2");
    assert_eq!(first(&message, "PID").field(5).text(), "O&N");
}

#[test]
fn utf8_under_the_name_of_an_old_set_is_utf8_and_told() {
    let utf8 = with_name("8859/1", Charset::UTF_8, "Müller-Lüdenscheidt");
    for source in [None, Some(Charset::LATIN_1)] {
        let message = Message::parse(&utf8, &ParseOptions { charset: source, ..ParseOptions::default() }).unwrap();
        assert_eq!(first(&message, "PID").field(5).component(1).text(), "Müller-Lüdenscheidt");
        assert!(message.issues()[0].text.starts_with("the text is UTF-8"), "{:?}", message.issues());
    }
    for (declared, source) in [("GB 18030-2000", None), ("", Some(Charset::GB18030)), ("BIG-5", None)] {
        let bytes = with_name(declared, Charset::UTF_8, "张伟");
        let message = Message::parse(&bytes, &ParseOptions { charset: source, ..ParseOptions::default() }).unwrap();
        assert_eq!(first(&message, "PID").field(5).component(1).text(), "张伟", "{declared}");
    }
    for (declared, charset, name) in
        [("8859/1", Charset::LATIN_1, "Müller"), ("8859/5", Charset::from_name("8859/5").unwrap(), "Иванов")]
    {
        let bytes = with_name(declared, charset, name);
        let message = parse(&bytes);
        assert_eq!(first(&message, "PID").field(5).component(1).text(), name);
        assert!(message.issues().is_empty());
    }
}

#[test]
fn a_line_that_is_no_segment_continues_the_one_before_and_is_told() {
    let bytes = format!("{HEADER}\rOBX|1|TX|||first line\nsecond line\r\nthird|F\rNTE|1");
    let message = parse(bytes.as_bytes());
    assert_eq!(first(&message, "OBX").field(5).text(), "first line\nsecond line\r\nthird");
    assert_eq!(first(&message, "OBX").field(6).text(), "F");
    assert_eq!(message.issues().len(), 1);
    assert_eq!(message.issues()[0].place.to_string(), "OBX");
}

#[test]
fn null_is_not_absent() {
    let bytes = format!("{HEADER}\rPID|||\"\"||\"\"^Ann|^^&&");
    let message = parse(bytes.as_bytes());
    let pid = first(&message, "PID");
    assert!(pid.field(3).is_null() && !pid.field(3).is_empty() && !pid.field(3).has_value());
    assert!(pid.field(5).component(1).is_null());
    assert!(pid.field(4).is_empty() && !pid.field(4).is_null());
    assert!(!pid.field(6).has_value());
}

#[test]
fn escapes_are_resolved_and_what_is_none_stays() {
    for (text, expected) in [
        (r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f"),
        (r"one\.br\two\.sp2\three", "one\ntwo\n\nthree"),
        (r"\H\bold\N\ and \X4A4b\", "bold and JK"),
        (r"C:\dir\file", r"C:\dir\file"),
        (r"half\", r"half\"),
        (r"\Zlocal\x\.sk3\y", r"\Zlocal\x   y"),
        (r"\.in+4\indented\.fi\", "indented"),
        (r"\XE9\", "\u{fffd}"),
        (r"\X0g\", r"\X0g\"),
    ] {
        let bytes = format!("{HEADER}\rNTE|1||{text}");
        assert_eq!(first(&parse(bytes.as_bytes()), "NTE").field(3).text(), expected, "{text}");
    }
}

#[test]
fn separators_are_those_of_the_header() {
    let message = parse(b"MSH*$%?!*LAB\rPID***a!b$c%d?S?e*x^y|z");
    let pid = first(&message, "PID");
    assert_eq!(pid.field(3).component(1).sub(2).text(), "b");
    assert_eq!(pid.field(3).repeat(1).text(), "d$e");
    assert_eq!(pid.field(4).text(), "x^y|z");
    // Fewer than four: the rest do not separate.
    let message = parse(b"MSH|^\rPID|||a~b^c&d\\F\\");
    assert_eq!(first(&message, "PID").field(3).component(2).text(), "c&d\\F\\");
    assert_eq!(first(&message, "PID").field(3).repeat_count(), 1);
}

#[test]
fn second_bytes_of_characters_do_not_separate() {
    // U+8A31 is B3 5C in Big5; GB 18030 has 82 7C (U+5027), 81 5E, 8F 7E and four-byte characters.
    for (name, charset, text) in [
        ("BIG-5", Charset::BIG5, "許功蓋|"),
        ("GB 18030-2000", Charset::GB18030, "倈乗張\u{20ac}\u{3402}\u{20087}|"),
        ("GBK", Charset::GB18030, "倈乗|"),
        ("ISO IR87", Charset::ISO_2022_JP, "山田太郎|"),
        ("KS X 1001", Charset::from_name("KS X 1001").unwrap(), "홍길동|"),
        ("UNICODE UTF-8", Charset::UTF_8, "張三|"),
        ("8859/1", Charset::LATIN_1, "Žoë|"),
        ("8859/5", Charset::from_name("8859/5").unwrap(), "Иван|"),
        ("8859/15", Charset::from_name("ISO-8859-15").unwrap(), "€uro|"),
    ] {
        let name_text = text.trim_end_matches('|');
        let mut bytes = b"MSH|^~\\&|".to_vec();
        bytes.extend(charset.encode(name_text));
        bytes.extend(format!("||||||ADT^A01|1|P|2.5||||||{name}\rPID|||1||").bytes());
        let start = bytes.len();
        bytes.extend(charset.encode(name_text));
        let end = bytes.len();
        bytes.extend_from_slice(b"^Given|tail\r");
        let message = parse(&bytes);
        assert_eq!(message.charset(), charset, "{name}");
        assert_eq!(message.header().field(3).text(), name_text);
        let family = first(&message, "PID").field(5).component(1);
        assert_eq!(family.text(), name_text, "{name}");
        assert_eq!(family.span(), start..end, "{name}");
        assert_eq!(first(&message, "PID").field(6).text(), "tail");
        assert!(message.issues().is_empty(), "{:?}", message.issues());
    }
    assert!(Charset::GB18030.encode("倈").contains(&b'|'));
    assert!(Charset::BIG5.encode("許").contains(&b'\\'));
}

#[test]
fn japanese_alternatives_and_katakana_are_read() {
    let bytes = b"MSH|^~\\&|||||||ADT^A01|1|P|2.5||||||~ISO IR87\rPID|||1||\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B^^^^^L^I~\x1b(I\x54\x4f\x40\x1b(B^x";
    let message = parse(bytes);
    let name = first(&message, "PID").field(5);
    assert_eq!(name.component(1).text(), "山田");
    assert_eq!(name.component(2).text(), "太郎");
    assert_eq!(name.component(8).text(), "I");
    assert_eq!(name.repeat(1).component(1).text(), "ﾔﾏﾀ");
}

#[test]
fn the_source_names_the_character_set_of_messages_that_name_none() {
    let mut bytes = format!("{HEADER}\rPID|||1||").into_bytes();
    bytes.extend(Charset::GB18030.encode("倈三"));
    bytes.extend_from_slice(b"^Given");
    let options = ParseOptions { charset: Some(Charset::GB18030), ..ParseOptions::default() };
    let message = Message::parse(&bytes, &options).unwrap();
    assert_eq!(first(&message, "PID").field(5).component(1).text(), "倈三");
    // Without it, the bytes are looked at, and the guess is told.
    let guessed = parse(&bytes);
    assert_eq!(guessed.charset(), Charset::GB18030);
    assert!(guessed.issues()[0].text.contains("set the source's character set"));
    // UTF-8 is recognised without being named.
    let bytes = format!("{HEADER}\rPID|||1||張^Given");
    assert_eq!(first(&parse(bytes.as_bytes()), "PID").field(5).component(1).text(), "張");
}

fn with_name(declared: &str, charset: Charset, name: &str) -> Vec<u8> {
    let mut bytes = format!("MSH|^~\\&|||||||ADT^A01|1|P|2.5||||||{declared}\rPID|||1||").into_bytes();
    bytes.extend(charset.encode(name));
    bytes.extend_from_slice(b"^Given|tail");
    bytes
}

#[test]
fn a_set_that_the_text_is_not_written_in_gives_way_to_the_next() {
    let utf8 = Some(Charset::UTF_8);
    let big5 = Some(Charset::BIG5);
    for (declared, source, written, name, expected) in [
        // MSH-18 first, whatever the source is set to.
        ("GB 18030-2000", utf8, Charset::GB18030, "张伟", Charset::GB18030),
        ("8859/1", Some(Charset::GB18030), Charset::LATIN_1, "Müller", Charset::LATIN_1),
        // Then the source's; then what the bytes look like.
        ("", Some(Charset::GB18030), Charset::GB18030, "張偉", Charset::GB18030),
        ("", utf8, Charset::GB18030, "张伟丽，女", Charset::GB18030),
        ("", utf8, Charset::LATIN_1, "Müller-Lüdenscheidt", Charset::LATIN_1),
        ("UNICODE UTF-8", None, Charset::GB18030, "欧阳娜娜", Charset::GB18030),
        ("UNICODE UTF-8", big5, Charset::BIG5, "許功蓋", Charset::BIG5),
        ("ASCII", None, Charset::UTF_8, "张伟", Charset::UTF_8),
    ] {
        let bytes = with_name(declared, written, name);
        let message = Message::parse(&bytes, &ParseOptions { charset: source, ..ParseOptions::default() }).unwrap();
        assert_eq!(message.charset(), expected, "{declared:?} {source:?} {name}");
        assert_eq!(first(&message, "PID").field(5).component(1).text(), name, "{declared:?} {source:?}");
        assert_eq!(first(&message, "PID").field(6).text(), "tail");
    }
}

#[test]
fn text_damaged_in_one_place_keeps_its_character_set() {
    for charset in [Charset::UTF_8, Charset::GB18030] {
        let mut bytes = with_name(charset.name(), charset, "张伟李娜王芳刘洋陈静杨明");
        bytes.extend_from_slice(b"\x81");
        let message = parse(&bytes);
        assert_eq!(message.charset(), charset);
        assert_eq!(first(&message, "PID").field(5).component(1).text(), "张伟李娜王芳刘洋陈静杨明");
    }
}

#[test]
fn errors_say_where_and_what_to_do() {
    let error = |bytes: &[u8]| Message::parse(bytes, &ParseOptions::default()).unwrap_err();
    assert_eq!(error(b" \r\n"), ParseError::Empty);
    assert!(matches!(error(b"\x0bPID|1"), ParseError::NoHeader { offset: 1, .. }));
    assert!(matches!(error(b"BHS|^~\\&\rMSH|^~\\&"), ParseError::BatchHeader { offset: 0, .. }));
    assert!(matches!(error(b"MSH"), ParseError::Separators { field: 1, offset: 3, .. }));
    assert!(matches!(error(b"MSHA^~\\&"), ParseError::Separators { field: 1, .. }));
    assert!(matches!(error(b"MSH|^^\\&"), ParseError::Separators { field: 2, offset: 5, .. }));
    assert!(matches!(error(b"MSH|^~\\&|\rMSH|^~\\&|"), ParseError::SecondHeader { offset: 10 }));
    assert_eq!(error(b"\xff\xfeM\0S\0H\0"), ParseError::Utf16);
    let unknown = b"MSH|^~\\&|||||||ADT^A01|1|P|2.5||||||KLINGON\rPID|\xe9";
    assert!(matches!(error(unknown), ParseError::Charset { offset: 36, first_text: 48, .. }));
    let limits = Limits { bytes: 30, segments: 2, fields: 6 };
    let limited =
        |bytes: &[u8]| Message::parse(bytes, &ParseOptions { limits, ..ParseOptions::default() }).unwrap_err();
    assert!(matches!(limited(&[b'x'; 31]), ParseError::TooLong { bytes: 31, limit: 30 }));
    assert!(matches!(limited(b"MSH|^~\\&\rA01\rA02"), ParseError::TooMany { what: "segments", offset: 13, .. }));
    assert!(matches!(limited(b"MSH|^~\\&\rA01|||||||"), ParseError::TooMany { what: "fields", .. }));
}

#[test]
fn a_file_splits_into_messages_with_and_without_envelope() {
    let file = "\u{feff}FHS|^~\\&\r\nBHS|^~\\&\r\nMSH|^~\\&|A\r\nPID|1\r\n\r\nMSH|^~\\&|B\r\nBTS|2\r\nMSH|^~\\&|C\r\nFTS|1\r\nleft over";
    let batch = Batch::split(file.as_bytes());
    let messages: Vec<_> = batch.messages.iter().map(|r| file[r.clone()].trim_end()).collect();
    assert_eq!(messages, ["MSH|^~\\&|A\r\nPID|1", "MSH|^~\\&|B", "MSH|^~\\&|C"]);
    assert_eq!(batch.envelope.len(), 4);
    assert_eq!(batch.stray.iter().map(|r| &file[r.clone()]).collect::<Vec<_>>(), ["left over"]);
    for range in batch.messages {
        parse(&file.as_bytes()[range]);
    }
}

fn written(message: &Message<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    message.write(&mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic_and_what_parses_writes_back_the_same(
        tail in prop::collection::vec(prop_oneof![
            4 => prop::sample::select(b"|^~\\&\r\n\"PIDOBXMSH1.5X\x1c\x0b\x1b$(BJI ".to_vec()),
            1 => any::<u8>(),
        ], 0..120),
        charset in prop::sample::select(vec!["", "GB 18030-2000", "BIG-5", "ISO IR87", "UNICODE UTF-8", "8859/2", "SHIFT_JIS", "KS X 1001"]),
    ) {
        let mut bytes = format!("MSH|^~\\&|||||||ORU^R01|1|P|2.5||||||{charset}\r").into_bytes();
        bytes.extend(tail);
        if let Ok(message) = Message::parse(&bytes, &ParseOptions::default()) {
            prop_assert_eq!(written(&message), bytes.clone());
            for segment in message.all() {
                for field in segment.fields() {
                    for repeat in field.repeats() {
                        for component in repeat.components() {
                            for sub in component.subs() {
                                let place = sub.place();
                                let again = segment.field(place.field).repeat(place.repeat as usize - 1).component(place.component).sub(place.sub);
                                prop_assert_eq!(again.span(), sub.span());
                                let _ = sub.text();
                            }
                        }
                    }
                }
            }
        }
        let _ = Message::parse(&bytes[3..], &ParseOptions::default());
        let _ = Batch::split(&bytes);
    }

    #[test]
    fn what_is_written_reads_back(text in "\\PC{0,40}", second in "\\PC{0,20}", index in 0usize..3) {
        let charset = [Charset::UTF_8, Charset::GB18030, Charset::BIG5][index];
        // What the character set lacks is lost, as documented; compare what it has.
        let (text, second) = (charset.decode(&charset.encode(&text)).0.into_owned(), charset.decode(&charset.encode(&second)).0.into_owned());
        prop_assume!(text != "\"\"" && second != "\"\"");
        let mut writer = MessageWriter::new(Separators::default(), charset);
        writer.header().field(9, "").components(&["ADT", "A01"]).field(18, ["UNICODE UTF-8", "GB 18030-2000", "BIG-5"][index]);
        writer.segment("PID").field(5, &text).next_component().value(&second);
        let bytes = writer.finish();
        let message = parse(&bytes);
        let field = first(&message, "PID").field(5);
        prop_assert_eq!(field.component(1).text(), text);
        prop_assert_eq!(field.component(2).text(), second);
    }
}

#[test]
fn places_are_read_as_they_are_written_and_lead_to_their_bytes() {
    let bytes = b"MSH|^~\\&|||||||ADT^A01|1|P|2.5\rPID|||7^^^A&1.2&ISO~8||Doe^Ann\rOBX|1\rOBX|2|NM|A|";
    let message = parse(bytes);
    for (text, expected) in [
        ("PID", "PID|||7^^^A&1.2&ISO~8||Doe^Ann"),
        ("PID-3", "7^^^A&1.2&ISO~8"),
        ("PID-3[2]", "8"),
        ("PID-3.4.2", "1.2"),
        ("PID-5.2", "Ann"),
        ("OBX[2]-3", "A"),
        ("PID-30", ""),
        ("OBX-5[2].1.2", ""),
    ] {
        let place: Place = text.parse().unwrap();
        assert_eq!(place.to_string(), text);
        let range = message.find(place).unwrap();
        assert_eq!(std::str::from_utf8(&bytes[range]).unwrap(), expected, "{text}");
    }
    assert_eq!(message.find("ZZZ-1".parse().unwrap()), None);
    for text in ["", "PI", "PID-", "PID-x", "PID[0]-1", "Bundle.entry[0]", "line 3", "PID-1.2.3.4"] {
        assert!(text.parse::<Place>().is_err(), "{text}");
    }
}

#[test]
fn segments_in_lower_case_are_what_they_are_in_upper_case() {
    let bytes = b"msh|^~\\&|||||||oru|1|P|2.5\npid|1||7\r\nObx|1|NM|A||5";
    let message = parse(bytes);
    assert_eq!(message.event(), ("ORU".to_owned(), "R01".to_owned()));
    let order = Message::parse(b"MSH|^~\\&|H||||20240102||ORM|1|P|2.3\rPID|1", &ParseOptions::default()).unwrap();
    assert_eq!(order.event(), ("ORM".to_owned(), "O01".to_owned()));
    assert_eq!(first(&message, "PID").field(3).text(), "7");
    assert_eq!(first(&message, "OBX").field(5).text(), "5");
    let mut written = Vec::new();
    message.write(&mut written);
    assert_eq!(written, bytes);
}
