//! Which of one list belongs to which of another, in order.

use crate::message::Segment;

/// Two lists with more comparisons than this are joined in steps, each looking no further than [`AHEAD`].
const CELLS_MAX: usize = 4_000_000;
/// How far a step looks.
const AHEAD: usize = 200;

/// Joins two lists of these lengths so that what is joined is likest in sum, and the order of both is kept. `likeness` is `None` for two
/// that cannot be one.
pub(super) fn align(
    first: usize,
    second: usize,
    likeness: impl Fn(usize, usize) -> Option<u32>,
) -> Vec<(Option<usize>, Option<usize>)> {
    if first.saturating_mul(second) <= CELLS_MAX {
        return best((0, first), (0, second), &likeness);
    }
    let mut joined = Vec::new();
    let (mut a, mut b) = (0, 0);
    while a < first || b < second {
        let (to_a, to_b) = ((a + AHEAD).min(first), (b + AHEAD).min(second));
        let part = best((a, to_a), (b, to_b), &likeness);
        // What is joined last may be joined better in the next step: half of it is kept.
        let is_last = to_a == first && to_b == second;
        let kept = if is_last { part.len() } else { part.len().div_ceil(2) };
        for pair in &part[..kept] {
            a = pair.0.map_or(a, |at| at + 1);
            b = pair.1.map_or(b, |at| at + 1);
        }
        joined.extend_from_slice(&part[..kept]);
    }
    joined
}

/// The best of all ways, by dynamic programming.
fn best(
    (from_a, to_a): (usize, usize),
    (from_b, to_b): (usize, usize),
    likeness: &impl Fn(usize, usize) -> Option<u32>,
) -> Vec<(Option<usize>, Option<usize>)> {
    let width = to_b - from_b + 1;
    // The likeness of what is left from each place on.
    let mut rest = vec![0_u32; (to_a - from_a + 1) * width];
    let at = |a: usize, b: usize| (a - from_a) * width + (b - from_b);
    let join = |rest: &[u32], a: usize, b: usize| likeness(a, b).map(|like| like + rest[at(a + 1, b + 1)]);
    for a in (from_a..to_a).rev() {
        for b in (from_b..to_b).rev() {
            let apart = rest[at(a + 1, b)].max(rest[at(a, b + 1)]);
            rest[at(a, b)] = join(&rest, a, b).map_or(apart, |joined| joined.max(apart));
        }
    }
    let (mut pairs, mut a, mut b) = (Vec::new(), from_a, from_b);
    while a < to_a || b < to_b {
        if a < to_a && b < to_b && join(&rest, a, b) == Some(rest[at(a, b)]) {
            pairs.push((Some(a), Some(b)));
            (a, b) = (a + 1, b + 1);
        } else if a < to_a && (b == to_b || rest[at(a + 1, b)] == rest[at(a, b)]) {
            pairs.push((Some(a), None));
            a += 1;
        } else {
            pairs.push((None, Some(b)));
            b += 1;
        }
    }
    pairs
}

/// Fields that say what a segment is about, beside its number: segment, then field and component (0: the whole).
const KEYS: &[(&str, &[(u16, u16)])] = &[
    ("AIG", &[(3, 1), (4, 1)]),
    ("AIL", &[(3, 0)]),
    ("AIP", &[(3, 1)]),
    ("AIS", &[(3, 1)]),
    ("AL1", &[(3, 0)]),
    ("DG1", &[(3, 0)]),
    ("FT1", &[(4, 0), (7, 1)]),
    ("GOL", &[(3, 1), (4, 1)]),
    ("GT1", &[(3, 0)]),
    ("IAM", &[(3, 0)]),
    ("IN1", &[(2, 1), (3, 1)]),
    ("MFE", &[(4, 0)]),
    ("NK1", &[(2, 0)]),
    ("NTE", &[(3, 0)]),
    ("OBR", &[(2, 1), (3, 1), (4, 1)]),
    ("OBX", &[(3, 1), (4, 0)]),
    ("ORC", &[(2, 1), (3, 1)]),
    ("PID", &[(3, 1)]),
    ("PR1", &[(3, 1), (5, 0)]),
    ("PRB", &[(3, 1), (4, 1)]),
    ("PRT", &[(4, 1), (5, 1)]),
    ("PTH", &[(2, 1), (3, 1)]),
    ("ROL", &[(3, 1), (4, 1)]),
    ("RXA", &[(3, 0), (5, 1)]),
    ("RXC", &[(2, 1)]),
    ("RXD", &[(2, 1)]),
    ("RXE", &[(2, 1)]),
    ("RXG", &[(4, 1)]),
    ("RXO", &[(1, 1)]),
    ("SPM", &[(2, 0)]),
    ("TXA", &[(12, 0)]),
];

/// Segments whose first field numbers them.
const COUNTED: [&str; 24] = [
    "AIG", "AIL", "AIP", "AIS", "AL1", "DB1", "DG1", "FT1", "GT1", "IAM", "IN1", "NK1", "NTE", "OBR", "OBX", "PID",
    "PR1", "PV1", "RGS", "ROL", "SPM", "TQ1", "TXA", "ARV",
];

/// What tells a segment from others of its name.
pub(super) struct Likeness {
    pub(super) id: [u8; 3],
    number: String,
    key: String,
    whole: Vec<u8>,
}

impl Likeness {
    pub(super) fn of(segment: Segment<'_>) -> Likeness {
        let id = segment.id();
        let number =
            if COUNTED.contains(&id.as_str()) { segment.field(1).text().trim().to_owned() } else { String::new() };
        let fields = KEYS.iter().find(|(known, _)| *known == id.as_str()).map_or(&[][..], |(_, fields)| fields);
        let parts: Vec<String> = fields
            .iter()
            .map(|(field, component)| match component {
                0 => segment.field(*field).text().trim().to_owned(),
                component => segment.field(*field).component(*component).text().trim().to_owned(),
            })
            .collect();
        let key = if parts.iter().all(String::is_empty) { String::new() } else { parts.join("|") };
        Likeness { id: id.0, number, key, whole: segment.raw().to_vec() }
    }

    /// How likely the other is the same segment, changed; `None` if it is another. `is_only`: no other of the name is in either message.
    pub(super) fn to(&self, other: &Likeness, is_only: bool) -> Option<u32> {
        if self.id != other.id {
            return None;
        }
        let is_numbered_alike = self.number == other.number && !self.number.is_empty();
        if self.whole == other.whole {
            return Some(12);
        }
        if self.key == other.key && !self.key.is_empty() {
            return Some(if is_numbered_alike { 9 } else { 8 });
        }
        if is_numbered_alike {
            return Some(3);
        }
        (is_only || (self.key.is_empty() && other.key.is_empty())).then_some(2)
    }
}
