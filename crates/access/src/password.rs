//! Passwords: which are acceptable, and how they are hashed.

use crate::error::Error;
use crate::secret::Random;
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::{Condvar, Mutex, PoisonError};
use unicode_normalization::UnicodeNormalization;

// Argon2id as the OWASP Password Storage Cheat Sheet asks at least; RFC 9106 section 3.1 for the lengths.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// The shortest acceptable password (NIST SP 800-63B counts code points, and so does this).
pub const MIN_PASSWORD_CHARACTERS: usize = 12;

/// The longest acceptable password; NIST asks for at least 64.
pub const MAX_PASSWORD_CHARACTERS: usize = 256;

/// How many passwords are hashed at a time; each takes [`MEMORY_KIB`] and a core.
const HASHINGS: usize = 4;

/// How many more may wait for their turn.
const MAX_WAITING: usize = 64;

/// Long passwords that everybody tries first, folded; those that are one pattern repeated or counted on are found by rule.
const COMMON: &[&str] = &[
    "1q2w3e4r5t6y",
    "1q2w3e4r5t6y7u8i",
    "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv",
    "administrator",
    "administrator1",
    "adminadmin123",
    "changeme1234",
    "changeme12345",
    "changemeplease",
    "correcthorsebatterystaple",
    "defaultpassword",
    "doctor123456",
    "hospital1234",
    "hospital12345",
    "iloveyou1234",
    "iloveyouforever",
    "letmein12345",
    "letmeinplease",
    "medweave1234",
    "medweavemedweave",
    "mypassword123",
    "newpassword123",
    "nurse1234567",
    "passw0rd1234",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "princess1234",
    "p@ssw0rd1234",
    "p@ssword1234",
    "q1w2e3r4t5y6",
    "qazwsxedcrfv",
    "qwerty123456",
    "qwertyqwerty",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiopasdf",
    "qwertyuiopasdfghjkl",
    "secret123456",
    "superman1234",
    "temppassword",
    "temporary1234",
    "thisisapassword",
    "trustno1trustno1",
    "unbelievable",
    "welcome12345",
    "welcome123456",
    "zaq12wsxcde3",
    "zxcvbnm12345",
    "zxcvbnmasdfghjkl",
];

/// The form in which a password is hashed, so that it is the same from every keyboard (NIST SP 800-63B, NFKC).
fn normal(password: &str) -> String {
    password.nfkc().collect()
}

/// Refuses a password that is too short or that is guessed first. `names` are what belongs to the account.
pub(crate) fn check(password: &str, names: &[&str]) -> Result<(), Error> {
    let refuse = |problem: String| Err(Error::Invalid { field: "password", problem });
    let normal = normal(password);
    let count = normal.chars().count();
    if count < MIN_PASSWORD_CHARACTERS {
        return refuse(format!("must have at least {MIN_PASSWORD_CHARACTERS} characters; a few words make a good one"));
    }
    if count > MAX_PASSWORD_CHARACTERS {
        return refuse(format!("must not have more than {MAX_PASSWORD_CHARACTERS} characters"));
    }
    let folded = normal.to_lowercase();
    if COMMON.contains(&folded.as_str()) || is_pattern(&folded) {
        return refuse("is among those that are guessed first; choose another".to_owned());
    }
    let bare = folded.trim_matches(|c: char| !c.is_alphabetic());
    if names.iter().any(|name| name.to_lowercase() == bare || name.to_lowercase() == folded) {
        return refuse("must not be the name of the account".to_owned());
    }
    Ok(())
}

/// Whether a text is one short piece over and over, or counts up or down all along.
fn is_pattern(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let repeats = (1..=4).any(|period| chars.iter().zip(&chars[period..]).all(|(a, b)| a == b));
    let counts = |step: i64| {
        chars.windows(2).all(|pair| {
            let (a, b) = (i64::from(u32::from(pair[0])), i64::from(u32::from(pair[1])));
            // After 9 comes 0, as on the keyboard.
            b - a == step || (pair[0].is_ascii_digit() && pair[1].is_ascii_digit() && (b - a - step) % 10 == 0)
        })
    };
    repeats || counts(1) || counts(-1)
}

/// A hashed password with what is needed to hash another one alike.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PasswordHash {
    pub(crate) salt: Vec<u8>,
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
    pub(crate) hash: Vec<u8>,
}

impl PasswordHash {
    /// A hash that no password has: verifying against it takes the time that it takes for an account that exists.
    pub(crate) fn of_nobody() -> PasswordHash {
        PasswordHash {
            salt: vec![0; SALT_BYTES],
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            hash: vec![0; HASH_BYTES],
        }
    }

    /// Whether it was made with the parameters in use now; if not, the next sign-in makes it anew.
    pub(crate) fn is_current(&self) -> bool {
        (self.memory_kib, self.passes, self.lanes) == (MEMORY_KIB, PASSES, LANES)
    }
}

/// Hashes passwords, a few at a time, so that a flood of sign-ins takes neither all memory nor all cores.
#[derive(Default)]
pub(crate) struct Hashing {
    turns: Mutex<Turns>,
    freed: Condvar,
}

#[derive(Default)]
struct Turns {
    running: usize,
    waiting: usize,
}

