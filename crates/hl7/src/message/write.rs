//! Writing messages.

use super::charset::Charset;
use super::separators::Separators;
use std::fmt::Write as _;

/// Escapes what would separate, and line ends and control characters, in one value.
///
/// ```
/// use hl7::message::{Separators, escape};
/// assert_eq!(escape("a|b\\c\n", &Separators::default()), r"a\F\b\E\c\.br\");
/// ```
pub fn escape(text: &str, separators: &Separators) -> String {
    let Some(escape) = separators.escape.map(char::from) else {
        return text.chars().filter(|c| !c.is_control()).collect();
    };
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let byte = u8::try_from(c).unwrap_or(0);
        let code = match byte {
            0 => "",
            b if b == separators.field => "F",
            b if b == separators.component => "S",
            b if Some(b) == separators.subcomponent => "T",
            b if Some(b) == separators.repetition => "R",
            b if Some(b) == separators.escape => "E",
            b if Some(b) == separators.truncation => "P",
            b'\r' if chars.peek() == Some(&'\n') => continue,
            b'\r' | b'\n' => ".br",
            _ => "",
        };
        if !code.is_empty() {
            out.push(escape);
            out.push_str(code);
            out.push(escape);
        } else if c.is_ascii_control() {
            let _ = write!(out, "{escape}X{byte:02X}{escape}");
        } else {
            out.push(c);
        }
    }
    out
}

/// Puts messages together: segments and fields in order, values escaped and in the message's character set.
///
/// ```
/// use hl7::message::MessageWriter;
/// let mut writer = MessageWriter::default();
/// writer.header();
/// writer.field(3, "LAB").field(9, "").components(&["ORU", "R01"]).field(10, "1").field(12, "2.5");
/// writer.segment("PID").field(5, "").components(&["O|Neil", "Ann"]);
/// assert_eq!(writer.bytes(), b"MSH|^~\\&|LAB||||||ORU^R01|1||2.5\rPID|||||O\\F\\Neil^Ann\r");
/// ```
#[derive(Debug)]
pub struct MessageWriter {
    separators: Separators,
    charset: Charset,
    out: Vec<u8>,
    /// The field last written in the open segment; `None` outside of one.
    at: Option<u16>,
}

impl Default for MessageWriter {
    fn default() -> Self {
        Self::new(Separators::default(), Charset::UTF_8)
    }
}

impl MessageWriter {
    /// A writer with separators and character set of one's own.
    pub fn new(separators: Separators, charset: Charset) -> Self {
        MessageWriter { separators, charset, out: Vec::new(), at: None }
    }

    /// What separates in this message.
    pub fn separators(&self) -> &Separators {
        &self.separators
    }

    /// Starts MSH and writes its first two fields.
    pub fn header(&mut self) -> &mut Self {
        self.segment("MSH");
        self.out.push(self.separators.field);
        self.out.extend(self.separators.encoding_characters());
        self.at = Some(2);
        self
    }

    /// Ends the open segment and starts another.
    pub fn segment(&mut self, id: &str) -> &mut Self {
        self.end();
        self.out.extend_from_slice(id.as_bytes());
        self.at = Some(0);
        self
    }

    /// Goes to field `number`, not before the last one written, and writes `text`, escaped.
    pub fn field(&mut self, number: u16, text: &str) -> &mut Self {
        self.go_to(number);
        self.value(text)
    }

    /// As [`MessageWriter::field`] with bytes that are already escaped and encoded.
    pub fn raw_field(&mut self, number: u16, bytes: &[u8]) -> &mut Self {
        self.go_to(number);
        self.out.extend_from_slice(bytes);
        self
    }

    /// Writes components at the present place, separated; each is escaped.
    pub fn components(&mut self, texts: &[&str]) -> &mut Self {
        for (at, text) in texts.iter().enumerate() {
            if at > 0 {
                self.out.push(self.separators.component);
            }
            self.value(text);
        }
        self
    }

    /// Writes subcomponents at the present place.
    pub fn subcomponents(&mut self, texts: &[&str]) -> &mut Self {
        for (at, text) in texts.iter().enumerate() {
            if at > 0 {
                self.out.extend(self.separators.subcomponent);
            }
            self.value(text);
        }
        self
    }

    /// Starts the next component of the present field.
    pub fn next_component(&mut self) -> &mut Self {
        self.out.push(self.separators.component);
        self
    }

    /// Starts the next repetition of the present field.
    pub fn repeat(&mut self) -> &mut Self {
        self.out.extend(self.separators.repetition);
        self
    }

    /// Appends a value, escaped and encoded.
    pub fn value(&mut self, text: &str) -> &mut Self {
        let escaped = escape(text, &self.separators);
        self.out.extend(self.charset.encode(&escaped));
        self
    }

    /// The message so far, its last segment ended.
    pub fn bytes(&mut self) -> &[u8] {
        self.end();
        &self.out
    }

    /// The message.
    pub fn finish(mut self) -> Vec<u8> {
        self.end();
        self.out
    }

    fn go_to(&mut self, number: u16) {
        let at = self.at.unwrap_or(0);
        debug_assert!(number > at || (number == at && number == 0), "field {number} after field {at}");
        for _ in at..number {
            self.out.push(self.separators.field);
        }
        self.at = Some(number.max(at));
    }

    fn end(&mut self) {
        if self.at.take().is_some() {
            self.out.push(b'\r');
        }
    }
}
