//! Names of files: patterns for them, and what is left of them without what says how they are packed.

/// Endings of names that say how a file is packed.
const PACKED: &[&str] = &["gz", "gzip", "zst", "zstd", "xz", "bz2", "z"];
/// Endings of names of archives.
const ARCHIVES: &[&str] = &["zip", "tar", "tgz", "txz", "tzst", "tbz", "tbz2"];

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A name and its ending, in small letters.
pub(super) fn split_extension(name: &str) -> (&str, String) {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, extension.to_lowercase()),
        _ => (name, String::new()),
    }
}

/// A path without the endings that say how it is packed.
pub(super) fn unpacked(path: &str) -> &str {
    let mut path = path;
    loop {
        let (stem, extension) = split_extension(file_name(path));
        if !PACKED.contains(&extension.as_str()) {
            return path;
        }
        path = &path[..path.len() - (file_name(path).len() - stem.len())];
    }
}

/// The stem of a path: its last part without any ending that says what it is.
pub(super) fn stem(path: &str) -> &str {
    split_extension(file_name(unpacked(path))).0
}

/// True if the name is one of an archive.
pub(super) fn is_archive(name: &str) -> bool {
    ARCHIVES.contains(&split_extension(unpacked(name)).1.as_str())
}

/// True if a pattern names a path. `*` is anything within a name, `**` also across folders, `?` one character, `[a-z]` one of
/// some; upper and lower case are the same. A pattern without `/` is one of the last part. Endings of packed files may be
/// left out, and the names of archives in which the file lies.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<char> = pattern.trim_start_matches("./").to_lowercase().chars().collect();
    let lower = path.to_lowercase();
    let within = |path: &str| {
        let text: Vec<char> = path.chars().collect();
        let bare: Vec<char> = unpacked(path).chars().collect();
        glob(&pattern, &text) || glob(&pattern, &bare)
    };
    if !pattern.contains(&'/') {
        return within(file_name(&lower));
    }
    if within(&lower) {
        return true;
    }
    // What an archive holds, as if it were a folder of its own or the delivery itself.
    lower.match_indices('/').any(|(at, _)| is_archive(file_name(&lower[..at])) && within(&lower[at + 1..]))
}

/// Matches by going back to the last star, and if that cannot take more, to the last one that goes across folders.
fn glob(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    // After each of the two: where the pattern goes on, and what it took so far.
    let mut star: Option<(usize, usize)> = None;
    let mut deep: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&'*') {
            if pattern.get(p + 1) == Some(&'*') {
                p += 2;
                // `**/` is also nothing.
                if pattern.get(p) == Some(&'/') && glob(&pattern[p + 1..], &text[t..]) {
                    return true;
                }
                (star, deep) = (None, Some((p, t)));
            } else {
                p += 1;
                star = Some((p, t));
            }
            continue;
        }
        if let Some(length) = one(&pattern[p..], text[t]) {
            (p, t) = (p + length, t + 1);
            continue;
        }
        if let Some((after, from)) = star.filter(|(_, from)| text[*from] != '/') {
            star = Some((after, from + 1));
            (p, t) = (after, from + 1);
        } else if let Some((after, from)) = deep {
            (star, deep) = (None, Some((after, from + 1)));
            (p, t) = (after, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// How much of a pattern one character takes.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern.first()? {
        '?' => (c != '/').then_some(1),
        '[' => {
            let end = pattern.iter().skip(2).position(|c| *c == ']')? + 2;
            let (not, set) = match pattern[1] {
                '!' | '^' => (true, &pattern[2..end]),
                _ => (false, &pattern[1..end]),
            };
            let mut found = false;
            let mut at = 0;
            while at < set.len() {
                if set.get(at + 1) == Some(&'-') && at + 2 < set.len() {
                    found |= (set[at]..=set[at + 2]).contains(&c);
                    at += 3;
                } else {
                    found |= set[at] == c;
                    at += 1;
                }
            }
            (found != not && c != '/').then_some(end + 1)
        }
        literal => (*literal == c).then_some(1),
    }
}
