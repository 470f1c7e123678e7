use super::*;
use crate::fixture::{FROM, MINUTE_US, Opened, PASSWORD, START_US, random};
use crate::permission::Permission;
use crate::{Refused, SignInRefused};

#[test]
fn a_clinician_has_clinical_data_and_sql_and_does_not_administer() {
    let opened = Opened::new();
    opened.account("ada", Role::Clinician);
    let signed_in = opened.signs_in("ada", START_US);
    let grant = opened.session(signed_in.cookie.reveal(), FROM, START_US).unwrap();
    assert_eq!(grant.principal().to_string(), "person/1 (Dr ada)");
    for permission in Permission::ALL {
        assert!(grant.may(permission, "Patient").is_ok() && grant.may_all(permission).is_ok());
    }
    assert!(grant.may_use_sql().is_ok() && grant.sees_all_patients());
    assert!(grant.may_administer().is_err());
    assert!(matches!(opened.list_accounts(&grant), Err(Error::Denied(_))));
}

#[test]
fn an_admin_administers_and_has_no_clinical_data() {
    let opened = Opened::new();
    opened.account("root", Role::Admin);
    let signed_in = opened.signs_in("root", START_US);
    let grant = opened.session(signed_in.cookie.reveal(), FROM, START_US).unwrap();
    assert!(grant.may_administer().is_ok() && !grant.sees_all_patients());
    assert!(Permission::ALL.into_iter().all(|permission| grant.may(permission, "Patient").is_err()));
    let denied = grant.may_use_sql().unwrap_err().to_string();
    assert_eq!(denied, "SQL and rows of sources need user/*.rs; this account administers and holds no clinical data");
    assert_eq!(opened.list_accounts(&grant).unwrap().len(), 1);
}

#[test]
fn names_are_the_same_in_any_case_and_taken_once() {
    let opened = Opened::new();
    opened.account("Müller", Role::Clinician);
    let new = NewAccount {
        name: " MÜLLER ".to_owned(),
        display: "Another".to_owned(),
        role: Role::Clinician,
        password: PASSWORD.to_owned(),
    };
    let error = opened.create_account(&opened.operator(), &new, START_US, &mut random(1)).unwrap_err();
    assert_eq!(error.to_string(), "another account has the name 'müller' already");
    assert_eq!(opened.signs_in("mÜLLER", START_US).account.name, "müller");
}

#[test]
fn a_changed_account_ends_its_sessions_at_once() {
    type Change = fn(&Opened, i64) -> Result<(), Error>;
    let changes: [Change; 3] = [
        |opened, id| opened.set_role(&opened.operator(), id, Role::Admin, START_US),
        |opened, id| opened.disable_account(&opened.operator(), id, START_US),
        |opened, id| opened.reset_password(&opened.operator(), id, "another fine password", START_US, &mut random(9)),
    ];
    for change in changes {
        let mut opened = Opened::new();
        let id = opened.account("ada", Role::Clinician);
        let cookie = opened.signs_in("ada", START_US).cookie;
        let grant = opened.session(cookie.reveal(), FROM, START_US).unwrap();
        change(&opened, id).unwrap();
        assert!(grant.may(Permission::Read, "Patient").is_err());
        for _ in 0..2 {
            assert_eq!(opened.session(cookie.reveal(), FROM, START_US).unwrap_err(), Refused::NoSession);
            opened.reopen();
        }
    }
}

#[test]
fn a_disabled_account_signs_in_again_only_once_enabled() {
    let opened = Opened::new();
    let id = opened.account("ada", Role::Clinician);
    opened.disable_account(&opened.operator(), id, START_US).unwrap();
    let refused = opened.sign_in("ada", PASSWORD, FROM, START_US, &mut random(1)).unwrap_err();
    assert!(matches!(refused, Error::SignIn(SignInRefused::Disabled)));
    let refused = opened.sign_in("ada", "not her password", FROM, START_US, &mut random(1)).unwrap_err();
    assert!(matches!(refused, Error::SignIn(SignInRefused::Wrong)), "who does not know the password learns nothing");
    opened.enable_account(&opened.operator(), id, START_US).unwrap();
    opened.signs_in("ada", START_US);
}

#[test]
fn the_last_administrator_stays() {
    let opened = Opened::new();
    let operator = opened.operator();
    let first = opened.account("first", Role::Admin);
    let second = opened.account("second", Role::Admin);
    opened.disable_account(&operator, second, START_US).unwrap();
    for refused in [
        opened.disable_account(&operator, first, START_US),
        opened.set_role(&operator, first, Role::Clinician, START_US),
    ] {
        assert!(matches!(refused, Err(Error::LastAdministrator)));
    }
    opened.set_role(&operator, second, Role::Clinician, START_US).unwrap();
    opened.enable_account(&operator, second, START_US).unwrap();
    opened.set_role(&operator, second, Role::Admin, START_US).unwrap();
    opened.disable_account(&operator, first, START_US).unwrap();
}

