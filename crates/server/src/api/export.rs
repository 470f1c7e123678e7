//! `GET /api/export/{type}`: every live resource of a type, a line each.

use super::stream::{self, Lines};
use crate::answer::Answer;
use crate::call::Call;
use crate::gate::unknown_type;
use crate::refusal::Refusal;
use access::Permission;
use fhir::schema::r4;
use fhir::search::SearchQuery;
use std::sync::Arc;

/// Resources read at a time.
const PAGE: u32 = 1_000;

/// `GET /api/export/{type}`
pub(super) async fn of_type(call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("type"));
    grant.may(Permission::Read, &name)?;
    let type_id = r4().resource_type(&name).ok_or_else(|| unknown_type(&name))?;
    let app = Arc::clone(&call.app);
    stream::lines(&call, "application/fhir+ndjson", move |lines: &Lines| {
        let mut query = SearchQuery::everything(type_id);
        query.count = Some(PAGE);
        loop {
            let page = app.records.search(&grant, &query).map_err(Refusal::from).and_then(|page| {
                app.audit(&grant, "export", &name, &page.matches)?;
                Ok(page)
            });
            let page = match page {
                Ok(page) => page,
                Err(refusal) => return lines.fail(&refusal.issues[0].code),
            };
            let mut text = String::with_capacity(page.matches.iter().map(|stored| stored.json.len() + 1).sum());
            for stored in &page.matches {
                text.push_str(&stored.json);
                text.push('\n');
            }
            if lines.bytes(text.into()).is_break() {
                return;
            }
            match page.next {
                Some(next) => query.page = Some(next),
                None => return,
            }
        }
    })
}
