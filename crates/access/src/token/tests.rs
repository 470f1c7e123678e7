use super::*;
use crate::fixture::{FROM, HOUR_US, Opened, START_US, random};
use crate::permission::Permission;
use crate::scope::Scope;
use crate::{Role, Sight, Window};

fn lab(expires_us: Option<i64>) -> NewToken {
    NewToken {
        name: "lab feed".to_owned(),
        scopes: "system/Observation.cu system/Patient.rs".parse().unwrap(),
        patient: None,
        expires_us,
    }
}

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

#[test]
fn a_token_gives_what_it_was_made_for_also_after_a_restart() {
    let mut opened = Opened::new();
    let created = opened.create_token(&opened.operator(), &lab(None), START_US, &mut random(1)).unwrap();
    assert!(created.secret.reveal().starts_with(TOKEN_PREFIX));
    for _ in 0..2 {
        let grant = opened.authenticate_token(created.secret.reveal(), FROM, START_US).unwrap();
        assert_eq!(grant.principal().to_string(), "token/1 (lab feed)");
        assert_eq!(grant.origin(), FROM);
        assert!(grant.may(Permission::Create, "Observation").is_ok());
        assert!(grant.may(Permission::Read, "Observation").is_err());
        opened.reopen();
    }
}

#[test]
fn the_secret_is_nowhere_in_the_database() {
    let opened = Opened::new();
    let created = opened.create_token(&opened.operator(), &lab(None), START_US, &mut random(1)).unwrap();
    let secret = created.secret.reveal().strip_prefix(TOKEN_PREFIX).unwrap().to_owned();
    for file in std::fs::read_dir(&opened.folder.0).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}

#[test]
fn a_token_that_is_wrong_by_one_character_is_unknown() {
    let opened = Opened::new();
    let created = opened.create_token(&opened.operator(), &lab(None), START_US, &mut random(1)).unwrap();
    let secret = created.secret.reveal();
    let other = if secret.ends_with('0') { "1" } else { "0" };
    let wrong = format!("{}{other}", &secret[..secret.len() - 1]);
    for text in [wrong.as_str(), &secret[..10], "", "mw_", &secret.to_uppercase()] {
        assert_eq!(opened.authenticate_token(text, FROM, START_US).unwrap_err(), Refused::UnknownToken);
    }
}

#[test]
fn a_token_ends_at_its_expiry_and_so_does_a_stream_opened_with_it() {
    let opened = Opened::new();
    let end_us = START_US + HOUR_US;
    let created = opened.create_token(&opened.operator(), &lab(Some(end_us)), START_US, &mut random(1)).unwrap();
    let grant = opened.authenticate_token(created.secret.reveal(), FROM, end_us - 1).unwrap();
    assert!(grant.check_current(end_us - 1).is_ok());
    assert!(grant.check_current(end_us).is_err());
    let refused = opened.authenticate_token(created.secret.reveal(), FROM, end_us).unwrap_err();
    assert_eq!(refused, Refused::ExpiredToken);
}

#[test]
fn a_revoked_token_is_refused_at_once_and_after_a_restart_and_kills_grants_in_use() {
    let mut opened = Opened::new();
    let created = opened.create_token(&opened.operator(), &lab(None), START_US, &mut random(1)).unwrap();
    let grant = opened.authenticate_token(created.secret.reveal(), FROM, START_US).unwrap();
    opened.revoke_token(&opened.operator(), created.id, START_US + 1).unwrap();
    assert!(grant.may(Permission::Create, "Observation").is_err());
    for _ in 0..2 {
        let refused = opened.authenticate_token(created.secret.reveal(), FROM, START_US + 2).unwrap_err();
        assert_eq!(refused, Refused::RevokedToken);
        opened.reopen();
    }
    opened.revoke_token(&opened.operator(), created.id, START_US + 9).unwrap();
    assert_eq!(opened.list_tokens(&opened.operator()).unwrap()[0].revoked_us, Some(START_US + 1));
    assert!(matches!(opened.revoke_token(&opened.operator(), 99, START_US), Err(Error::NotFound { id: 99, .. })));
}