#[test]
fn values_that_are_not_acceptable_are_named() {
    let opened = Opened::new();
    let good = NewAccount {
        name: "ada".to_owned(),
        display: "Ada".to_owned(),
        role: Role::Clinician,
        password: PASSWORD.to_owned(),
    };
    for (new, expected) in [
        (NewAccount { name: "  ".to_owned(), ..good.clone() }, "account name: must not be empty"),
        (
            NewAccount { name: "a\u{202E}b".to_owned(), ..good.clone() },
            "account name: must not hold control or invisible characters",
        ),
        (
            NewAccount { display: "x".repeat(101), ..good.clone() },
            "display name: must not be longer than 100 characters",
        ),
        (
            NewAccount { password: "short".to_owned(), ..good.clone() },
            "password: must have at least 12 characters; a few words make a good one",
        ),
    ] {
        let error = opened.create_account(&opened.operator(), &new, START_US, &mut random(1)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    assert!(opened.list_accounts(&opened.operator()).unwrap().is_empty());
}

#[test]
fn an_administrator_lifts_a_lock() {
    let opened = Opened::new();
    let id = opened.account("ada", Role::Clinician);
    for minute in 0..5 {
        opened.sign_in("ada", "wrong", FROM, START_US + minute * MINUTE_US, &mut random(1)).unwrap_err();
    }
    let now_us = START_US + 5 * MINUTE_US;
    let refused = opened.sign_in("ada", PASSWORD, FROM, now_us, &mut random(1)).unwrap_err();
    assert!(matches!(refused, Error::SignIn(SignInRefused::Locked { .. })));
    opened.unlock_account(&opened.operator(), id, now_us).unwrap();
    opened.signs_in("ada", now_us);
}

#[test]
fn passwords_are_nowhere_in_the_database() {
    let opened = Opened::new();
    opened.account("ada", Role::Clinician);
    opened.sign_in("ada", "a wrong one that is long", FROM, START_US, &mut random(1)).unwrap_err();
    for file in std::fs::read_dir(&opened.folder.0).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for text in [PASSWORD, "a wrong one that is long"] {
            assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()));
        }
    }
}

#[test]
fn a_change_of_several_things_is_made_whole_or_not_at_all() {
    let opened = Opened::new();
    let operator = opened.operator();
    opened.account("boss", Role::Admin);
    let ada = opened.account("ada", Role::Clinician);
    let before = opened.list_accounts(&operator).unwrap();
    let change = |id, change: &AccountChange| opened.change_account(&operator, id, change, START_US, &mut random(3));
    let promote = AccountChange { role: Some(Role::Admin), ..AccountChange::default() };
    let short = AccountChange { password: Some("short".to_owned()), ..promote.clone() };
    assert!(matches!(change(ada, &short), Err(Error::Invalid { .. })));
    let last = AccountChange {
        password: Some("four brave herons".to_owned()),
        disabled: Some(true),
        ..AccountChange::default()
    };
    assert!(matches!(change(1, &last), Err(Error::LastAdministrator)));
    assert_eq!(opened.list_accounts(&operator).unwrap(), before);
    opened.signs_in("boss", START_US);
    let both = AccountChange { password: Some("four brave herons".to_owned()), unlock: true, ..promote };
    assert_eq!(change(ada, &both).unwrap().role, Role::Admin);
    opened.sign_in("ada", "four brave herons", FROM, START_US, &mut random(4)).unwrap();
    let trail = opened.trail();
    assert!(trail.contains("| set role admin, reset password, unlock account | person/2 ada | done"), "{trail}");
}

#[test]
fn a_person_sees_what_others_did_to_the_account_or_in_its_name_and_nothing_else() {
    let opened = Opened::new();
    opened.account("boss", Role::Admin);
    let ada = opened.account("ada", Role::Clinician);
    for no in 0..9 {
        // Its number begins like hers would if there were more of them.
        opened.account(&format!("person {no}"), Role::Clinician);
    }
    opened.account("ad", Role::Clinician);
    opened.sign_in("Ada", "not her password", FROM, START_US, &mut random(1)).unwrap_err();
    opened.sign_in("ad", "not his password", FROM, START_US, &mut random(1)).unwrap_err();
    opened.reset_password(&opened.operator(), ada, "four brave herons", START_US, &mut random(2)).unwrap();
    let signed_in = opened.sign_in("ada", "four brave herons", FROM, START_US, &mut random(3)).unwrap();
    let grant = opened.session(signed_in.cookie.reveal(), FROM, START_US).unwrap();
    let events = opened.own_events(&grant, 100).unwrap();
    let told: Vec<String> = events.iter().map(|event| format!("{} {}", event.who, event.what)).collect();
    let expected = [
        "person/2 (Dr ada) sign in",
        "operator/0 (root) reset password",
        "'ada' sign in",
        "operator/0 (root) create account",
    ];
    assert_eq!(told, expected);
    assert_eq!(opened.own_events(&grant, 1).unwrap().len(), 1);
    assert!(opened.own_events(&opened.operator(), 100).unwrap().is_empty());
}
