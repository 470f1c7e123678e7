//! What a person chose for the pages: kept with the account, so that it holds in every browser.

use crate::access::Access;
use crate::error::Error;
use crate::grant::Grant;
use crate::principal::PrincipalKind;
use rusqlite::params;
use std::collections::BTreeMap;

/// The most choices of one account.
pub const MAX_CHOICES: usize = 32;

/// The most characters in a choice's name or value.
pub const MAX_CHOICE_CHARACTERS: usize = 16_000;

/// Choices by name. What names there are and what they mean is the pages' matter.
pub type Choices = BTreeMap<String, String>;

impl Access {
    /// What the person that holds `grant` chose; nothing for other principals.
    pub fn choices(&self, grant: &Grant) -> Result<Choices, Error> {
        let Some(id) = person(grant) else { return Ok(Choices::new()) };
        let database = self.database();
        let mut statement = database.prepare_cached("SELECT name, value FROM choice WHERE account_id = ?")?;
        let rows = statement.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Puts `choices` in the place of what the person that holds `grant` chose before. It says nothing about patients or
    /// rights, so it is not audited.
    pub fn choose(&self, grant: &Grant, choices: &Choices, now_us: i64) -> Result<(), Error> {
        grant.check_current(now_us)?;
        let bad = |problem: String| Error::Invalid { field: "choices", problem };
        let id = person(grant).ok_or_else(|| bad("only persons have any".to_owned()))?;
        if choices.len() > MAX_CHOICES {
            return Err(bad(format!("there are more than {MAX_CHOICES}")));
        }
        let is_long = |text: &String| text.chars().count() > MAX_CHOICE_CHARACTERS;
        if let Some((name, _)) = choices.iter().find(|(name, value)| is_long(name) || is_long(value)) {
            let short: String = name.chars().take(20).collect();
            return Err(bad(format!("'{short}' or its value is longer than {MAX_CHOICE_CHARACTERS} characters")));
        }
        let mut database = self.database();
        let transaction = database.transaction()?;
        transaction.execute("DELETE FROM choice WHERE account_id = ?", [id])?;
        for (name, value) in choices {
            transaction
                .execute("INSERT INTO choice(account_id, name, value) VALUES (?,?,?)", params![id, name, value])?;
        }
        transaction.commit()?;
        Ok(())
    }
}

fn person(grant: &Grant) -> Option<i64> {
    let principal = grant.principal();
    (principal.kind == PrincipalKind::Person).then_some(principal.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;
    use crate::fixture::{FROM, Opened, START_US};

    #[test]
    fn choices_are_a_persons_own_and_outlive_a_restart() {
        let mut opened = Opened::new();
        opened.account("ada", Role::Clinician);
        opened.account("bob", Role::Admin);
        let grant = |opened: &Opened, name, now_us| {
            let signed_in = opened.signs_in(name, now_us);
            opened.session(signed_in.cookie.reveal(), FROM, now_us).unwrap()
        };
        let (ada, bob) = (grant(&opened, "ada", START_US), grant(&opened, "bob", START_US + 1));
        let choices = Choices::from([("theme".to_owned(), "dark".to_owned())]);
        opened.choose(&ada, &choices, START_US).unwrap();
        assert_eq!(opened.choices(&bob).unwrap(), Choices::new());
        opened.reopen();
        let ada = grant(&opened, "ada", START_US + 2);
        assert_eq!(opened.choices(&ada).unwrap(), choices);
        opened.choose(&ada, &Choices::new(), START_US).unwrap();
        assert_eq!(opened.choices(&ada).unwrap(), Choices::new());
    }

    #[test]
    fn choices_are_bounded_and_programs_have_none() {
        let opened = Opened::new();
        opened.account("ada", Role::Clinician);
        let signed_in = opened.signs_in("ada", START_US);
        let ada = opened.session(signed_in.cookie.reveal(), FROM, START_US).unwrap();
        let many = (0..=MAX_CHOICES).map(|number| (number.to_string(), String::new())).collect();
        let long = Choices::from([("theme".to_owned(), "x".repeat(MAX_CHOICE_CHARACTERS + 1))]);
        for choices in [many, long] {
            assert!(matches!(opened.choose(&ada, &choices, START_US), Err(Error::Invalid { .. })));
        }
        assert!(opened.choose(&opened.operator(), &Choices::new(), START_US).is_err());
        assert_eq!(opened.choices(&opened.operator()).unwrap(), Choices::new());
    }
}
