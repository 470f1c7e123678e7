//! Another mapping, another place, other limits for a source of tables. What was delivered stays.

use super::databases::{change_of, for_the_operator, reached};
use super::mapping_files::{may_ask, may_come_to_ask, of_name};
use super::sources::{is_there, may_name};
use super::tables::pull_of;
use super::uploads::UPLOAD;
use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::refusal::Refusal;
use access::Grant;
use axum::http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use tables::live::{Address, Secret, Session, Vault};
use tables::pull::SourceInfo;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// The name of a mapping, or a folder.
    #[serde(default)]
    mapping: Option<String>,
    /// A folder, file or archive of this machine.
    #[serde(default)]
    path: Option<String>,
    /// Whether its deliveries are sent from now on.
    #[serde(default)]
    upload: bool,
    /// Where a database is, without its password.
    #[serde(default)]
    url: Option<String>,
    /// The password of its user; empty for none. Without one the one that is kept holds, at the same server.
    #[serde(default)]
    password: Option<String>,
    #[serde(default, deserialize_with = "rate")]
    rows_per_second: Limit,
    #[serde(default, deserialize_with = "hours")]
    hours: Limit,
    /// Whether the database is not reached first.
    #[serde(default)]
    unreached: bool,
}

/// What becomes of a limit.
#[derive(Default, PartialEq, Eq)]
enum Limit {
    #[default]
    Kept,
    /// The mapping's own holds, if it has one.
    Lifted,
    To(String),
}

fn rate<'de, D: Deserializer<'de>>(from: D) -> Result<Limit, D::Error> {
    Ok(Option::<u32>::deserialize(from)?.map_or(Limit::Lifted, |rate| Limit::To(rate.to_string())))
}

fn hours<'de, D: Deserializer<'de>>(from: D) -> Result<Limit, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map_or(Limit::Lifted, Limit::To))
}

impl Limit {
    fn applied(&self, address: &Address, name: &str) -> Result<Address, Refusal> {
        Ok(match self {
            Limit::Kept => address.clone(),
            Limit::Lifted => address.with_parameter(name, None)?,
            Limit::To(value) => address.with_parameter(name, Some(value))?,
        })
    }
}

fn unfit(text: String) -> Refusal {
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "value", text)
}

/// The database that a source reads, if it reads one.
fn database_of(source: &SourceInfo) -> Result<Option<Address>, Refusal> {
    Ok(if Address::is_meant(&source.path) { Some(Address::parse(&source.path)?) } else { None })
}

/// Where a source is to deliver from.
enum Place {
    /// A path, or what stands for deliveries that are sent.
    Elsewhere(String),
    Database(Box<Address>),
}

impl Change {
    fn has_limits(&self) -> bool {
        self.rows_per_second != Limit::Kept || self.hours != Limit::Kept
    }

    /// Whether it changes where the source delivers from, or how it is asked.
    fn moves(&self) -> bool {
        self.path.is_some() || self.upload || self.url.is_some() || self.has_limits()
    }

    /// Says what is contradictory, whatever the source is.
    fn check(&self) -> Result<(), Refusal> {
        let places = [self.path.is_some(), self.upload, self.url.is_some()];
        let text = if places.iter().filter(|given| **given).count() > 1 {
            "a source delivers from a path, or from a url, or is sent its deliveries: name one".to_owned()
        } else if !self.moves() && self.mapping.is_none() {
            "name what is to change: mapping, path, url, upload, rows_per_second or hours".to_owned()
        } else if self.url.is_none() && (self.password.is_some() || self.unreached) {
            "a password, and whether it is reached, go with a url: PUT /api/sources/NAME/password changes a password alone".to_owned()
        } else {
            match &self.path {
                Some(path) if !std::path::Path::new(path).is_absolute() => format!("{path}: the path must be absolute"),
                _ => return Ok(()),
            }
        };
        Err(Refusal::bad_request(text))
    }

