//! Which name was meant.

/// Names of a longer text are not compared.
const NAME_CHARACTERS_MAX: usize = 64;

/// The known name that is nearest to `name`, if it is near enough to have been meant: a third of its letters, case apart.
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let name: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    if name.len() > NAME_CHARACTERS_MAX {
        return None;
    }
    let candidates = known.into_iter().filter(|known| known.len() <= NAME_CHARACTERS_MAX * 4);
    let (far, near) = candidates.map(|known| (distance(&name, known), known)).min()?;
    let length = name.len().max(near.chars().count());
    (far <= (length / 3).max(1) && far < length).then_some(near)
}

/// How many letters must be put in, taken out, changed or swapped with their neighbour.
fn distance(name: &[char], known: &str) -> usize {
    let known: Vec<char> = known.chars().flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (i, x) in name.iter().enumerate() {
        let mut next = vec![i + 1; known.len() + 1];
        for (j, y) in known.iter().enumerate() {
            next[j + 1] = (row[j] + usize::from(x != y)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *x == known[j - 1] && name[i - 1] == *y {
                next[j + 1] = next[j + 1].min(before[j - 1] + 1);
            }
        }
        before = std::mem::replace(&mut row, next);
    }
    row[known.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_seen_through_and_another_name_is_not() {
        let known = ["lab-item", "sex", "科室", "department"];
        for (name, expected) in [
            ("lab_item", Some("lab-item")),
            ("SEX", Some("sex")),
            ("sxe", Some("sex")),
            ("departement", Some("department")),
            ("科", Some("科室")),
            ("ward", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
        assert_eq!(nearest("a", []), None);
    }
}
