//! The side of whoever sends: what goes over the wire, which answers are waited for, what they say.
//!
//! [`for_the_wire`] and [`renewed`] write the message; [`Exchange`] says what its MSH-15 and MSH-16 ask for, takes the answers as they come and
//! says what became of it; [`Tally`] counts. Frames are those of [`crate::mllp`], sockets the caller's.
//!
//! ```
//! use hl7::exchange::{Became, Exchange, Waits};
//! use hl7::{Message, ParseOptions};
//! let sent = Message::parse(b"MSH|^~\\&|ADT|||||| ADT^A31|17|P|2.5\rPID|1\r", &ParseOptions::default()).unwrap();
//! let mut exchange = Exchange::of(&sent);
//! assert_eq!(exchange.waits(), Waits::Needed);
//! exchange.take(b"MSH|^~\\&|||ADT||||ACK|1|P|2.5\rMSA|AA|17\r");
//! assert_eq!((exchange.waits(), exchange.became()), (Waits::Done, Became::Accepted));
//! ```

mod answer;
mod renew;
mod tally;

pub use answer::{Acknowledgement, NoAcknowledgement, ToldError};
pub use renew::{for_the_wire, renewed};
pub use tally::Tally;

use crate::ack::{Mode, Outcome, Wanted};
use crate::message::Message;

/// Whether an answer is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// One must come.
    Needed,
    /// One comes on error alone, or on success alone: silence is an answer too.
    Perhaps,
    /// None.
    Done,
}

/// What became of a message, as far as its sender knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// Accepted, also by a silence that means so.
    Accepted,
    /// Refused, also by a silence that means so.
    Refused,
    /// The answer that must come did not.
    Unanswered,
}

/// What an answer was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// One to this message.
    Ours(Acknowledgement),
    /// One to another message: its MSA-2 is another control id.
    OfAnother(Acknowledgement),
    /// No acknowledgement.
    NoAnswer(NoAcknowledgement),
}

/// A message on its way.
#[derive(Clone, Debug)]
pub struct Exchange {
    control_id: String,
    mode: Mode,
    accept: Option<Acknowledgement>,
    application: Option<Acknowledgement>,
}

impl Exchange {
    /// Of a message that is sent.
    pub fn of(message: &Message<'_>) -> Exchange {
        let control_id = message.header().field(10).text().trim().to_owned();
        Exchange { control_id, mode: Mode::of(message), accept: None, application: None }
    }

    /// Of bytes that cannot be read as a message: one answer is waited for, to whatever control id.
    pub fn of_unreadable() -> Exchange {
        Exchange { control_id: String::new(), mode: Mode::Original, accept: None, application: None }
    }

    /// MSH-10 of the message.
    pub fn control_id(&self) -> &str {
        &self.control_id
    }

    /// The accept acknowledgement (CA, CE, CR), if one came.
    pub fn accept(&self) -> Option<&Acknowledgement> {
        self.accept.as_ref()
    }

    /// The application acknowledgement (AA, AE, AR), if one came.
    pub fn application(&self) -> Option<&Acknowledgement> {
        self.application.as_ref()
    }

    /// Takes what came over the connection.
    pub fn take(&mut self, answer: &[u8]) -> Taken {
        let told = match Acknowledgement::read(answer) {
            Ok(told) => told,
            Err(error) => return Taken::NoAnswer(error),
        };
        // Some receivers leave MSA-2 empty; then it can be of none but the message that waits.
        let is_named = !told.control_id.is_empty() && !self.control_id.is_empty();
        if is_named && told.control_id != self.control_id {
            return Taken::OfAnother(told);
        }
        let of_kind = if told.is_accept { &mut self.accept } else { &mut self.application };
        *of_kind = Some(told.clone());
        Taken::Ours(told)
    }

    /// Whether an answer is still to come.
    pub fn waits(&self) -> Waits {
        let is_refused = self.accept.as_ref().is_some_and(|told| told.outcome != Outcome::Accepted);
        if self.application.is_some() || is_refused {
            return Waits::Done;
        }
        match self.mode {
            // An accept acknowledgement nobody asked for is all that comes from whoever sends one.
            Mode::Original => {
                if self.accept.is_some() {
                    Waits::Done
                } else {
                    Waits::Needed
                }
            }
            Mode::Enhanced { accept, application } => {
                let of = |wanted| match wanted {
                    Wanted::Always => Waits::Needed,
                    Wanted::Never => Waits::Done,
                    Wanted::OnError | Wanted::OnSuccess => Waits::Perhaps,
                };
                let accept = if self.accept.is_some() { Waits::Done } else { of(accept) };
                match (accept, of(application)) {
                    (Waits::Needed, _) | (_, Waits::Needed) => Waits::Needed,
                    (Waits::Perhaps, _) | (_, Waits::Perhaps) => Waits::Perhaps,
                    (Waits::Done, Waits::Done) => Waits::Done,
                }
            }
        }
    }

    /// What became of the message, if nothing more comes.
    pub fn became(&self) -> Became {
        let of = |told: &Acknowledgement| match told.outcome {
            Outcome::Accepted => Became::Accepted,
            Outcome::Error | Outcome::Rejected => Became::Refused,
        };
        if let Some(told) = &self.application {
            return of(told);
        }
        if self.waits() == Waits::Needed {
            return Became::Unanswered;
        }
        let silence = |wanted| if wanted == Wanted::OnSuccess { Became::Refused } else { Became::Accepted };
        match (&self.accept, self.mode) {
            (Some(told), _) if told.outcome != Outcome::Accepted => Became::Refused,
            (_, Mode::Enhanced { application: application @ (Wanted::OnError | Wanted::OnSuccess), .. }) => {
                silence(application)
            }
            (Some(told), _) => of(told),
            (None, Mode::Enhanced { accept, .. }) => silence(accept),
            (None, Mode::Original) => Became::Unanswered,
        }
    }
}

#[cfg(test)]
mod tests;
