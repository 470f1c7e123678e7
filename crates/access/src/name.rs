use crate::error::Error;

/// The longest name of an account, token or source.
pub const MAX_NAME_CHARACTERS: usize = 100;

/// Refuses names that could not be told apart on a screen or would break a line of the audit. Gives the name without
/// spaces around it.
pub(crate) fn check<'a>(field: &'static str, name: &'a str) -> Result<&'a str, Error> {
    let name = name.trim();
    let problem = if name.is_empty() {
        "must not be empty".to_owned()
    } else if name.chars().count() > MAX_NAME_CHARACTERS {
        format!("must not be longer than {MAX_NAME_CHARACTERS} characters")
    } else if name.chars().any(is_unseen) {
        "must not hold control or invisible characters".to_owned()
    } else {
        return Ok(name);
    };
    Err(Error::Invalid { field, problem })
}

/// Control characters, and the marks that reorder or hide text (Unicode TR 36).
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}
