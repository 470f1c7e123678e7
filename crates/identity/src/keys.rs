//! What two records of one person have in common, so that one leads to the other.

use crate::facts::Facts;
use crate::number::Issuer;
use crate::phone::TAIL;

/// Hashes (FNV-1a, 64 bits) of what the records of one person share at least one of, if [`compare`](crate::compare) calls them
/// candidates: each number, the last seven digits of each telephone, each mail address, and the birth date with the first letters of a name.
/// Sorted, each once.
pub fn keys(facts: &Facts) -> Vec<u64> {
    let mut keys = Vec::new();
    for number in &facts.numbers {
        let system = match &number.issuer {
            Issuer::China => "cn",
            Issuer::SocialSecurity => "us",
            Issuer::National(system) | Issuer::Renewed(system) => system,
        };
        keys.push(hash(&["number", system, &number.value]));
    }
    for phone in &facts.phones {
        keys.push(hash(&["phone", &phone[phone.len() - TAIL..]]));
    }
    for mail in &facts.mails {
        keys.push(hash(&["mail", mail]));
    }
    if let Some(born) = facts.born.filter(|born| born.is_whole()) {
        let born = born.to_string();
        for [one, other] in facts.names.iter().flat_map(crate::name::Name::initials) {
            keys.push(hash(&["born", &born, &String::from_iter([one, other])]));
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn hash(parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}
