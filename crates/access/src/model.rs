//! Random changes, uses, restarts and crashes against a model that knows nothing of caches: whatever is asked, the answer must be
//! what the list of what was done says.

use crate::fixture::{FROM, MINUTE_US, Opened, PASSWORD, START_US, random};
use crate::{Error, Grant, IDLE_US, NewToken, Permission, Role, SESSION_US, Secret, SignInRefused};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    CreateToken { lasts_minutes: Option<i64> },
    RevokeToken(prop::sample::Index),
    SignIn(usize),
    SignOut(prop::sample::Index),
    Disable(usize),
    Enable(usize),
    Wait { minutes: i64 },
    Tend,
    Restart,
    Crash,
}

const NAMES: [&str; 2] = ["ada", "bob"];

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop::option::of(1i64..200).prop_map(|lasts_minutes| Step::CreateToken { lasts_minutes }),
        2 => any::<prop::sample::Index>().prop_map(Step::RevokeToken),
        2 => (0..NAMES.len()).prop_map(Step::SignIn),
        1 => any::<prop::sample::Index>().prop_map(Step::SignOut),
        1 => (0..NAMES.len()).prop_map(Step::Disable),
        2 => (0..NAMES.len()).prop_map(Step::Enable),
        3 => (1i64..35).prop_map(|minutes| Step::Wait { minutes }),
        1 => (200i64..800).prop_map(|minutes| Step::Wait { minutes }),
        1 => Just(Step::Tend),
        1 => Just(Step::Restart),
        1 => Just(Step::Crash),
    ]
}

struct ModelToken {
    id: i64,
    secret: Secret,
    expires_us: i64,
    is_revoked: bool,
    held: Option<Grant>,
}

struct ModelSession {
    cookie: Secret,
    person: usize,
    created_us: i64,
    seen_us: i64,
    saved_us: i64,
    is_over: bool,
    held: Option<Grant>,
}

type Draw = Box<dyn FnMut(&mut [u8])>;

struct Model {
    opened: Opened,
    draw: Draw,
    now_us: i64,
    tokens: Vec<ModelToken>,
    sessions: Vec<ModelSession>,
    disabled: [bool; 2],
}

impl Model {
    fn take(&mut self, step: &Step) {
        let operator = self.opened.operator();
        let now_us = self.now_us;
        match step {
            Step::CreateToken { lasts_minutes } => {
                let expires_us = lasts_minutes.map(|minutes| now_us + minutes * MINUTE_US);
                let name = format!("token {}", self.tokens.len());
                let new = NewToken { name, scopes: "system/*.rs".parse().unwrap(), patient: None, expires_us };
                let created = self.opened.create_token(&operator, &new, now_us, &mut *self.draw).unwrap();
                let expires_us = expires_us.unwrap_or(i64::MAX);
                let secret = created.secret;
                self.tokens.push(ModelToken { id: created.id, secret, expires_us, is_revoked: false, held: None });
            }
            Step::RevokeToken(index) if !self.tokens.is_empty() => {
                let token = index.get(&self.tokens).id;
                self.opened.revoke_token(&operator, token, now_us).unwrap();
                self.tokens.iter_mut().filter(|known| known.id == token).for_each(|known| known.is_revoked = true);
            }
            Step::SignIn(person) => {
                let signed_in = self.opened.sign_in(NAMES[*person], PASSWORD, FROM, now_us, &mut *self.draw);
                match signed_in {
                    Ok(signed_in) => {
                        assert!(!self.disabled[*person]);
                        self.sessions.push(ModelSession {
                            cookie: signed_in.cookie,
                            person: *person,
                            created_us: now_us,
                            seen_us: now_us,
                            saved_us: now_us,
                            is_over: false,
                            held: None,
                        });
                    }
                    Err(Error::SignIn(SignInRefused::Disabled)) => assert!(self.disabled[*person]),
                    Err(other) => panic!("{other}"),
                }
            }
            Step::SignOut(index) if !self.sessions.is_empty() => {
                let at = index.index(self.sessions.len());
                self.opened.sign_out(self.sessions[at].cookie.reveal(), FROM, now_us).unwrap();
                self.sessions[at].is_over = true;
            }
            Step::Disable(person) => {
                self.opened.disable_account(&operator, *person as i64 + 1, now_us).unwrap();
                self.disabled[*person] = true;
                self.end_sessions_of(*person);
            }
            Step::Enable(person) => {
                self.opened.enable_account(&operator, *person as i64 + 1, now_us).unwrap();
                self.disabled[*person] = false;
                self.end_sessions_of(*person);
            }
            Step::Wait { minutes } => self.now_us += minutes * MINUTE_US,
            Step::Tend => self.tend(),
            Step::Restart => {
                self.tend();
                self.reopen();
            }
            Step::Crash => self.reopen(),
            Step::RevokeToken(_) | Step::SignOut(_) => {}
        }
    }

    fn end_sessions_of(&mut self, person: usize) {
        self.sessions.iter_mut().filter(|known| known.person == person).for_each(|known| known.is_over = true);
    }

    fn tend(&mut self) {
        self.opened.tend(self.now_us).unwrap();
        for session in &mut self.sessions {
            session.saved_us = session.seen_us;
        }
    }

    fn reopen(&mut self) {
        self.opened.reopen();
        for session in &mut self.sessions {
            session.seen_us = session.saved_us;
            session.held = None;
        }
        self.tokens.iter_mut().for_each(|token| token.held = None);
    }

    /// Asks for everything and compares.
    fn compare(&mut self) {
        let now_us = self.now_us;
        for token in &mut self.tokens {
            let grant = self.opened.authenticate_token(token.secret.reveal(), FROM, now_us).ok();
            assert_eq!(grant.is_some(), !token.is_revoked && now_us < token.expires_us);
            if let Some(held) = &token.held {
                assert_eq!(held.may(Permission::Read, "Patient").is_err(), token.is_revoked);
                assert_eq!(held.check_current(now_us).is_ok(), grant.is_some());
            }
            token.held = token.held.take().or(grant);
        }
        for session in &mut self.sessions {
            let grant = self.opened.session(session.cookie.reveal(), FROM, now_us).ok();
            session.is_over |= now_us - session.seen_us >= IDLE_US || now_us - session.created_us >= SESSION_US;
            assert_eq!(grant.is_some(), !session.is_over);
            if let Some(held) = &session.held {
                assert_eq!(held.may(Permission::Read, "Patient").is_ok(), !session.is_over);
            }
            if grant.is_some() {
                session.seen_us = now_us;
            }
            session.held = session.held.take().or(grant);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn tokens_and_sessions_open_exactly_what_the_list_of_changes_says(steps in prop::collection::vec(any_step(), 1..50)) {
        let opened = Opened::new();
        for name in NAMES {
            opened.account(name, Role::Clinician);
        }
        let draw = Box::new(random(1));
        let now_us = START_US;
        let mut model = Model { opened, draw, now_us, tokens: Vec::new(), sessions: Vec::new(), disabled: [false; 2] };
        for step in &steps {
            model.take(step);
            model.compare();
        }
        model.opened.verify_audit().unwrap();
    }
}
