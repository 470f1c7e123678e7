use super::*;
use crate::Role;
use crate::fixture::{FROM, Opened, PASSWORD, START_US, random};

fn link(opened: &Opened, account: i64, seed: u64) -> SignInLink {
    opened.sign_in_link(&opened.operator(), account, START_US, &mut random(seed)).unwrap()
}

fn enter(opened: &Opened, link: &SignInLink, now_us: i64) -> Result<SignedIn, Error> {
    opened.sign_in_by_link(link.code.reveal(), FROM, now_us, &mut random(99))
}

fn refusal(result: Result<SignedIn, Error>) -> LinkRefused {
    match result {
        Err(Error::Link(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_link_opens_one_session_and_is_then_said_to_be_used() {
    let mut opened = Opened::new();
    let ada = opened.account("ada", Role::Clinician);
    let made = link(&opened, ada, 1);
    assert_eq!(made.expires_us, START_US + LINK_US);
    opened.reopen();
    let signed_in = enter(&opened, &made, START_US + LINK_US - 1).unwrap();
    assert_eq!(signed_in.account.id, ada);
    let grant = opened.session(signed_in.cookie.reveal(), FROM, START_US + LINK_US).unwrap();
    assert!(grant.may_use_sql().is_ok() && grant.may_administer().is_err());
    assert_eq!(refusal(enter(&opened, &made, START_US)), LinkRefused::Used);
    opened.reopen();
    assert_eq!(refusal(enter(&opened, &made, START_US)), LinkRefused::Used);
    let trail = opened.trail();
    assert!(trail.contains("| make sign-in link | person/1 ada | done"), "{trail}");
    assert!(trail.contains("person/1 (Dr ada) | sign in by link | session/1 | done"), "{trail}");
    assert!(trail.contains("| sign in by link | this sign-in link has been used"), "{trail}");
}

#[test]
fn a_link_expires_and_is_then_forgotten() {
    let opened = Opened::new();
    let ada = opened.account("ada", Role::Clinician);
    let made = link(&opened, ada, 1);
    assert_eq!(refusal(enter(&opened, &made, START_US + LINK_US)), LinkRefused::Expired);
    opened.tend(START_US + LINK_US + REMEMBERED_US).unwrap();
    assert_eq!(refusal(enter(&opened, &made, START_US + LINK_US)), LinkRefused::Expired);
    opened.tend(START_US + LINK_US + REMEMBERED_US + 1).unwrap();
    assert_eq!(refusal(enter(&opened, &made, START_US + LINK_US)), LinkRefused::Unknown);
    let mut stranger = made.clone();
    stranger.code = Secret::draw("", &mut random(5));
    assert_eq!(refusal(enter(&opened, &stranger, START_US)), LinkRefused::Unknown);
    assert_eq!(refusal(opened.sign_in_by_link("", FROM, START_US, &mut random(1))), LinkRefused::Unknown);
}

#[test]
fn two_at_once_make_one_session() {
    let opened = Opened::new();
    let ada = opened.account("ada", Role::Clinician);
    let made = link(&opened, ada, 1);
    let opened_by = |seed| opened.sign_in_by_link(made.code.reveal(), FROM, START_US, &mut random(seed)).is_ok();
    let count = std::thread::scope(|scope| {
        let opened_by = &opened_by;
        let threads: Vec<_> = (0..4).map(|seed| scope.spawn(move || opened_by(10 + seed))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|&is_in| is_in).count()
    });
    assert_eq!(count, 1);
}

#[test]
fn who_may_not_administer_makes_no_link_and_a_changed_account_has_none() {
    let opened = Opened::new();
    let ada = opened.account("ada", Role::Clinician);
    let signed_in = opened.signs_in("ada", START_US);
    let grant = opened.session(signed_in.cookie.reveal(), FROM, START_US).unwrap();
    assert!(matches!(opened.sign_in_link(&grant, ada, START_US, &mut random(1)), Err(Error::Denied(_))));
    let missing = opened.sign_in_link(&opened.operator(), 77, START_US, &mut random(1));
    assert!(matches!(missing, Err(Error::NotFound { .. })));
    let made = link(&opened, ada, 2);
    opened.disable_account(&opened.operator(), ada, START_US).unwrap();
    assert_eq!(refusal(enter(&opened, &made, START_US)), LinkRefused::Unknown);
    let disabled = opened.sign_in_link(&opened.operator(), ada, START_US, &mut random(3));
    assert!(matches!(disabled, Err(Error::SignIn(SignInRefused::Disabled))));
}

#[test]
fn who_changes_the_password_closes_the_links_that_are_out() {
    let opened = Opened::new();
    let ada = opened.account("ada", Role::Clinician);
    let made = link(&opened, ada, 1);
    let signed_in = opened.signs_in("ada", START_US);
    let grant = opened.session(signed_in.cookie.reveal(), FROM, START_US).unwrap();
    opened.change_password(&grant, PASSWORD, "four brave herons", START_US, &mut random(2)).unwrap();
    assert_eq!(refusal(enter(&opened, &made, START_US)), LinkRefused::Unknown);
}
