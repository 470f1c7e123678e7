use super::*;
use crate::account::Role;
use crate::fixture::{ADDRESS, FROM, HOUR_US, MINUTE_US, Opened, PASSWORD, SECOND_US, START_US, random};
use crate::lockout;
use crate::password::PasswordHash;
use crate::permission::Permission;
use expect_test::expect;
use std::net::{IpAddr, Ipv4Addr};

fn try_wrong(opened: &Opened, name: &str, origin: Origin, now_us: i64) -> Error {
    opened.sign_in(name, "a wrong password", origin, now_us, &mut random(1)).unwrap_err()
}

fn locked_until(error: &Error) -> Option<i64> {
    match error {
        Error::SignIn(SignInRefused::Locked { until_us }) => Some(*until_us),
        _ => None,
    }
}

#[test]
fn five_failures_within_the_window_lock_and_the_lock_ends() {
    let opened = Opened::new();
    opened.account("ada", Role::Clinician);
    for minute in 0..5 {
        let error = try_wrong(&opened, "ada", FROM, START_US + minute * MINUTE_US);
        assert!(matches!(error, Error::SignIn(SignInRefused::Wrong)));
    }
    let until_us = START_US + 4 * MINUTE_US + lockout::LOCK_US;
    for now_us in [START_US + 4 * MINUTE_US, until_us - 1] {
        let error = opened.sign_in("ADA", PASSWORD, FROM, now_us, &mut random(1)).unwrap_err();
        assert_eq!(locked_until(&error), Some(until_us), "also with the right password");
    }
    opened.signs_in("ada", until_us);
    assert!(locked_until(&try_wrong(&opened, "ada", FROM, until_us)).is_none(), "old failures are forgotten");
}

#[test]
fn failures_further_apart_than_the_window_do_not_lock() {
    let opened = Opened::new();
    opened.account("ada", Role::Clinician);
    for try_number in 0..12 {
        let error = try_wrong(&opened, "ada", FROM, START_US + try_number * 4 * MINUTE_US);
        assert!(locked_until(&error).is_none(), "try {try_number}");
    }
}

#[test]
fn a_name_without_an_account_locks_alike() {
    let mut opened = Opened::new();
    for _ in 0..5 {
        let error = try_wrong(&opened, "nobody", FROM, START_US);
        assert!(matches!(error, Error::SignIn(SignInRefused::Wrong)));
    }
    opened.reopen();
    assert!(locked_until(&try_wrong(&opened, "nobody", FROM, START_US)).is_some());
}

#[test]
fn an_address_that_tries_many_names_must_wait_and_others_need_not() {
    let opened = Opened::new();
    opened.account("ada", Role::Clinician);
    for _ in 0..lockout::MAX_TRIES_PER_ADDRESS {
        opened.tries().note_address(ADDRESS, START_US);
    }
    let refused = opened.sign_in("ada", PASSWORD, FROM, START_US + 1, &mut random(1)).unwrap_err();
    assert_eq!(locked_until(&refused), Some(START_US + lockout::WINDOW_US));
    let elsewhere = Origin::http(IpAddr::V4(Ipv4Addr::new(10, 9, 9, 9)));
    opened.sign_in("ada", PASSWORD, elsewhere, START_US + 1, &mut random(1)).unwrap();
    opened.signs_in("ada", START_US + lockout::WINDOW_US);
}

#[test]
fn many_tries_at_once_cannot_pass_the_lock_together() {
    let opened = Opened::new();
    opened.account("ada", Role::Clinician);
    let hashed = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(|| try_wrong(&opened, "ada", FROM, START_US))).collect();
        let errors = threads.into_iter().map(|thread| thread.join().unwrap());
        errors.filter(|error| matches!(error, Error::SignIn(SignInRefused::Wrong))).count()
    });
    assert!(hashed <= lockout::MAX_TRIES, "{hashed} passwords were tried");
}

