//! Edit distance between short words, as typing errors count it.

/// Longest word that is compared, in letters: no name part is longer, and the rows live on the stack.
const LETTERS: usize = 32;

/// Set of the letters of a word: words whose sets differ in more than `2 × most` letters are further apart than `most`.
pub fn letters(word: &str) -> u32 {
    word.chars().fold(0, |set, letter| {
        let bit = match letter {
            'a'..='z' => letter as u32 - 'a' as u32,
            // Everything else shares the bits that are left: a coarse set never rejects what is near.
            other => 26 + (other as u32 % 6),
        };
        set | 1 << bit
    })
}

/// Number of letters inserted, left out, replaced, or swapped with their neighbour, if it is at most `most`.
pub fn distance(one: &str, other: &str, most: usize) -> Option<usize> {
    let mut a = [' '; LETTERS];
    let mut b = [' '; LETTERS];
    let a = spell(one, &mut a)?;
    let b = spell(other, &mut b)?;
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut rows = [[0_usize; LETTERS + 1]; 3];
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        let (now, before, last) = (i % 3, (i + 2) % 3, (i + 1) % 3);
        rows[now][0] = i;
        let mut least = i;
        for j in 1..=b.len() {
            let replaced = rows[before][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut cost = replaced.min(rows[before][j] + 1).min(rows[now][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(rows[last][j - 2] + 1);
            }
            rows[now][j] = cost;
            least = least.min(cost);
        }
        if least > most {
            return None;
        }
    }
    let cost = rows[a.len() % 3][b.len()];
    (cost <= most).then_some(cost)
}

fn spell<'a>(word: &str, into: &'a mut [char; LETTERS]) -> Option<&'a [char]> {
    let mut count = 0;
    for letter in word.chars() {
        *into.get_mut(count)? = letter;
        count += 1;
    }
    Some(&into[..count])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_slip_of_the_finger_is_one() {
        for (right, wrong) in [("smith", "smiht"), ("smith", "smth"), ("smith", "smiith"), ("smith", "smyth")] {
            assert_eq!(distance(right, wrong, 2), Some(1), "{wrong}");
        }
        assert_eq!(distance("johnson", "jonsen", 2), Some(2));
        assert_eq!(distance("johnson", "jonsen", 1), None);
        assert_eq!(distance("", "ab", 2), Some(2));
        assert_eq!(distance(&"x".repeat(40), "x", 2), None);
    }

    /// The definition, without bounds or shortcuts.
    fn naive(a: &[char], b: &[char]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                table[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let mut least = (table[i - 1][j] + 1)
                        .min(table[i][j - 1] + 1)
                        .min(table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]));
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        least = least.min(table[i - 2][j - 2] + 1);
                    }
                    least
                };
            }
        }
        table[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn the_bounded_distance_is_the_whole_one(a in "[a-d]{0,8}", b in "[a-d]{0,8}", most in 0_usize..4) {
            let whole = naive(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
            prop_assert_eq!(distance(&a, &b, most), (whole <= most).then_some(whole));
        }

        #[test]
        fn the_letter_sets_never_reject_what_is_near(a in "[a-z陈王]{0,8}", b in "[a-z陈王]{0,8}") {
            let whole = naive(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
            prop_assert!((letters(&a) ^ letters(&b)).count_ones() as usize <= 2 * whole);
        }
    }
}
