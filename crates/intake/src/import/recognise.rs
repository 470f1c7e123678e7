//! What a content is, by its first bytes; names are not looked at.

use fhir::json::Document;

/// Bytes looked at to tell what a content is.
pub(crate) const PEEK_BYTES: usize = 64 << 10;
/// Lines looked at to tell lines of resources from one document.
const LINES: usize = 64;

/// What is around a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrapper {
    Gzip,
    Bzip2,
    Zstd,
    Zip,
}

impl Wrapper {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Wrapper::Gzip => "gzip",
            Wrapper::Bzip2 => "bzip2",
            Wrapper::Zstd => "zstd",
            Wrapper::Zip => "zip",
        }
    }
}

/// What a content is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Wrapped(Wrapper),
    /// JSON: one document or lines of them.
    Json,
    /// HL7 v2 messages, a batch of them, or a recording of MLLP.
    Hl7,
    /// A clinical document: CDA.
    Document,
    /// Known, and nothing that is taken here: what it is.
    Foreign(String),
    /// It may be meant for here: what was seen, and what to do.
    Unknown {
        what: String,
        hint: &'static str,
    },
}

/// Tells what begins with `start`.
pub(crate) fn recognise(start: &[u8]) -> Kind {
    if let Some(wrapper) = wrapper(start) {
        return Kind::Wrapped(wrapper);
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let text = &text[text.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(text.len())..];
    if hl7::ccda::is_clinical_document(start) {
        return Kind::Document;
    }
    match text {
        [] if start.is_empty() => Kind::Foreign("the file is empty".into()),
        [] if start.len() < PEEK_BYTES => Kind::Foreign("nothing but white space".into()),
        [b'{', 0, ..] => seen(start, text),
        [b'{', ..] => Kind::Json,
        [0x0b, rest @ ..] if is_segment(rest) => Kind::Hl7,
        _ if is_segment(text) => Kind::Hl7,
        _ => seen(start, text),
    }
}

fn wrapper(start: &[u8]) -> Option<Wrapper> {
    match start {
        [0x1f, 0x8b, ..] => Some(Wrapper::Gzip),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => Some(Wrapper::Bzip2),
        // An archive without content has the end mark of a stream at once.
        [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Some(Wrapper::Bzip2),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Wrapper::Zstd),
        // A skippable frame may come first.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Wrapper::Zstd),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Wrapper::Zip),
        _ => None,
    }
}

/// True if an HL7 v2 header segment begins here: a name, and a field separator that is not a letter.
fn is_segment(text: &[u8]) -> bool {
    match text {
        [b'M', b'S', b'H', separator, ..] | [b'F' | b'B', b'H', b'S', separator, ..] => {
            separator.is_ascii_punctuation() || *separator < b' '
        }
        _ => false,
    }
}

/// Marks of contents that are nothing for this store.
const FOREIGN: &[(&[u8], usize, &str)] = &[
    (b"DICM", 128, "a DICOM file: images are not taken yet"),
    (b"%PDF", 0, "a PDF document"),
    (b"\x89PNG", 0, "a PNG image"),
    (b"\xff\xd8\xff", 0, "a JPEG image"),
    (b"SQLite format 3", 0, "an SQLite database: tables come in by medweave source add"),
    (b"PAR1", 0, "a Parquet file: tables come in by medweave source add"),
];

const UNPACK: &str = "unpack it and replay it as one of gz, bz2, zst, zip, or import what was in it and discard it";
const SAVE_AS_UTF8: &str = "save it as UTF-8 and replay it";

/// Marks of contents that may hold records, in a form that is not read.
const UNREAD: &[(&[u8], usize, &str, &str)] = &[
    (b"\xff\xfe", 0, "UTF-16 text", SAVE_AS_UTF8),
    (b"\xfe\xff", 0, "UTF-16 text", SAVE_AS_UTF8),
    (b"{\0", 0, "UTF-16 text", SAVE_AS_UTF8),
    (b"\0{", 0, "UTF-16 text", SAVE_AS_UTF8),
    (b"M\0S\0H", 0, "UTF-16 text", SAVE_AS_UTF8),
    (b"\0M\0S\0H", 0, "UTF-16 text", SAVE_AS_UTF8),
    (b"\xfd7zXZ\0", 0, "an xz archive", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", 0, "a 7z archive", UNPACK),
    (b"Rar!", 0, "a RAR archive", UNPACK),
    (b"ustar", 257, "a tar archive", UNPACK),
];

fn seen(start: &[u8], text: &[u8]) -> Kind {
    let has = |mark: &[u8], at: usize| start.get(at..).is_some_and(|rest| rest.starts_with(mark));
    if let Some((_, _, what)) = FOREIGN.iter().find(|(mark, at, _)| has(mark, *at)) {
        return Kind::Foreign((*what).into());
    }
    let unknown = |what: String, hint| Kind::Unknown { what: format!("not recognised: {what}"), hint };
    if let Some((_, _, what, hint)) = UNREAD.iter().find(|(mark, at, ..)| has(mark, *at)) {
        return unknown((*what).into(), hint);
    }
    match text.first() {
        Some(b'<') => {
            let hint = "have it sent as FHIR JSON and replay that, or discard it";
            return unknown("XML that is no clinical document (CDA); FHIR is taken as JSON".into(), hint);
        }
        Some(b'[') => {
            let hint = "write its resources one a line, without the brackets and commas around them, and replay it";
            return unknown("a JSON array; resources come as a Bundle or as NDJSON".into(), hint);
        }
        _ => {}
    }
    if let Some(separator) = separator_of(text) {
        return unknown(format!("lines of a table, with {separator} between their cells"), AS_A_TABLE);
    }
    let hint = "FHIR JSON, NDJSON, HL7 v2 and clinical documents (C-CDA) are taken, plain or in gz, bz2, zst, zip: correct it to one of them and replay it, or discard it; tables come in by medweave source add";
    let line = text.split(|b| *b == b'\n' || *b == b'\r').next().unwrap_or(text);
    let shown = &line[..line.len().min(16)];
    if std::str::from_utf8(shown).is_ok_and(|t| t.chars().all(|c| !c.is_control() || c == '\t')) {
        return unknown(format!("it begins with {:?}", String::from_utf8_lossy(shown)), hint);
    }
    let hex: Vec<String> = shown.iter().map(|b| format!("{b:02x}")).collect();
    unknown(format!("it begins with the bytes {}", hex.join(" ")), hint)
}

const AS_A_TABLE: &str = "a mapping makes resources of tables: medweave source add NAME --path FOLDER --mapping MAPPING (medweave mapping new begins one); then discard this letter";

/// Lines by which a text is taken for a table.
const TABLE_LINES: usize = 5;

/// What stands between the cells of a text that is a table: the same in each of its first lines, as often in each.
fn separator_of(text: &[u8]) -> Option<&'static str> {
    let lines: Vec<&[u8]> = text
        .split(|b| *b == b'\n')
        .map(<[u8]>::trim_ascii_end)
        .filter(|line| !line.is_empty())
        .take(TABLE_LINES)
        .collect();
    // The last of them may be cut off.
    let whole = if lines.len() > 2 { &lines[..lines.len() - 1] } else { &lines[..] };
    let is_text = !text.contains(&0) && lines.len() > 1;
    let separators = [(b';', "semicolons"), (b'\t', "tabs"), (b',', "commas"), (b'|', "strokes")];
    let cells = |line: &[u8], separator: u8| {
        let mut quoted = false;
        line.iter()
            .filter(|b| {
                quoted ^= **b == b'"';
                !quoted && **b == separator
            })
            .count()
    };
    separators.into_iter().filter(|_| is_text).find_map(|(separator, name)| {
        let first = cells(whole[0], separator);
        (first > 0 && whole.iter().all(|line| cells(line, separator) == first)).then_some(name)
    })
}

/// True if `start`, the beginning of a JSON content, is lines of objects rather than one document. `is_all`: nothing follows.
pub(crate) fn is_lines(start: &[u8], is_all: bool) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let mut lines = start
        .split(|b| *b == b'\n')
        .map(<[u8]>::trim_ascii_end)
        .enumerate()
        .filter(|(_, line)| !line.trim_ascii().is_empty());
    let (mut whole, mut other) = (0, 0);
    for (_, line) in lines.by_ref().take(LINES) {
        // The line of a document laid out for reading never is a whole object from its first column, but an entry of a bundle
        // that has one a line is: after a first line that is not whole, what has no type is a part.
        let is_whole = line.starts_with(b"{") && line.ends_with(b"}") && Document::parse(line).is_ok();
        if is_whole && (other == 0 || whole > 0 || resource_type(line).is_some()) {
            whole += 1;
        } else {
            other += 1;
        }
        if whole > 0 && whole + other > 1 {
            return true;
        }
    }
    whole > 0 && !is_all
}

