//! Keys of age: whoever takes copies needs the recipient alone, whoever restores them the key.

use crate::error::Error;
use age::secrecy::ExposeSecret;
use std::fmt;
use std::str::FromStr;

/// What opens copies: an X25519 identity of age, as `age-keygen` writes it.
pub struct Key(pub(crate) age::x25519::Identity);

impl Key {
    /// A new key, by the randomness of the operating system.
    pub fn generate() -> Key {
        Key(age::x25519::Identity::generate())
    }

    /// The recipient whom copies are made for, so that this key opens them.
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    /// The text of a file that holds the key: one line of it is secret.
    pub fn to_file(&self) -> String {
        format!(
            "# Opens the copies that medweave took for the recipient below. Whoever has it can read every patient in them;\n\
             # without it nobody can. Keep it where the copies and the machine are not, twice.\n\
             # public key: {}\n{}\n",
            self.recipient(),
            self.0.to_string().expose_secret()
        )
    }

    /// Reads a file as [`Key::to_file`] or `age-keygen` wrote it.
    ///
    /// # Errors
    /// [`Error::Key`] if no line is a key.
    pub fn from_file(text: &str) -> Result<Key, Error> {
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        let line = line.ok_or_else(|| Error::Key("the key file holds no key".to_owned()))?;
        let known = line.parse().map_err(|why| Error::Key(format!("the key file holds no key of age ({why})")))?;
        Ok(Key(known))
    }
}

/// Whom copies are encrypted for: `age1…`.
#[derive(Clone)]
pub struct Recipient(pub(crate) age::x25519::Recipient);

impl FromStr for Recipient {
    type Err = Error;

    fn from_str(text: &str) -> Result<Recipient, Error> {
        let wrong = |why| Error::Key(format!("'{text}' is no recipient of age ({why}): it begins with age1"));
        Ok(Recipient(text.trim().parse().map_err(wrong)?))
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_and_says_for_whom_it_opens() {
        let key = Key::generate();
        let again = Key::from_file(&key.to_file()).unwrap();
        assert_eq!(again.recipient().to_string(), key.recipient().to_string());
        let recipient: Recipient = key.recipient().to_string().parse().unwrap();
        assert_eq!(recipient.to_string(), key.recipient().to_string());
        assert!(Key::from_file("# nothing\n").is_err() && Key::from_file("age1abc").is_err());
        assert!("AGE-SECRET-KEY-1".parse::<Recipient>().is_err());
    }
}
