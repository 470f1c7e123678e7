//! Why bytes are not a message.

/// What keeps bytes from being read as a message. Offsets count bytes from the start of what was passed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing but white space.
    #[error("no message: the input is empty")]
    Empty,
    /// Something other than a header segment comes first.
    #[error(
        "a message starts with MSH, but byte {offset} reads {found:?}; check that the sender speaks HL7 v2 with vertical bars"
    )]
    NoHeader {
        /// Where the first segment should start.
        offset: usize,
        /// The first characters found there.
        found: String,
    },
    /// The input is a batch file.
    #[error("byte {offset} starts a batch ({segment}), not a message; read it with Batch::split")]
    BatchHeader {
        /// Where it starts.
        offset: usize,
        /// `FHS` or `BHS`.
        segment: String,
    },
    /// MSH-1 or MSH-2 cannot separate anything.
    #[error("MSH-{field} at byte {offset}: {what}; expected separators such as |^~\\&")]
    Separators {
        /// 1 or 2.
        field: u16,
        /// Where it stands.
        offset: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A second MSH inside one message.
    #[error("a second MSH at byte {offset}: these are several messages; read them with Batch::split")]
    SecondHeader {
        /// Where the second header starts.
        offset: usize,
    },
    /// Longer than allowed.
    #[error("message of {bytes} bytes is longer than the {limit} allowed; raise the source's limit or have it split")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The bound.
        limit: usize,
    },
    /// More segments or fields than allowed.
    #[error(
        "more than the {limit} {what} allowed, at byte {offset} in {segment}; raise the source's limit or have it split"
    )]
    TooMany {
        /// `segments` or `fields`.
        what: &'static str,
        /// The bound.
        limit: usize,
        /// Where the first one over the bound starts.
        offset: usize,
        /// The segment it is in.
        segment: String,
    },
    /// MSH-18 names a character set that is not known, and the message is not plain ASCII.
    #[error(
        "MSH-18 at byte {offset} names the character set {name:?}, which is not supported, and byte {first_text} is not ASCII; \
         correct MSH-18 or set the source's character set to override it"
    )]
    Charset {
        /// Where MSH-18 stands.
        offset: usize,
        /// The name given.
        name: String,
        /// The first byte that is not ASCII.
        first_text: usize,
    },
    /// Two bytes a character throughout: vertical bars cannot be found bytewise.
    #[error("the message is written in UTF-16; have the sender use UTF-8 (MSH-18 UNICODE UTF-8)")]
    Utf16,
}