#[test]
fn a_name_is_free_again_once_its_token_is_revoked() {
    let opened = Opened::new();
    let operator = opened.operator();
    let created = opened.create_token(&operator, &lab(None), START_US, &mut random(1)).unwrap();
    let again = opened.create_token(&operator, &lab(None), START_US, &mut random(2)).unwrap_err();
    assert_eq!(again.to_string(), "another token has the name 'lab feed' already");
    opened.revoke_token(&operator, created.id, START_US).unwrap();
    let second = opened.create_token(&operator, &lab(None), START_US, &mut random(2)).unwrap();
    assert_eq!(second.id, created.id + 1);
}

#[test]
fn a_token_of_one_patient_or_with_a_filter_shows_that_much_also_after_a_restart() {
    let mut opened = Opened::new();
    let new = NewToken {
        scopes: "patient/*.rs system/Observation.rs?status=final".parse().unwrap(),
        patient: Some("ann".to_owned()),
        ..lab(None)
    };
    let created = opened.create_token(&opened.operator(), &new, START_US, &mut random(1)).unwrap();
    for restart in [false, true] {
        if restart {
            opened.reopen();
        }
        let grant = opened.authenticate_token(created.secret.reveal(), FROM, START_US).unwrap();
        let of_ann = Window { patient: Some("ann"), filter: None };
        let finals = Window { patient: None, filter: Some("status=final") };
        assert_eq!(grant.sight(Permission::Read, "Encounter").unwrap(), Sight::Windows(vec![of_ann]));
        assert_eq!(grant.sight(Permission::Search, "Observation").unwrap(), Sight::Windows(vec![of_ann, finals]));
        assert!(grant.sight(Permission::Update, "Observation").is_err());
        assert!(grant.may_of_patient(Permission::Read, "Observation", "ann").is_ok());
        assert!(grant.may_of_patient(Permission::Read, "Observation", "bob").is_err());
        let denied = grant.may(Permission::Read, "Encounter").unwrap_err();
        let held = "patient/*.rs system/Observation.rs?status=final";
        assert_eq!(denied.to_string(), format!("needs system/Encounter.r; this token holds {held}"));
        assert!(grant.may_all(Permission::Read).is_err() && grant.may_use_sql().is_err() && !grant.sees_all_patients());
        assert_eq!(opened.list_tokens(&opened.operator()).unwrap()[0].patient.as_deref(), Some("ann"));
    }
}

#[test]
fn a_patient_is_named_by_an_id_and_where_there_is_something_to_limit() {
    let opened = Opened::new();
    for (scopes, patient) in [("patient/*.rs", "Patient/ann"), ("patient/*.rs", ""), ("system/*.rs", "ann")] {
        let new = NewToken { scopes: scopes.parse().unwrap(), patient: Some(patient.to_owned()), ..lab(None) };
        let error = opened.create_token(&opened.operator(), &new, START_US, &mut random(1)).unwrap_err();
        assert!(matches!(error, Error::Invalid { field: "patient", .. }), "{scopes} {patient}: {error}");
    }
}

#[test]
fn a_token_with_scopes_that_nobody_can_honour_or_a_past_expiry_is_not_made() {
    let opened = Opened::new();
    for scopes in ["patient/*.rs", "system/Observation.rs?status=rotten", "system/Patinet.r"] {
        let new = NewToken { scopes: scopes.parse().unwrap(), ..lab(None) };
        let error = opened.create_token(&opened.operator(), &new, START_US, &mut random(1)).unwrap_err();
        assert!(matches!(error, Error::Scope(_)), "{scopes}: {error}");
    }
    let nothing = Scope { permissions: crate::Permissions::NONE, ..scope("system/Patient.r") };
    for scopes in [Scopes::default(), [nothing].into_iter().collect()] {
        let new = NewToken { scopes, ..lab(None) };
        assert!(opened.create_token(&opened.operator(), &new, START_US, &mut random(1)).is_err());
    }
    let error = opened.create_token(&opened.operator(), &lab(Some(START_US)), START_US, &mut random(1)).unwrap_err();
    assert_eq!(error.to_string(), "token expiry: must lie in the future");
    assert!(opened.list_tokens(&opened.operator()).unwrap().is_empty());
}