    /// Where the source is to deliver from; none if that stays as it is.
    fn place(&self, source: &SourceInfo) -> Result<Option<Place>, Refusal> {
        let before = database_of(source)?;
        let address = match (&self.url, &before) {
            (Some(url), _) => Address::parse(url)?,
            (None, Some(before)) if self.path.is_none() && !self.upload && self.has_limits() => before.clone(),
            (None, _) if self.has_limits() => {
                return Err(unfit("rows per second and hours are for databases: this is none".to_owned()));
            }
            (None, _) => {
                let path = self.path.clone().or(self.upload.then(|| UPLOAD.to_owned()));
                return Ok(path.map(Place::Elsewhere));
            }
        };
        // What protects a database is not lost because its address is written anew.
        let address = before.map_or(Ok(address.clone()), |before| address.or_limits_of(&before))?;
        let address = self.rows_per_second.applied(&address, "rows_per_second")?;
        Ok(Some(Place::Database(Box::new(self.hours.applied(&address, "hours")?))))
    }

    /// The password of a database: the one that is given, or the one that is kept, if it may be shown there.
    fn password(
        &self,
        kept: Option<Secret>,
        before: Option<&Address>,
        now: &Address,
        source: &SourceInfo,
    ) -> Result<Password, Refusal> {
        let may_stay = before.is_some_and(|before| now.may_have_password_of(before));
        match (&self.password, kept) {
            (Some(given), _) => {
                Ok(Password::Given { secret: Some(Secret::new(given)).filter(|secret| !secret.is_empty()), may_stay })
            }
            (None, Some(kept)) if may_stay => Ok(Password::Kept(kept)),
            (None, None) => Ok(Password::Given { secret: None, may_stay }),
            (None, Some(_)) => Err(unfit(format!(
                "the password that is kept is of {}, and is not shown to another server or user, nor less encrypted: give the one for the new address with --password-file FILE or --password-stdin",
                source.path
            ))),
        }
    }
}

/// What becomes of the password when a source moves.
enum Password {
    /// The one that is kept goes on.
    Kept(Secret),
    /// Another one, or none any more; whether the one before may be shown at the new address.
    Given { secret: Option<Secret>, may_stay: bool },
}

impl Password {
    fn secret(&self) -> Option<&Secret> {
        match self {
            Password::Kept(secret) => Some(secret),
            Password::Given { secret, .. } => secret.as_ref(),
        }
    }
}

/// A change whose every condition was looked at.
struct Checked<'a> {
    source: &'a SourceInfo,
    /// Where it delivers from now, and what becomes of its password.
    moved: Option<(String, Password)>,
    mapping: Option<&'a str>,
}

impl Checked<'_> {
    /// Writes it to the trail, and does all of it or nothing. Whenever it is cut off, no password lies beside an address that it is not of.
    fn make(&self, app: &App, grant: &Grant) -> Result<SourceInfo, Refusal> {
        let source = self.source;
        let path = self.moved.as_ref().map(|(path, _)| path.as_str());
        self.record(app, grant, path.map(|path| (path, source.path.as_str())), self.mapping)?;
        let vault = Vault::of(&app.data);
        let before = if self.moved.is_some() { vault.secret(source.no, &source.name).ok().flatten() } else { None };
        let done = self.write(app, grant, &vault);
        if done.is_err() {
            // As it was, and the trail says so.
            let (path_before, mapping_before) =
                (path.map(|_| source.path.as_str()), self.mapping.map(|_| source.mapping.as_str()));
            let sources = app.sources()?;
            let undone = sources.change(grant, &source.name, path_before, mapping_before);
            let is_there_again = undone.or_else(|_| sources.source(grant, &source.name));
            if let Some(before) = before
                && is_there_again.is_ok_and(|now| now.path == source.path)
            {
                let _ = vault.keep(source.no, &source.name, &before);
            }
            let _ = self.record(app, grant, path.map(|path| (source.path.as_str(), path)), mapping_before);
        }
        done
    }

    fn write(&self, app: &App, grant: &Grant, vault: &Vault) -> Result<SourceInfo, Refusal> {
        let no = self.source.no;
        if let Some((_, Password::Given { may_stay: false, .. })) = &self.moved {
            vault.forget(no)?;
        }
        let path = self.moved.as_ref().map(|(path, _)| path.as_str());
        let changed = app.sources()?.change(grant, &self.source.name, path, self.mapping)?;
        match &self.moved {
            Some((_, Password::Given { secret: Some(secret), .. })) => vault.keep(no, &changed.name, secret)?,
            Some((_, Password::Given { secret: None, .. })) => vault.forget(no)?,
            Some((_, Password::Kept(_))) | None => {}
        }
        Ok(changed)
    }

    fn record(
        &self,
        app: &App,
        grant: &Grant,
        path: Option<(&str, &str)>,
        mapping: Option<&str>,
    ) -> Result<(), Refusal> {
        let name = &self.source.name;
        if let Some((path, before)) = path {
            let target = format!("source {name}, {path}, before {before}");
            app.access.record(grant, "change source", target, app.now_us())?;
        }
        if let Some(mapping) = mapping {
            let target = format!("source {name}, mapping {mapping}");
            app.access.record(grant, "change mapping", target, app.now_us())?;
        }
        Ok(())
    }
}

