//! Another mapping, another place, other limits for a source of tables. What was delivered stays.

use super::databases::{for_the_operator, forget, reached};
use super::mapping_files::{may_ask, of_name};
use super::sources::{is_there, may_name};
use super::uploads::UPLOAD;
use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::refusal::Refusal;
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

    /// The password of a database: the one that is given, or the one that is kept, if it is for the same user at the same server.
    fn secret(&self, app: &App, source: &SourceInfo, address: &Address) -> Result<Option<Secret>, Refusal> {
        if let Some(given) = &self.password {
            return Ok(Some(Secret::new(given)).filter(|secret| !secret.is_empty()));
        }
        let kept = Vault::of(&app.data).secret(source.no, &source.name)?;
        if kept.is_some() && !database_of(source)?.is_some_and(|before| before.has_password_of(address)) {
            return Err(unfit(format!(
                "the password that is kept is of {}, and is not shown to another server or user: give the one for the new address with --password-file FILE or --password-stdin",
                source.path
            )));
        }
        Ok(kept)
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
            let source = sources.source(&grant, &name)?;
            if let Some(mapping) = &change.mapping {
                is_there(app, peer, mapping)?;
                may_ask(app, &grant, &source, &of_name(app, &grant, mapping)?.0)?;
            }
            let mut session: Option<Session> = None;
            if let Some(place) = change.place(&source)? {
                let (path, secret) = match &place {
                    Place::Elsewhere(path) => (path.clone(), None),
                    Place::Database(address) => {
                        let secret = change.secret(app, &source, address)?;
                        if change.url.is_some() && !change.unreached {
                            session = Some(reached(app, address, secret.as_ref())?);
                        }
                        (address.to_string(), secret)
                    }
                };
                let moved = sources.set_path(&grant, &name, &path)?;
                let kept = match &secret {
                    Some(secret) => Vault::of(&app.data).keep(moved.no, &moved.name, secret).map_err(Refusal::from),
                    None => forget(app, &moved),
                };
                if let Err(refusal) = kept {
                    sources.set_path(&grant, &name, &source.path)?;
                    return Err(refusal);
                }
                let target = format!("source {name}, {path}, before {}", source.path);
                app.access.record(&grant, "change source", target, app.now_us())?;
            }
            if let Some(mapping) = &change.mapping {
                sources.set_mapping(&grant, &name, mapping)?;
                app.access.record(
                    &grant,
                    "change mapping",
                    format!("source {name}, mapping {mapping}"),
                    app.now_us(),
                )?;
            }
            let mut told = super::tables::source_json(&sources.source(&grant, &name)?);
            if let Some(session) = session {
                told["server"] = json!(session.server());
                told["tables"] = json!(session.tables());
            }
            Ok(told)
        })
        .await?;
    Ok(Answer::of(&told))
}
