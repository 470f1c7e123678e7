//! What is told of messages with faults, as lines a person reads.

use super::{Finding, Options, Report, Rule, Severity, lint, lint_file};
use crate::ack::Outcome;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::collections::HashMap;

/// Segments on lines, indentation and blank lines aside.
fn bytes(text: &str) -> Vec<u8> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\r").into_bytes()
}

fn assert_sound(report: &Report, length: usize) {
    let mut told: HashMap<(Option<String>, usize, Rule), &Finding> = HashMap::new();
    for finding in &report.findings {
        assert!(finding.span.start <= finding.span.end && finding.span.end <= length, "{}", finding.line());
        let place = finding.place.map(|place| place.to_string());
        let other = told.insert((place, finding.span.start, finding.rule), finding);
        assert!(other.is_none_or(|other| other.text != finding.text), "told twice: {}", finding.line());
    }
}

/// What is told from warnings on, without what the map does not take.
fn check(text: &str, expected: Expect) {
    check_bytes(&bytes(text), Severity::Warning, expected);
}

fn check_bytes(bytes: &[u8], least: Severity, expected: Expect) {
    let report = lint(bytes, &Options::new("lab"));
    assert_sound(&report, bytes.len());
    expected.assert_eq(&report.text(least));
}

const ADMIT: &str = "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A01^ADT_A01|1|P|2.5
    EVN||20240102
    PID|1||12^^^HOSP^MR||Doe^Ann||19700102|F
    PV1|1|I|W1^2^A^HOSP||||||||||||||||V9^^^HOSP^VN";

