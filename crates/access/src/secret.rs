//! Opaque secrets: 256 random bits that are handed out once and kept only as a hash.

use sha2::{Digest as _, Sha256};
use std::fmt;

/// Bytes of randomness in a secret.
const SECRET_BYTES: usize = 32;

/// Characters of a secret written in hexadecimal.
const SECRET_CHARACTERS: usize = SECRET_BYTES * 2;

/// Where random bytes come from: [`system_random`] in the program, a seeded generator in tests.
pub type Random<'r> = &'r mut dyn FnMut(&mut [u8]);

/// Fills `bytes` from the operating system's generator.
///
/// # Panics
/// When the operating system has no randomness to give: no secret made then would be one.
pub fn system_random(bytes: &mut [u8]) {
    assert!(getrandom::fill(bytes).is_ok(), "the operating system gives no randomness");
}

/// A secret on its way to whoever will hold it. Debug output hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Draws a secret and writes it after `prefix`.
    pub(crate) fn draw(prefix: &str, random: Random<'_>) -> Secret {
        let mut bytes = [0; SECRET_BYTES];
        random(&mut bytes);
        Secret(bytes.iter().fold(prefix.to_owned(), |text, byte| format!("{text}{byte:02x}")))
    }

    /// The text to hand over, once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Whether `text` has the shape of a secret written after `prefix`; anything else need not be hashed.
pub(crate) fn has_shape(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        rest.len() == SECRET_CHARACTERS && rest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// `text` with every token in it cut off after its prefix: for trails, into which a sender can write what he likes.
pub fn without_tokens(text: &str) -> String {
    let prefix = crate::TOKEN_PREFIX;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(prefix) {
        let (before, from) = rest.split_at(at + prefix.len());
        out.push_str(before);
        let digits = from.bytes().take_while(u8::is_ascii_hexdigit).count();
        // A piece of one is enough to shorten the search for the rest.
        if digits >= SECRET_CHARACTERS / 4 {
            out.push('…');
            rest = &from[digits..];
        } else {
            rest = from;
        }
    }
    out.push_str(rest);
    out
}

/// SHA-256 of a secret. With 256 bits of randomness behind it, a slow hash would add nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct SecretHash(pub(crate) [u8; 32]);

impl SecretHash {
    /// The hash of `secret` for one `purpose`, so that a hash made for one is worth nothing for another.
    pub(crate) fn of(purpose: &str, secret: &str) -> SecretHash {
        let mut hasher = Sha256::new();
        hasher.update(purpose.as_bytes());
        hasher.update([0]);
        hasher.update(secret.as_bytes());
        SecretHash(hasher.finalize().into())
    }

    /// Comparison whose time does not depend on where the hashes differ.
    pub(crate) fn matches(&self, other: &SecretHash) -> bool {
        let difference = self.0.iter().zip(&other.0).fold(0, |difference, (a, b)| difference | (a ^ b));
        std::hint::black_box(difference) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_holds_every_random_byte_and_hides_in_debug_output() {
        let mut next = 0u8;
        let secret = Secret::draw("mw_", &mut |bytes| {
            for byte in bytes {
                *byte = next;
                next += 1;
            }
        });
        assert_eq!(secret.reveal(), "mw_000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
        assert!(has_shape(secret.reveal(), "mw_"));
        assert_eq!(format!("{secret:?}"), "Secret(hidden)");
    }

    #[test]
    fn only_the_exact_shape_is_looked_at() {
        let hex = "0".repeat(64);
        assert!(has_shape(&format!("mw_{hex}"), "mw_"));
        for text in [hex.clone(), format!("mw_{hex}0"), format!("mw_{}G", &hex[1..]), "mw_".to_owned(), String::new()] {
            assert!(!has_shape(&text, "mw_"), "{text}");
        }
    }

    #[test]
    fn a_token_in_a_text_is_cut_off_and_everything_else_stays() {
        let token = format!("mw_{}", "0af".repeat(21) + "0");
        assert_eq!(without_tokens(&format!("/fhir?access_token={token}&name=é")), "/fhir?access_token=mw_…&name=é");
        assert_eq!(without_tokens(&format!("{token}{token}")), "mw_…mw_…");
        for text in ["", "mw_", "name=mw_smith", "mw_mw_0af", "ämw_"] {
            assert_eq!(without_tokens(text), text);
        }
    }

    #[test]
    fn hashes_match_only_for_the_same_secret_and_purpose() {
        let hash = SecretHash::of("token", "a");
        assert!(hash.matches(&SecretHash::of("token", "a")));
        assert!(!hash.matches(&SecretHash::of("token", "b")));
        assert!(!hash.matches(&SecretHash::of("session", "a")));
    }

    #[test]
    fn the_operating_system_gives_different_bytes_each_time() {
        let (mut first, mut second) = ([0; 32], [0; 32]);
        system_random(&mut first);
        system_random(&mut second);
        assert_ne!(first, second);
    }
}