/// The `resourceType` of a JSON object, without parsing more of it than needed. `None` if it has none, or is cut off before.
pub(crate) fn resource_type(bytes: &[u8]) -> Option<&str> {
    let mut scan = Scan { bytes, at: if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 } };
    scan.expect(b'{')?;
    loop {
        let name = scan.string()?;
        scan.expect(b':')?;
        if name == b"resourceType" {
            return std::str::from_utf8(scan.string()?).ok();
        }
        scan.skip()?;
        scan.expect(b',')?;
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn peek(&mut self) -> Option<u8> {
        while self.bytes.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// A string's bytes between the quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let from = self.at;
        loop {
            self.at += memchr::memchr2(b'"', b'\\', self.bytes.get(self.at..)?)?;
            if self.bytes[self.at] == b'"' {
                self.at += 1;
                return Some(&self.bytes[from..self.at - 1]);
            }
            self.at += 2;
        }
    }

    /// Jumps over a value.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            match self.peek()? {
                b'"' => drop(self.string()?),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                b',' | b':' => return None,
                _ => {
                    let scalar = |b: &u8| !b",:]}\" \t\r\n".contains(b);
                    self.at += self.bytes[self.at..].iter().take_while(|b| scalar(b)).count().max(1);
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_with_an_entry_a_line_is_one_document() {
        let bundle = b"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[\n{\"resource\":{\"resourceType\":\"Patient\"}},\n{\"resource\":{\"resourceType\":\"Patient\"}}\n]}\n";
        assert!(!is_lines(bundle, true));
        // A line that is damaged is one among lines.
        let lines = b"{\"resourceType\":\"Patient\",\n{\"resourceType\":\"Patient\",\"id\":\"a\"}\n{\"resourceType\":\"Patient\",\"id\":\"b\"}\n";
        assert!(is_lines(lines, true));
    }
    use proptest::prelude::*;

    #[test]
    fn contents_are_known_by_their_first_bytes() {
        for (start, kind) in [
            (&b"\x1f\x8b\x08"[..], Kind::Wrapped(Wrapper::Gzip)),
            (b"BZh91AY&SY", Kind::Wrapped(Wrapper::Bzip2)),
            (b"\x28\xb5\x2f\xfd", Kind::Wrapped(Wrapper::Zstd)),
            (b"PK\x03\x04", Kind::Wrapped(Wrapper::Zip)),
            (b"\xef\xbb\xbf\n {", Kind::Json),
            (b"MSH|^~\\&|", Kind::Hl7),
            (b"\x0bMSH|^~\\&|", Kind::Hl7),
            (b"\r\nFHS|^~\\&|", Kind::Hl7),
            (b"BHS^~|\\&^", Kind::Hl7),
            (b"<?xml version='1.0'?><ClinicalDocument xmlns='urn:hl7-org:v3'>", Kind::Document),
            (b"\xff\xfe<\0", Kind::Unknown { what: "not recognised: UTF-16 text".into(), hint: SAVE_AS_UTF8 }),
        ] {
            assert_eq!(recognise(start), kind, "{start:?}");
        }
        for (start, part) in [
            (&b""[..], "empty"),
            (b" \n", "white space"),
            (b"<Patient/>", "XML"),
            (b"[{}]", "array"),
            (b"\xff\xfe{\0", "UTF-16"),
            (b"MSHELL", "MSHELL"),
            (b"BZhello", "BZhello"),
            (b"PatNr;Name\n1;Ada\n2;Bo\n3;C", "semicolons"),
            (b"a,\"b,c\"\n1,2\n", "commas"),
            (b"Dear all,\nthis is a letter.\n", "Dear all"),
            (&[0; 64], "00 00"),
        ] {
            let (Kind::Unknown { what: text, .. } | Kind::Foreign(text)) = recognise(start) else {
                panic!("{start:?}")
            };
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn who_imports_a_table_is_told_how_tables_come_in_and_all_are_told_what_is_taken() {
        let hint = |start: &[u8]| match recognise(start) {
            Kind::Unknown { hint, .. } => hint,
            other => panic!("{other:?}"),
        };
        assert!(hint(b"PatNr;Name\n1;Ada\n").contains("medweave source add"));
        assert!(hint(b"Dear all").contains("C-CDA") && hint(b"Dear all").contains("medweave source add"));
    }

    #[test]
    fn lines_and_documents_are_told_apart() {
        for lines in [
            "{\"a\":1}\n{\"b\":2}\n",
            "{\"a\":1}\r\n\r\n{\"b\":2",
            "{\"a\":\n{\"resourceType\":\"b\"}\n",
            "\u{feff}{\"a\":1}\n{}",
        ] {
            assert!(is_lines(lines.as_bytes(), true), "{lines}");
        }
        for document in
            ["{\"a\":1}", "{\"a\":1}\n", "{\n  \"a\": {\"b\": 1}\n}\n", "{\n}", "{\"a\":1", "{\n\"a\":\n{\n}\n}"]
        {
            assert!(!is_lines(document.as_bytes(), true), "{document}");
        }
        assert!(is_lines(b"{\"a\":1}\n", false));
    }

    #[test]
    fn the_type_is_found_wherever_it_stands() {
        let json =
            br#" {"id":"a\"b\\","x":[1,{"resourceType":"No"},"]"],"n":-1.5e3,"t":true,"resourceType" : "Patient","y":"#;
        assert_eq!(resource_type(json), Some("Patient"));
        for none in [&b"{}"[..], b"", b"{\"a\":{}}", b"{\"resourceType", b"[]", b"{\"a\"\"b\"}", b"{\"a\":]}"] {
            assert_eq!(resource_type(none), None, "{none:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..256), json in "[{}\\[\\]\",:a\\\\ n1]{0,64}") {
            recognise(&bytes);
            is_lines(&bytes, true);
            resource_type(&bytes);
            resource_type(json.as_bytes());
            is_lines(json.as_bytes(), false);
        }
    }
}