#[test]
fn a_good_message_has_nothing_to_be_told() {
    let bytes = bytes(ADMIT);
    check_bytes(
        &bytes,
        Severity::Note,
        expect![[r#"
        ADT^A01 1, version 2.5, bytes 0..156
          answer: AA, stored
    "#]],
    );
    assert!(lint(&bytes, &Options::new("lab")).findings.is_empty());
}

#[test]
fn values_are_checked_by_their_types_and_tables_and_each_fault_is_told_once() {
    check(
        r"MSH|^~\&|LAB|HOSP|||20240102||ORU^R01^ORU_R01|1|P|2.5
          PID|1||12^^^HOSP^MR||Doe^Ann||19700231|Q
          OBR|1||F1^LAB|CBC^Count^L|||2024-01-02 10:00|||||||||||||||||||Q
          OBX|1|NM|718-7^Hb^LN||high|g/dL|||||F
          OBX|2|NM|718-7^Hb^LN||13|g/dL|||||Y|||tomorrow
          OBX|x|SN|718-7^Hb^LN||~^13|g/dL|||||F
          OBX|4|QQ|718-7^Hb^LN||13
          OBX|5||718-7^Hb^LN||13|||||||
          OBX|6|TM|718-7^Hb^LN||25:00||||||F",
        expect![[r#"
            ORU^R01 1, version 2.5, bytes 0..372
              error: PID-7, byte 84: "19700231" is no date or time (YYYYMMDDHHMMSS+ZZZZ) and was left out: have the sender write YYYYMMDDHHMMSS as far as known, with a zone as in +0100 [data-type, HL7 v2, chapter 2A]
              warning: PID-8, byte 93: "Q" is not of table 0001; the gender was left out: agree with the sender on what it means; suggested are A, F, M, N, O, U, X [code, HL7 v2, chapter 2C]
              warning: OBR-7, byte 123: "2024-01-02 10:00" is not written as the standard writes it: have the sender write YYYYMMDDHHMMSS as far as known, with a zone as in +0100 [data-type, HL7 v2, chapter 2A]
              warning: OBR-25, byte 157: no result status; the report's status is unknown: have the sender correct it, or see that it was read as meant [reading]
              error: OBX-5, byte 182: a numeric value (NM) is no number; it was kept as text: have the sender write digits with a point, as in -12.5 [data-type, HL7 v2, chapter 2A]
              warning: OBX[2]-11, byte 232: "Y" is not of table 0085; the status is unknown: have the sender use one of A, B, C, D, F, I, N, O, P, R, S, U, … [code, HL7 v2, chapter 2C]
              error: OBX[2]-14, byte 236: "tomorrow" is no date or time (YYYYMMDDHHMMSS+ZZZZ) and was left out: have the sender write YYYYMMDDHHMMSS as far as known, with a zone as in +0100 [data-type, HL7 v2, chapter 2A]
              error: OBX[3]-1, byte 249: "x" is no sequence number (SI): have the sender write a whole number, as in 1 [data-type, HL7 v2, chapter 2A]
              warning: OBX[4]-2, byte 289: values of type QQ were read as text: have the sender use one of AD, AUI, CCD, CCP, CD, CE, CF, CK, CN, CNE, CNN, CP, … [code, HL7 v2, chapter 2C]
              error: OBX[4]-11, byte 307: a required field is empty: have the sender fill it [required-field, HL7 v2, chapter 7]
              error: OBX[5]-2, byte 314: no value type is given; the value was read as text: have the sender fill OBX-2 [required-field, HL7 v2, chapter 7]
              error: OBX[5]-11, byte 336: a required field is empty: have the sender fill it [required-field, HL7 v2, chapter 7]
              error: OBX[6]-5, byte 360: "25:00" is no time (HHMMSS) and was left out: have the sender write HHMM or HHMMSS, with a zone as in +0100 [data-type, HL7 v2, chapter 2A]
              answer: AA, stored
        "#]],
    );
}

#[test]
fn required_fields_and_repetitions_go_by_the_version() {
    let message = |version: &str| {
        format!(
            r"MSH|^~\&|LAB|HOSP|||||ADT^A40|1|P|{version}
              EVN||20240102
              PID|1||12^^^HOSP^MR||Doe^Ann|||F~M
              MRG|13^^^HOSP^MR||A1^^^HOSP~A2^^^HOSP"
        )
    };
    check(
        &message("2.3"),
        expect![[r#"
        ADT^A40 1, version 2.3, bytes 0..124
          warning: PID-8, byte 83: 2 repetitions of a field that has none: have the sender give one; a ~ that is text is written as an escape sequence (\R\) [repetition, HL7 v2, chapter 3]
          warning: MRG-3, byte 105: 2 repetitions of a field that has none: have the sender give one; a ~ that is text is written as an escape sequence (\R\) [repetition, HL7 v2, chapter 3]
          answer: AA, stored
    "#]],
    );
    check(
        &message("2.9"),
        expect![[r#"
        ADT^A40 1, version 2.9, bytes 0..124
          error: MSH-7, byte 20: a required field is empty: have the sender fill it [required-field, HL7 v2, chapter 2]
          warning: PID-8, byte 83: 2 repetitions of a field that has none: have the sender give one; a ~ that is text is written as an escape sequence (\R\) [repetition, HL7 v2, chapter 3]
          answer: AA, stored
    "#]],
    );
}

#[test]
fn the_header_says_what_the_message_is() {
    check(
        r"MSH|^~\&|LAB|HOSP|||20240102||ORU_R01|||2.99
          PID|1||12^^^HOSP^MR||Doe^Ann
          OBR|1||F1^LAB|CBC^Count^L|||20240102||||||||||||||||||F
          OBX|1|NM|718-7^Hb^LN||13|g/dL|||||F",
        expect![[r#"
            ORU^R01, version 2.99, bytes 0..165
              warning: MSH-9, byte 30: the event stands in the first component; it is read as ORU^R01: have the sender write the type and the event as two components [header, HL7 v2, chapter 2]
              error: MSH-10, byte 38: there is no control id: an answer cannot say which message it belongs to: have the sender number its messages [header, HL7 v2, chapter 2]
              error: MSH-11, byte 39: it is not said whether this is production (P), training (T) or debugging (D): have the sender write P, T or D [header, HL7 v2, chapter 2]
              warning: MSH-12, byte 40: "2.99" is not of HL7's table 0104: have the sender write the version, as in 2.5.1 [header, HL7 v2, chapter 2]
              answer: AA, stored
        "#]],
    );
    check(
        r"MSH|^~\&|LAB|HOSP|||20240102||ADT^A01^ADT_A05|1|X|2.5||||SOON|
          EVN|A04|20240102
          PID|1||12^^^HOSP^MR||Doe^Ann
          PV1|1|I",
        expect![[r#"
            ADT^A01 1, version 2.5, bytes 0..116
              warning: MSH-9, byte 30: the structure is called ADT_A05; messages of ADT^A01 have ADT_A01: some receivers choose what they expect by it [header, HL7 v2, chapter 2]
              warning: MSH-11, byte 48: "X" is not of HL7's table 0103: have the sender write P, T or D [header, HL7 v2, chapter 2]
              warning: MSH-16, byte 57: "SOON" is not of HL7's table 0155: have the sender use one of AL, ER, NE, SU [code, HL7 v2, chapter 2C]
              warning: EVN-1, byte 67: EVN-1 says A04, MSH-9 says A01: the header counts: have the sender write the same, or leave EVN-1 empty [header, HL7 v2, chapter 3]
              warning: PV1-19, byte 116: no visit number: the stay is known by patient, class and admission time: have the sender correct it, or see that it was read as meant [reading]
              answer: AA, stored
        "#]],
    );
}

#[test]
fn segments_that_are_missing_misplaced_or_unknown_are_told_once() {
    check_bytes(
        &bytes(
            r"MSH|^~\&|ADT|HOSP|||20240102||ADT^A01|1|P|2.5
              PID|1||12^^^HOSP^MR||Doe^Ann
              PV1|1|N
              NK1|1|Doe^Bob
              ZPI|1|x
              ZPI|2|x
              XYZ|1
              OBR|1",
        ),
        Severity::Note,
        expect![[r#"
            ADT^A01 1, version 2.5, bytes 0..124
              note: MSH-9, byte 30: the structure is not given, which 2.5 and later require: have the sender write ADT_A01 as the third component [header, HL7 v2, chapter 2]
              error: EVN, byte 46: ADT_A01 needs EVN before PID: have the sender add EVN [missing-segment, HL7 v2, chapter 3]
              warning: NK1, byte 83: NK1 stands behind PV1, where ADT_A01 has none: have the sender put it where ADT_A01 has it: behind PID, PD1, ARV, ROL, PRT and others [segment-order, HL7 v2, chapter 3]
              note: ZPI, byte 97: ZPI is a segment of the sender's own (2 times): agree with the sender on what it means [local-segment, HL7 v2, chapter 2]
              warning: XYZ, byte 113: XYZ is no segment of HL7 v2: correct its name, or begin a name of one's own with Z [unknown-segment, HL7 v2]
              warning: OBR, byte 119: OBR is no part of ADT_A01: receivers may pass over it: have it sent in a message that has it [unknown-segment, HL7 v2, chapter 4]
              error: OBR-4, byte 124: a required field is empty: have the sender fill it [required-field, HL7 v2, chapter 4]
              answer: AA, stored
        "#]],
    );
}

#[test]
fn a_segment_whose_end_before_it_was_lost_is_found_inside_of_the_other() {
    check(
        r"MSH|^~\&|LAB|HOSP|||20240102||OML^O21^OML_O21|1|P|2.5
          PID|1||12^^^HOSP^MR||Doe^Ann
          PV1|1|O|||||||||||||||||V9^^^HOSPORC|NW|7^HIS
          OBR|1|7^HIS||CBC^Count^L",
        expect![[r#"
            OML^O21 1, version 2.5, bytes 0..153
              error: ORC, byte 116: OML_O21 needs ORC before OBR, and ORC stands inside of PV1: have the sender end each segment with a carriage return [missing-segment, HL7 v2, chapter 4]
              answer: AA, stored
        "#]],
    );
}

#[test]
fn numbers_of_segments_count_from_one_and_anew_where_another_begins() {
    check_bytes(
        &bytes(
            r"MSH|^~\&|LAB|HOSP|||20240102||ORU^R01^ORU_R01|1|P|2.5
              PID|1||12^^^HOSP^MR||Doe^Ann
              OBR|1||F1^LAB|CBC^Count^L|||20240102||||||||||||||||||F
              OBX|2|ST|A^a^L||x||||||F
              OBX|3|ST|B^b^L||x||||||F
              OBX|3|ST|C^c^L||x||||||F
              OBX|5|ST|D^d^L||x||||||F
              OBR|2||F2^LAB|CBC^Count^L|||20240102||||||||||||||||||F
              OBX|1|ST|A^a^L||x||||||F",
        ),
        Severity::Note,
        expect![[r#"
            ORU^R01 1, version 2.5, bytes 0..319
              note: OBX-1, byte 143: the first OBX has the number 2, not 1: have the sender count the segments of one kind from 1 [set-id, HL7 v2, chapter 7]
              warning: OBX[3]-1, byte 193: number 3 stands behind number 3: have the sender count the segments of one kind from 1 [set-id, HL7 v2, chapter 7]
              note: OBX[4]-1, byte 218: number 5 stands behind number 3: some are left out: have the sender count the segments of one kind from 1 [set-id, HL7 v2, chapter 7]
              answer: AA, stored
        "#]],
    );
}

#[test]
fn numbers_of_people_are_checked_with_who_gave_them() {
    check(
        r"MSH|^~\&|ADT|HOSP|||20240102||ADT^A31^ADT_A05|1|P|2.5
          EVN||20240102
          PID|1||12345^7^M10^HOSP&1.Edu&ISO^MR~77~^^^HOSP^PI~1234567^4^M11^&1.2.3&QQQ||Doe, Ann
          PV1|1|N",
        expect![[r#"
            ADT^A31 1, version 2.5, bytes 0..161
              warning: PID-3.2, byte 81: the check digit is "7", and M10 makes 5 of the number: look whether the number was typed wrong, or the scheme is another one [identifier, HL7 v2, chapter 2A]
              warning: PID-3.4.2, byte 92: "1.Edu" is said to be an OID (ISO) and is none: an OID is of numbers with points between, as in 2.16.840.1.113883 [identifier, HL7 v2, chapter 2A]
              warning: PID-3[2], byte 105: nobody is named who gave this number (CX.4): it is the sender's own: have the sender name the assigning authority, so that others' equal numbers are told from it [identifier, HL7 v2, chapter 2A]
              warning: PID-3[3], byte 108: there is no number in it: have the sender give the number, or leave the whole out [identifier, HL7 v2, chapter 2A]
              warning: PID-3[4].4.3, byte 140: "QQQ" is not of HL7's table 0301: have the sender use one of CAP, CEN, CLIA, CLIP, DNS, EUI64, GUID, HCD, HL7, ISO, L, M, … [code, HL7 v2, chapter 2C]
              warning: PID-5.1, byte 145: the whole name stands in the family name: have the sender put the given name into the second component [data-type, HL7 v2, chapter 2A]
              answer: AA, stored
        "#]],
    );
}

#[test]
fn framing_separators_and_characters_are_told() {
    check_bytes(
        "MSH|^~\\\\&|ADT|HOSP|||20240102||ADT^A31^ADT_A05|1|P|2.5\nEVN||20240102\n  PID|1||12^^^HOSP^MR||Dœ^\\Ann\\||||||C:\\a\\b\nand more\npv1|1|N\n".as_bytes(),
        Severity::Note,
        expect![[r#"
            ADT^A31 1, version 2.5, bytes 0..131
              warning: MSH-2, byte 4: the escape character is doubled; it is read as one: have the sender write ^~\&: a program took the backslash for its own escape [separators, HL7 v2, chapter 2]
              warning: MSH-18, byte 54: no character set is named, which means ASCII, and byte 93 is not of it; read as UTF-8: have the sender name the set in MSH-18, as in UNICODE UTF-8 [character-set, HL7 v2, chapter 2]
              note: byte 54: segments end with a line feed, where the standard has a carriage return alone: over MLLP some receivers refuse it; medweave hl7 send writes carriage returns [framing, HL7 v2, chapter 2]
              warning: PID, byte 68: the segment is indented: have the sender begin each segment at the start of its line [framing, HL7 v2, chapter 2]
              warning: PID-5, byte 96: "\\Ann\\" is no escape sequence, and 1 more such; it is read as it stands: have the sender write a \ that is text as \E\ [escape, HL7 v2, chapter 2]
              warning: PID-11, byte 109: "\\a\\" is no escape sequence, and 1 more such; it is read as it stands: have the sender write a \ that is text as \E\ [escape, HL7 v2, chapter 2]
              warning: PID, byte 113: a line break inside the segment was kept as text: have the sender write a line break that is text as \.br\ [framing]
              warning: PV1, byte 123: the name of the segment is in lower case: have the sender write it in capitals [framing, HL7 v2, chapter 2]
              answer: AA, stored
        "#]],
    );
    check_bytes(
        b"MSH|^~\\&|ADT|HOSP|||20240102||ADT^A31^ADT_A05|1|P|2.5||||||UNICODE UTF-8\rEVN||20240102\rPID|1||12^^^HOSP^MR||M\xfcller-D\xc3\xbcr\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc^Ann\rPV1|1|N\r",
        Severity::Note,
        expect![[r#"
            ADT^A31 1, version 2.5, bytes 0..144
              warning: PID-5, byte 108: some bytes are not UTF-8 and were replaced: have the sender name the right set in MSH-18, or set the source's character set [character-set, HL7 v2, chapter 2]
              answer: AA, stored
        "#]],
    );
}

#[test]
fn what_cannot_be_read_is_one_error_with_the_answer() {
    check_bytes(
        b"hello",
        Severity::Note,
        expect![[r#"
        no message that can be read, bytes 0..5
          error: byte 0: a message starts with MSH, but byte 0 reads "hello"; check that the sender speaks HL7 v2 with vertical bars [unreadable, HL7 v2, chapter 2]
          answer: AR, a message starts with MSH, but byte 0 reads "hello"; check that the sender speaks HL7 v2 with vertical bars (ERR-3 100 Segment sequence error)
    "#]],
    );
    check_bytes(
        b"MSH|^~\\&|A||||||ADT^A01|1|P|2.5||||||KLINGON\rPID|1||1||\xe4\r",
        Severity::Note,
        expect![[r#"
        no message that can be read, bytes 0..57
          error: MSH-18, byte 37: MSH-18 at byte 37 names the character set "KLINGON", which is not supported, and byte 55 is not ASCII; correct MSH-18 or set the source's character set to override it [unreadable, HL7 v2, chapter 2]
          answer: AR, MSH-18 at byte 37 names the character set "KLINGON", which is not supported, and byte 55 is not ASCII; correct MSH-18 or set the source's character set to override it (ERR-3 103 Table value not found)
    "#]],
    );
}

#[test]
fn the_answer_is_that_of_the_door() {
    let answer = |text: &str| {
        let report = lint(&bytes(text), &Options::new("lab"));
        assert_sound(&report, bytes(text).len());
        (report.verdict.outcome, report.verdict.line())
    };
    let enhanced = ADMIT.replace("|2.5", "|2.5|||AL|ER");
    assert_eq!(answer(&enhanced), (Outcome::Accepted, "AA, stored; asked for in MSH-15 and MSH-16: CA".to_owned()));
    let silent = ADMIT.replace("|2.5", "|2.5|||NE|NE");
    assert_eq!(answer(&silent).1, "AA, stored; asked for in MSH-15 and MSH-16: nothing");
    let refused = "MSH|^~\\&|A||||2024||ADT^A40|1|P|2.5|||AL|AL\nEVN||2024\nPID|1||12^^^H||Doe";
    let (outcome, line) = answer(refused);
    assert_eq!(outcome, Outcome::Error);
    assert_eq!(
        line,
        "AE, ADT^A40 has no MRG segment; have the sender add it (ERR-3 100 Segment sequence error); asked for in MSH-15 and MSH-16: CE, AE"
    );
    // The structure says it too: told once, as the reason.
    let report = lint(&bytes(refused), &Options::new("lab"));
    let of_mrg =
        report.findings.iter().filter(|finding| finding.place.is_some_and(|place| place.segment.as_str() == "MRG"));
    assert_eq!(of_mrg.map(|finding| finding.rule).collect::<Vec<_>>(), [Rule::Refused]);
    let (outcome, line) = answer("MSH|^~\\&|A||||2024||QBP^Q11|1|P|2.5");
    assert_eq!(
        (outcome, line.as_str()),
        (Outcome::Accepted, "AA, QBP^Q11 has no map: it is kept as it came, and nothing is made of it")
    );
}

#[test]
fn a_file_is_judged_with_what_stands_between_its_messages() {
    let message = bytes(ADMIT);
    let other = String::from_utf8(message.clone()).unwrap().replace("Doe", "Roe");
    let mut file = b"FHS|^~\\&|A\rBHS|^~\\&|A\r".to_vec();
    for one in [&message[..], &message[..], other.as_bytes()] {
        file.extend_from_slice(one);
        file.push(b'\r');
    }
    file.extend_from_slice(b"BTS|4\rstray text\r");
    let report = lint_file(&file, &Options::new("lab"));
    assert_eq!((report.messages.len(), report.taken()), (3, 3));
    for one in &report.messages {
        assert!(file[one.span.clone()].starts_with(b"MSH"));
        assert!(
            one.findings.iter().all(|finding| one.span.start <= finding.span.start && finding.span.end <= one.span.end)
        );
    }
    expect![[r#"
          error: byte 499: text that belongs to no message: every message begins with MSH; take it out, or put its header before it [batch, HL7 v2, chapter 2]
          warning: byte 493: BTS-1 says 4 messages, and there are 3: look whether some were lost on the way [batch, HL7 v2, chapter 2]
          warning: byte 510: FHS is there, and FTS is not: look whether the file was cut off [batch, HL7 v2, chapter 2]
        message 1: ADT^A01 1, version 2.5, bytes 22..179
          answer: AA, stored
        message 2: ADT^A01 1, version 2.5, bytes 179..336
          warning: MSH-10, byte 179: the same as message 1 of the file: a repeat is answered and changes nothing [batch, HL7 v2, chapter 2]
          answer: AA, stored
        message 3: ADT^A01 1, version 2.5, bytes 336..493
          warning: MSH-10, byte 336: message 1 of the file has the same control id and says something else: have the sender give each message an id of its own: receivers may take it for a repeat [batch, HL7 v2, chapter 2]
          answer: AA, stored
    "#]].assert_eq(&report.text(Severity::Note));
    let empty = lint_file(b"nothing here", &Options::new("lab"));
    assert_eq!((empty.count(Severity::Error), empty.messages.len()), (2, 0));
}

#[test]
fn json_has_what_the_text_has() {
    let report = lint(b"MSH|^~\\&|A||||2024||ADT^A40|1|P|2.5\rEVN||2024\rPID|1||12^^^H||Doe\r", &Options::new("lab"));
    expect![[r#"{"event":"ADT^A40","control_id":"1","version":"2.5","offset":0,"length":65,"findings":[{"severity":"error","rule":"refused","place":"MRG","offset":64,"length":0,"text":"ADT^A40 has no MRG segment; have the sender add it","advice":"as it is, the message becomes a dead letter"}],"answer":{"code":"AE","asked":["AE"],"text":"ADT^A40 has no MRG segment; have the sender add it","condition":"100","place":"MRG"}}"#]].assert_eq(&report.json(Severity::Warning).to_string());
}

proptest! {
    #[test]
    fn no_bytes_break_it(at in 0usize..168, byte in any::<u8>(), cut in 0usize..168) {
        let mut bytes = bytes(ADMIT);
        let at = at.min(bytes.len() - 1);
        bytes[at] = byte;
        let report = lint(&bytes, &Options::new("lab"));
        assert_sound(&report, bytes.len());
        let report = lint_file(&bytes[cut.min(bytes.len())..], &Options::new("lab"));
        prop_assert!(report.text(Severity::Note).len() + report.json(Severity::Note).to_string().len() > 0);
    }
}