#[test]
fn only_an_administrator_makes_lists_and_revokes_and_each_try_is_audited() {
    let opened = Opened::new();
    let created = opened.create_token(&opened.operator(), &lab(None), START_US, &mut random(1)).unwrap();
    let grant = opened.authenticate_token(created.secret.reveal(), FROM, START_US).unwrap();
    assert!(matches!(opened.create_token(&grant, &lab(None), START_US, &mut random(2)), Err(Error::Denied(_))));
    assert!(matches!(opened.list_tokens(&grant), Err(Error::Denied(_))));
    assert!(matches!(opened.revoke_token(&grant, 1, START_US), Err(Error::Denied(_))));
    assert!(matches!(opened.account_audit(&grant, 0, 10, START_US), Err(Error::Denied(_))));
    let audit = opened.account_audit(&opened.operator(), 0, 10, START_US).unwrap();
    let shown: Vec<String> = audit
        .iter()
        .map(|row| {
            format!(
                "{} {} | {} | {} | {} | {}",
                row.seq,
                row.who,
                row.what,
                row.target,
                row.outcome.as_str(),
                row.origin
            )
        })
        .collect();
    expect_test::expect![[r"
        1 operator/0 (root) | create token | token/1 lab feed [system/Observation.cu system/Patient.rs] | done | command
        2 token/1 (lab feed) | create token | lab feed [system/Observation.cu system/Patient.rs] | refused | http 10.1.2.3
        3 token/1 (lab feed) | revoke token | token/1 | refused | http 10.1.2.3
        4 token/1 (lab feed) | read account audit | rows after 0 | refused | http 10.1.2.3"]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn the_time_of_last_use_is_listed_at_once_and_survives_a_restart_once_tended() {
    let mut opened = Opened::new();
    let created = opened.create_token(&opened.operator(), &lab(None), START_US, &mut random(1)).unwrap();
    assert_eq!(opened.list_tokens(&opened.operator()).unwrap()[0].used_us, None);
    opened.authenticate_token(created.secret.reveal(), FROM, START_US + 5).unwrap();
    opened.authenticate_token(created.secret.reveal(), FROM, START_US + 3).unwrap();
    assert_eq!(opened.list_tokens(&opened.operator()).unwrap()[0].used_us, Some(START_US + 5));
    opened.tend(START_US + 6).unwrap();
    opened.reopen();
    assert_eq!(opened.list_tokens(&opened.operator()).unwrap()[0].used_us, Some(START_US + 5));
}

#[test]
fn nobody_hands_on_what_he_does_not_hold() {
    let opened = Opened::new();
    opened.account("boss", Role::Admin);
    let signed_in = opened.signs_in("boss", START_US);
    let boss = opened.session(signed_in.cookie.reveal(), FROM, START_US).unwrap();
    for scopes in ["system/*.rs", "system/Patient.c"] {
        let new = NewToken { scopes: scopes.parse().unwrap(), ..lab(None) };
        let error = opened.create_token(&boss, &new, START_US, &mut random(1)).unwrap_err();
        assert!(matches!(error, Error::Denied(_)), "{error}");
        assert!(error.to_string().contains("administers and holds no clinical data"), "{error}");
    }
    assert!(opened.list_tokens(&boss).unwrap().is_empty());
    let trail = opened.trail();
    assert_eq!(trail.matches("person/1 (Dr boss) | create token | lab feed [").count(), 2, "{trail}");
    assert_eq!(trail.matches("] | refused").count(), 2, "{trail}");
}

#[test]
fn tries_with_a_token_that_is_over_are_told_in_one_row_at_a_time() {
    let opened = Opened::new();
    let created = opened.create_token(&opened.operator(), &lab(None), START_US, &mut random(1)).unwrap();
    opened.revoke_token(&opened.operator(), created.id, START_US).unwrap();
    for _ in 0..3 {
        opened.authenticate_token(created.secret.reveal(), FROM, START_US).unwrap_err();
    }
    opened.tend(START_US + 1).unwrap();
    opened.tend(START_US + 2).unwrap();
    let trail = opened.trail();
    assert_eq!(trail.matches("token/1 (lab feed) | use token | revoked, tries 3 | refused").count(), 1, "{trail}");
    assert_eq!(trail.matches("use token").count(), 1, "{trail}");
}
