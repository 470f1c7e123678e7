//! What a wrong name may have been meant to be.

/// Names of a longer text are not compared.
const NAME_CHARACTERS_MAX: usize = 64;

/// A sentence for the hint about an unknown name; none if nothing is near.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|known| format!("did you mean `{known}`?"))
}

/// The known name that is nearest to `name`, if it is near: a third of the letters may differ, whatever their case.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: Vec<char> = name.chars().flat_map(char::to_lowercase).take(NAME_CHARACTERS_MAX + 1).collect();
    if name.is_empty() || name.len() > NAME_CHARACTERS_MAX {
        return None;
    }
    let near = known.into_iter().filter_map(|known| {
        let letters: Vec<char> = known.chars().flat_map(char::to_lowercase).take(NAME_CHARACTERS_MAX).collect();
        let distance = distance(&name, &letters);
        let allowed = (name.len().max(letters.len()) / 3).clamp(1, 4);
        (distance <= allowed && distance < letters.len()).then_some((distance, known))
    });
    near.min().map(|(_, known)| known)
}

/// How many letters must be put in, taken out, changed or swapped with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not() {
        let known = ["status", "statusReason", "subject", "identifier"];
        assert_eq!(nearest("statsu", known), Some("status"));
        assert_eq!(nearest("Subjet", known), Some("subject"));
        assert_eq!(nearest("identifer", known), Some("identifier"));
        assert_eq!(nearest("encounter", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"x".repeat(1000), known), None);
    }
}
