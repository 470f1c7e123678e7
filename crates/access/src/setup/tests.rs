use super::*;
use crate::fixture::{FROM, Opened, PASSWORD, START_US, random};

fn ada() -> FirstAdmin {
    FirstAdmin { name: "ada".to_owned(), display: "Ada".to_owned(), password: PASSWORD.to_owned() }
}

fn complete(opened: &Opened, code: &str, now_us: i64) -> Result<i64, Error> {
    opened.complete_setup(code, &ada(), FROM, now_us, &mut random(3))
}

fn refusal(error: Error) -> SetupRefused {
    match error {
        Error::Setup(refused) => refused,
        other => panic!("{other}"),
    }
}

#[test]
fn the_link_makes_one_administrator_and_then_no_more() {
    let mut opened = Opened::new();
    let code = opened.setup_code(START_US, &mut random(1)).unwrap().unwrap().code;
    opened.reopen();
    opened.check_setup_code(code.reveal(), START_US).unwrap();
    complete(&opened, code.reveal(), START_US + SETUP_US - 1).unwrap();
    let signed_in = opened.signs_in("ada", START_US);
    let grant = opened.session(signed_in.cookie.reveal(), FROM, START_US).unwrap();
    assert!(grant.may_administer().is_ok());
    assert_eq!(refusal(complete(&opened, code.reveal(), START_US).unwrap_err()), SetupRefused::Done);
    assert_eq!(opened.setup_code(START_US, &mut random(2)).unwrap(), None);
}

#[test]
fn two_at_once_make_one_administrator() {
    let opened = Opened::new();
    let code = opened.setup_code(START_US, &mut random(1)).unwrap().unwrap().code;
    let name = |index: u32| FirstAdmin { name: format!("admin {index}"), ..ada() };
    let run = |index| opened.complete_setup(code.reveal(), &name(index), FROM, START_US, &mut random(3)).is_ok();
    let made = std::thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> = (0..4).map(|index| scope.spawn(move || run(index))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|&made| made).count()
    });
    assert_eq!(made, 1);
}

#[test]
fn the_link_expires_and_a_newer_one_takes_its_place() {
    let opened = Opened::new();
    let first = opened.setup_code(START_US, &mut random(1)).unwrap().unwrap();
    assert_eq!(first.expires_us, START_US + SETUP_US);
    let expired = complete(&opened, first.code.reveal(), START_US + SETUP_US).unwrap_err();
    assert_eq!(refusal(expired), SetupRefused::Expired);
    let second = opened.setup_code(START_US, &mut random(2)).unwrap().unwrap();
    assert_eq!(refusal(complete(&opened, first.code.reveal(), START_US).unwrap_err()), SetupRefused::Unknown);
    assert_eq!(refusal(complete(&opened, "", START_US).unwrap_err()), SetupRefused::Unknown);
    complete(&opened, second.code.reveal(), START_US).unwrap();
}

#[test]
fn a_refused_password_leaves_the_link_usable() {
    let opened = Opened::new();
    let code = opened.setup_code(START_US, &mut random(1)).unwrap().unwrap().code;
    let weak = FirstAdmin { password: "password1234".to_owned(), ..ada() };
    let refused = opened.complete_setup(code.reveal(), &weak, FROM, START_US, &mut random(3)).unwrap_err();
    assert!(matches!(refused, Error::Invalid { field: "password", .. }));
    complete(&opened, code.reveal(), START_US).unwrap();
}