impl Hashing {
    /// Hashes `password` with a fresh salt.
    pub(crate) fn hash(&self, password: &str, random: Random<'_>) -> Result<PasswordHash, Error> {
        let mut made = PasswordHash::of_nobody();
        random(&mut made.salt);
        made.hash = self.run(password, &made)?;
        Ok(made)
    }

    /// Whether `password` is the one that was hashed. Takes as long when it is not.
    pub(crate) fn verify(&self, password: &str, stored: &PasswordHash) -> Result<bool, Error> {
        if password.chars().count() > MAX_PASSWORD_CHARACTERS * 4 {
            return Ok(false);
        }
        let made = self.run(password, stored)?;
        let difference = made.iter().zip(&stored.hash).fold(0, |difference, (a, b)| difference | (a ^ b));
        Ok(made.len() == stored.hash.len() && std::hint::black_box(difference) == 0)
    }

    fn run(&self, password: &str, like: &PasswordHash) -> Result<Vec<u8>, Error> {
        let damaged = |error: argon2::Error| Error::Damaged { what: format!("a password hash: {error}") };
        let parameters = Params::new(like.memory_kib, like.passes, like.lanes, Some(HASH_BYTES)).map_err(damaged)?;
        let _turn = self.turn()?;
        let mut hash = vec![0; HASH_BYTES];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into(normal(password).as_bytes(), &like.salt, &mut hash)
            .map_err(damaged)?;
        Ok(hash)
    }

    fn turn(&self) -> Result<Turn<'_>, Error> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.running >= HASHINGS {
            if turns.waiting >= MAX_WAITING {
                return Err(Error::Busy);
            }
            turns.waiting += 1;
            while turns.running >= HASHINGS {
                turns = self.freed.wait(turns).unwrap_or_else(PoisonError::into_inner);
            }
            turns.waiting -= 1;
        }
        turns.running += 1;
        Ok(Turn(self))
    }
}

/// The right to hash, given back when dropped.
struct Turn<'a>(&'a Hashing);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.turns.lock().unwrap_or_else(PoisonError::into_inner).running -= 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::random;

    fn problem(password: &str) -> String {
        match check(password, &["maria.gonzalez", "Maria Gonzalez"]) {
            Ok(()) => "fine".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn length_counts_characters_not_bytes() {
        assert_eq!(problem("elf zeichen"), "password: must have at least 12 characters; a few words make a good one");
        assert_eq!(problem("zwölf zeichen"), "fine");
        assert_eq!(
            problem("心电图监护仪报警"),
            "password: must have at least 12 characters; a few words make a good one"
        );
        assert_eq!(problem("心电图监护仪报警心率过速了"), "fine");
        assert_eq!(problem(&"ab cd".repeat(52)), "password: must not have more than 256 characters");
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for password in [
            "Password1234",
            "QWERTYUIOP123",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "123456789012",
            "987654321098",
            "abcdefghijkl",
        ] {
            assert_eq!(
                problem(password),
                "password: is among those that are guessed first; choose another",
                "{password}"
            );
        }
        assert_eq!(problem("Maria Gonzalez1!"), "password: must not be the name of the account");
        assert_eq!(problem("maria.gonzalez"), "password: must not be the name of the account");
    }

    #[test]
    fn the_list_holds_only_what_length_alone_would_let_pass() {
        for common in COMMON {
            assert!(common.chars().count() >= MIN_PASSWORD_CHARACTERS, "{common}");
            assert_eq!(*common, common.to_lowercase());
        }
    }

    #[test]
    fn a_password_verifies_from_another_keyboard_and_no_other_does() {
        let hashing = Hashing::default();
        let stored = hashing.hash("caf\u{e9} au lait!", &mut random(1)).unwrap();
        assert!(stored.is_current());
        assert!(hashing.verify("cafe\u{301} au lait!", &stored).unwrap());
        assert!(!hashing.verify("cafe au lait!", &stored).unwrap());
        assert!(!hashing.verify("", &PasswordHash::of_nobody()).unwrap());
        assert!(stored != hashing.hash("caf\u{e9} au lait!", &mut random(2)).unwrap());
    }

    #[test]
    fn older_parameters_still_verify() {
        let hashing = Hashing::default();
        let mut old = PasswordHash { memory_kib: 1024, passes: 1, ..PasswordHash::of_nobody() };
        old.hash = hashing.run("a good old password", &old).unwrap();
        assert!(hashing.verify("a good old password", &old).unwrap() && !old.is_current());
    }

    #[test]
    fn more_at_a_time_than_there_are_turns_all_come_to_theirs() {
        let hashing = Hashing::default();
        let like = PasswordHash { memory_kib: 64, passes: 1, ..PasswordHash::of_nobody() };
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..HASHINGS * 4).map(|_| scope.spawn(|| hashing.run("one of many", &like).unwrap())).collect();
            let hashes: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]));
        });
        let turns = hashing.turns.lock().unwrap();
        assert_eq!((turns.running, turns.waiting), (0, 0));
    }

    #[test]
    fn past_the_bound_a_caller_is_told_to_come_later() {
        let hashing = Hashing::default();
        *hashing.turns.lock().unwrap() = Turns { running: HASHINGS, waiting: MAX_WAITING };
        assert!(matches!(hashing.hash("whatever it may be", &mut random(1)), Err(Error::Busy)));
    }
}