/// `PATCH /api/sources/{id}`: a mapping by whoever may run it, a folder only by the operator of this machine, whose rights it is read
/// with; where it delivers from, and how a database may be asked, by the operator too.
pub(super) async fn change(mut call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("id"));
    let change: Change = call.json().await?;
    change.check()?;
    if change.moves() {
        for_the_operator(&call)?;
        grant.may_administer()?;
    }
    if let Some(mapping) = &change.mapping {
        may_name(call.peer, mapping)?;
    }
    let peer = call.peer;
    let told = call
        .app
        .writing(move |app| {
            let sources = app.sources()?;
            // Whoever may not know of a source is not told what is done with it.
            sources.source(&grant, &name)?;
            let _changes = app.running.begin(&change_of(&name))?;
            // A pull would take the address before and the password after, or the other way round.
            let _pulls = if change.moves() { Some(app.running.begin(&pull_of(&name))?) } else { None };
            let source = sources.source(&grant, &name)?;
            if let Some(mapping) = &change.mapping {
                is_there(app, peer, mapping)?;
            }
            let mut session: Option<Session> = None;
            let (mut moved, mut is_new_database) = (None, false);
            if let Some(place) = change.place(&source)? {
                let before = database_of(&source)?;
                moved = Some(match &place {
                    Place::Elsewhere(path) => (path.clone(), Password::Given { secret: None, may_stay: false }),
                    Place::Database(address) => {
                        is_new_database = before.is_none();
                        let kept = match &change.password {
                            Some(_) => None,
                            None => Vault::of(&app.data).secret(source.no, &source.name)?,
                        };
                        let password = change.password(kept, before.as_ref(), address, &source)?;
                        if change.url.is_some() && !change.unreached {
                            session = Some(reached(app, address, password.secret())?);
                        }
                        (address.to_string(), password)
                    }
                });
            }
            let checked = Checked { source: &source, moved, mapping: change.mapping.as_deref() };
            let _asks = app.asks();
            sources.may_change(&grant, checked.moved.as_ref().map(|(path, _)| path.as_str()), checked.mapping)?;
            match &change.mapping {
                Some(mapping) => may_ask(app, &grant, &source, &of_name(app, &grant, mapping)?.0)?,
                None if is_new_database => may_come_to_ask(app, &grant, &source)?,
                None => {}
            }
            let changed = checked.make(app, &grant)?;
            let mut told = super::tables::source_json(&changed);
            super::source_doubts::tell(&mut told, app, &grant, peer, &changed);
            if let Some(session) = session {
                told["server"] = json!(session.server());
                told["tables"] = json!(session.tables());
            }
            Ok(told)
        })
        .await?;
    Ok(Answer::of(&told))
}
