//! Where in a message something is, and what was found odd there.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

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

/// A text that names no place of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no place of a message, as in PID-3 or OBX[2]-5[1].1")]
pub struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    /// Reads what [`Place`] writes: `PID`, `PID-3`, `OBX[3]-5[2].1.2`.
    fn from_str(text: &str) -> Result<Place, NoPlace> {
        let counted = |text: &str| -> Result<(String, u32), NoPlace> {
            match text.split_once('[') {
                None => Ok((text.to_owned(), 0)),
                Some((name, rest)) => {
                    let number = rest.strip_suffix(']').and_then(|number| number.parse().ok());
                    number.filter(|number| *number > 0).map(|number| (name.to_owned(), number)).ok_or(NoPlace)
                }
            }
        };
        let (segment, rest) = text.split_once('-').map_or((text, None), |(segment, rest)| (segment, Some(rest)));
        let (name, occurrence) = counted(segment)?;
        let id: [u8; 3] = name.as_bytes().try_into().map_err(|_| NoPlace)?;
        if !id.iter().all(u8::is_ascii_alphanumeric) {
            return Err(NoPlace);
        }
        let mut place = Place { occurrence: occurrence.max(1), ..Place::of_field(id, 0) };
        let Some(rest) = rest else { return Ok(place) };
        let mut parts = rest.split('.');
        let (field, repeat) = counted(parts.next().unwrap_or_default())?;
        place.field = field.parse().map_err(|_| NoPlace)?;
        place.repeat = u16::try_from(repeat).map_err(|_| NoPlace)?;
        for target in [&mut place.component, &mut place.sub] {
            if let Some(part) = parts.next() {
                *target = part.parse().map_err(|_| NoPlace)?;
            }
        }
        if parts.next().is_some() { Err(NoPlace) } else { Ok(place) }
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
