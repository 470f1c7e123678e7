//! Why a document cannot be read at all.

/// A content that is no clinical document, or none within bounds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CdaError {
    /// It is longer than a document may be.
    #[error("the document has {length} bytes; at most {most} are read: have its attachments sent apart")]
    TooLarge {
        /// Its length in bytes.
        length: usize,
        /// The bound.
        most: usize,
    },
    /// The character encoding that it declares is not known.
    #[error("the document says that it is written in {name:?}, which is not known; save it as UTF-8")]
    UnknownEncoding {
        /// The name it gives.
        name: String,
    },
    /// Its bytes are not of the encoding that it declares.
    #[error("the bytes at {at} are no {encoding}, in which the document says it is written; save it as UTF-8")]
    NotText {
        /// The encoding.
        encoding: &'static str,
        /// Byte offset.
        at: usize,
    },
    /// It has a document type declaration.
    #[error("the document has a document type declaration (DTD) at byte {at}; take it out: none is read, for safety")]
    Dtd {
        /// Byte offset.
        at: usize,
    },
    /// Elements are nested too deep.
    #[error("elements are nested deeper than {most} at byte {at}; no clinical document needs that")]
    TooDeep {
        /// Byte offset.
        at: usize,
        /// The bound.
        most: usize,
    },
    /// It has too many elements.
    #[error("the document has more than the {most} nodes that are read; have it split")]
    TooManyNodes {
        /// The bound.
        most: u32,
    },
    /// It is not well-formed XML.
    #[error("not well-formed XML at line {line}, column {column} (byte {at}): {what}")]
    NotXml {
        /// Line, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
        /// Byte offset.
        at: usize,
        /// What the parser says.
        what: String,
    },
    /// Its root is another element.
    #[error("the root element is {root}, not ClinicalDocument of urn:hl7-org:v3: this is no C-CDA document")]
    NotCda {
        /// The root element, with its namespace in braces.
        root: String,
    },
    /// It does not say whom it is about.
    #[error("the document names no patient (recordTarget/patientRole); have the sender fill it")]
    NoPatient,
}

impl CdaError {
    /// The byte of the document that it is about, if it is about one.
    pub fn at(&self) -> Option<usize> {
        match self {
            CdaError::NotText { at, .. }
            | CdaError::Dtd { at }
            | CdaError::TooDeep { at, .. }
            | CdaError::NotXml { at, .. } => Some(*at),
            _ => None,
        }
    }
}
