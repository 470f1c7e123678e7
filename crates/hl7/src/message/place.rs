//! Where in a message something is, and what was found odd there.

use std::fmt;
use std::ops::Range;

/// The three characters that name a segment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentId(pub(crate) [u8; 3]);

impl SegmentId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place in a message by its names: `OBX[3]-5[2].1.2` is the second subcomponent of the first component of the second
/// repetition of field 5 of the third OBX. All count from 1; 0 says "the whole of it".
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Which segment.
    pub segment: SegmentId,
    /// Which of the segments with that id.
    pub occurrence: u32,
    /// Field.
    pub field: u16,
    /// Repetition of the field.
    pub repeat: u16,
    /// Component of the repetition.
    pub component: u16,
    /// Subcomponent of the component.
    pub sub: u16,
}

impl Place {
    /// A field of the first segment with this id.
    pub fn of_field(segment: [u8; 3], field: u16) -> Place {
        Place { segment: SegmentId(segment), occurrence: 1, field, repeat: 0, component: 0, sub: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.segment)?;
        if self.occurrence > 1 {
            write!(f, "[{}]", self.occurrence)?;
        }
        if self.field > 0 {
            write!(f, "-{}", self.field)?;
        }
        if self.repeat > 1 {
            write!(f, "[{}]", self.repeat)?;
        }
        if self.component > 0 {
            write!(f, ".{}", self.component)?;
        }
        if self.sub > 0 {
            write!(f, ".{}", self.sub)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How much an [`Issue`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing was lost.
    Note,
    /// A value was read in a way the sender may not have meant, or could not be used.
    Warning,
}

/// Something odd at a place of a message that is still usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// How much it matters.
    pub severity: Severity,
    /// Where, by name.
    pub place: Place,
    /// Where, in bytes of the message.
    pub span: Range<usize>,
    /// What was found and how it was read.
    pub text: String,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {} (bytes {}..{}): {}", self.place, self.span.start, self.span.end, self.text)
    }
}