#[test]
fn failures_and_locks_are_audited_and_a_flood_on_a_locked_name_makes_few_rows() {
    let opened = Opened::new();
    opened.account("ada", Role::Clinician);
    try_wrong(&opened, "A\tda'", FROM, START_US);
    for second in 0..205 {
        try_wrong(&opened, "ada", FROM, START_US + second * SECOND_US);
    }
    opened.tend(START_US + HOUR_US).unwrap();
    expect![[r"
        operator/0 (root) | create account | person/1 ada (Dr ada) [clinician] | done
        'a\tda\'' | sign in | wrong name or password | refused
        'ada' | sign in | wrong name or password | refused
        'ada' | sign in | wrong name or password | refused
        'ada' | sign in | wrong name or password | refused
        'ada' | sign in | wrong name or password | refused
        'ada' | sign in | wrong name or password | refused
        'ada' | lock out | for 15 min after 5 failed tries | done
        'ada' | sign in | locked, tries 1 | refused
        'ada' | sign in | locked, tries 60 | refused
        'ada' | sign in | locked, tries 60 | refused
        'ada' | sign in | locked, tries 60 | refused
        'ada' | sign in | locked, tries 19 | refused"]]
    .assert_eq(&opened.trail());
    opened.verify_audit().unwrap();
}

#[test]
fn a_session_ends_when_idle_and_in_any_case_after_its_longest_time() {
    let opened = Opened::new();
    opened.account("ada", Role::Clinician);
    let cookie = opened.signs_in("ada", START_US).cookie;
    let ask = |now_us: i64| opened.session(cookie.reveal(), FROM, now_us);
    let mut now_us = START_US;
    while now_us + IDLE_US - 1 < START_US + SESSION_US {
        now_us += IDLE_US - 1;
        ask(now_us).unwrap();
    }
    let grant = ask(START_US + SESSION_US - 1).unwrap();
    assert!(grant.check_current(START_US + SESSION_US).is_err());
    assert_eq!(ask(START_US + SESSION_US).unwrap_err(), Refused::NoSession);

    let again_us = START_US + SESSION_US;
    let cookie = opened.signs_in("ada", again_us).cookie;
    let ask = |now_us: i64| opened.session(cookie.reveal(), FROM, now_us);
    ask(again_us).unwrap();
    assert_eq!(ask(again_us + IDLE_US).unwrap_err(), Refused::NoSession);
    assert_eq!(ask(again_us).unwrap_err(), Refused::NoSession, "a clock set back revives nothing");
}

#[test]
fn a_session_survives_a_restart_with_its_times() {
    let mut opened = Opened::new();
    opened.account("ada", Role::Clinician);
    let cookie = opened.signs_in("ada", START_US).cookie;
    opened.session(cookie.reveal(), FROM, START_US + 20 * MINUTE_US).unwrap();
    opened.tend(START_US + 20 * MINUTE_US).unwrap();
    opened.reopen();
    let grant = opened.session(cookie.reveal(), FROM, START_US + 49 * MINUTE_US).unwrap();
    assert!(grant.may(Permission::Read, "Patient").is_ok());
    assert!(grant.check_current(START_US + SESSION_US).is_err());
    opened.tend(START_US + 13 * HOUR_US).unwrap();
    opened.reopen();
    assert!(opened.list_sessions(&opened.operator(), START_US).unwrap().is_empty(), "sessions that are over are gone");
}

#[test]
fn signing_out_ends_the_session_and_what_it_opened() {
    let mut opened = Opened::new();
    opened.account("ada", Role::Clinician);
    let cookie = opened.signs_in("ada", START_US).cookie;
    let grant = opened.session(cookie.reveal(), FROM, START_US).unwrap();
    opened.sign_out(cookie.reveal(), FROM, START_US).unwrap();
    opened.sign_out(cookie.reveal(), FROM, START_US).unwrap();
    assert!(grant.may(Permission::Read, "Patient").is_err());
    for _ in 0..2 {
        assert_eq!(opened.session(cookie.reveal(), FROM, START_US).unwrap_err(), Refused::NoSession);
        opened.reopen();
    }
}

#[test]
fn the_oldest_session_makes_room_for_one_too_many() {
    let opened = Opened::new();
    opened.account("ada", Role::Clinician);
    let cookies: Vec<Secret> =
        (0..=MAX_SESSIONS_PER_ACCOUNT as i64).map(|minute| opened.signs_in("ada", START_US + minute).cookie).collect();
    let is_open = |cookie: &Secret| opened.session(cookie.reveal(), FROM, START_US + MINUTE_US).is_ok();
    assert!(!is_open(&cookies[0]));
    assert!(cookies[1..].iter().all(is_open));
}

#[test]
fn a_person_sees_and_ends_only_own_sessions_and_an_admin_any() {
    let opened = Opened::new();
    opened.account("ada", Role::Clinician);
    opened.account("bob", Role::Clinician);
    let ada = opened.signs_in("ada", START_US);
    let bob = opened.signs_in("bob", START_US + 1);
    let grant = opened.session(ada.cookie.reveal(), FROM, START_US).unwrap();
    let listed = opened.list_sessions(&grant, START_US).unwrap();
    assert_eq!(listed.iter().map(|session| session.id).collect::<Vec<_>>(), [ada.session_id]);
    assert_eq!(listed[0].expires_us, START_US + IDLE_US);
    assert_eq!(listed[0].origin, "http 10.1.2.3");
    let foreign = opened.end_session(&grant, bob.session_id, START_US).unwrap_err();
    assert!(matches!(foreign, Error::NotFound { .. }));
    assert_eq!(opened.list_sessions(&opened.operator(), START_US).unwrap().len(), 2);
    opened.end_session(&opened.operator(), bob.session_id, START_US).unwrap();
    assert!(opened.session(bob.cookie.reveal(), FROM, START_US).is_err());
    opened.end_session(&grant, ada.session_id, START_US).unwrap();
    assert!(opened.list_sessions(&grant, START_US).is_err());
}

#[test]
fn a_password_is_changed_with_the_old_one_and_ends_the_other_sessions() {
    let opened = Opened::new();
    opened.account("ada", Role::Clinician);
    let here = opened.signs_in("ada", START_US);
    let there = opened.signs_in("ada", START_US + 1);
    let grant = opened.session(here.cookie.reveal(), FROM, START_US).unwrap();
    let new = "four brave herons";
    let wrong = opened.change_password(&grant, "a wrong password", new, START_US, &mut random(1)).unwrap_err();
    assert!(matches!(wrong, Error::SignIn(SignInRefused::Wrong)));
    opened.change_password(&grant, PASSWORD, new, START_US, &mut random(1)).unwrap();
    assert!(opened.session(here.cookie.reveal(), FROM, START_US).is_ok());
    assert!(opened.session(there.cookie.reveal(), FROM, START_US).is_err());
    assert!(opened.sign_in("ada", PASSWORD, FROM, START_US, &mut random(1)).is_err());
    opened.sign_in("ada", new, FROM, START_US, &mut random(1)).unwrap();
    assert!(opened.change_password(&opened.operator(), PASSWORD, new, START_US, &mut random(1)).is_err());
}

#[test]
fn a_password_hashed_with_older_parameters_is_hashed_anew_at_sign_in() {
    let opened = Opened::new();
    opened.account("ada", Role::Clinician);
    let stored = || account::find_by_name(&opened.database(), "ada").unwrap().unwrap().1;
    let mut parameters = argon2::ParamsBuilder::new();
    let parameters = parameters.m_cost(64).t_cost(1).p_cost(1).output_len(32).build().unwrap();
    let mut old = PasswordHash { memory_kib: 64, passes: 1, ..PasswordHash::of_nobody() };
    argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, parameters)
        .hash_password_into(PASSWORD.as_bytes(), &old.salt, &mut old.hash)
        .unwrap();
    account::store_password(&opened.database(), 1, &old, START_US).unwrap();
    assert!(!stored().is_current());
    opened.signs_in("ada", START_US);
    assert!(stored().is_current());
    opened.signs_in("ada", START_US);
}

#[test]
fn the_csrf_token_belongs_to_one_cookie() {
    let (one, other) = ("0".repeat(64), "1".repeat(64));
    let token = csrf_token(&one);
    assert!(csrf_matches(&one, &token));
    for (cookie, presented) in [(&other, &token), (&one, &csrf_token(&other)), (&one, &one), (&one, &String::new())] {
        assert!(!csrf_matches(cookie, presented));
    }
}

#[test]
fn a_locked_session_opens_nothing_until_the_password_is_given() {
    let mut opened = Opened::new();
    opened.account("ada", Role::Clinician);
    let signed_in = opened.signs_in("ada", START_US);
    let cookie = signed_in.cookie.reveal();
    opened.lock_session(cookie, FROM, START_US).unwrap();
    opened.lock_session(cookie, FROM, START_US).unwrap();
    assert_eq!(opened.session(cookie, FROM, START_US).unwrap_err(), Refused::Locked);
    let holder = opened.session_holder(cookie, START_US).unwrap();
    assert!(holder.is_locked);
    assert_eq!(opened.account_of_session(&holder).unwrap().unwrap().name, "ada");
    opened.reopen();
    let later = START_US + 3 * HOUR_US;
    assert_eq!(opened.session(cookie, FROM, later).unwrap_err(), Refused::Locked, "it does not idle out");
    let wrong = opened.unlock_session(cookie, "another password", FROM, later, &mut random(1)).unwrap_err();
    assert!(matches!(wrong, Error::SignIn(SignInRefused::Wrong)));
    opened.unlock_session(cookie, PASSWORD, FROM, later, &mut random(1)).unwrap();
    opened.session(cookie, FROM, later + IDLE_US - 1).unwrap();
    let over = opened.unlock_session(&"0".repeat(64), PASSWORD, FROM, later, &mut random(1)).unwrap_err();
    assert!(matches!(over, Error::NoSession));
    let trail = opened.trail();
    assert_eq!(trail.matches("| lock session | session/1 | done").count(), 1, "{trail}");
    assert!(trail.contains("| unlock session | session/1 | done"), "{trail}");
}

#[test]
fn wrong_passwords_at_the_lock_count_as_failed_sign_ins() {
    let opened = Opened::new();
    opened.account("ada", Role::Clinician);
    let signed_in = opened.signs_in("ada", START_US);
    let cookie = signed_in.cookie.reveal();
    opened.lock_session(cookie, FROM, START_US).unwrap();
    for _ in 0..5 {
        opened.unlock_session(cookie, "another password", FROM, START_US, &mut random(1)).unwrap_err();
    }
    let error = opened.unlock_session(cookie, PASSWORD, FROM, START_US, &mut random(1)).unwrap_err();
    assert!(locked_until(&error).is_some());
}

#[test]
fn what_a_page_does_by_itself_keeps_no_session_open() {
    let opened = Opened::new();
    opened.account("ada", Role::Clinician);
    let signed_in = opened.signs_in("ada", START_US);
    let cookie = signed_in.cookie.reveal();
    for minute in 0..30 {
        opened.session_for(cookie, Use::Background, FROM, START_US + minute * MINUTE_US).unwrap();
        opened.session_holder(cookie, START_US + minute * MINUTE_US).unwrap();
    }
    assert_eq!(opened.session(cookie, FROM, START_US + IDLE_US).unwrap_err(), Refused::NoSession);
}
