//! Reading a whole search request.

use super::filter::{self, Context};
use super::query::{Filter, Ignored, Include, SearchError, SearchQuery, SortBy, SortKey, Summary, Test, Total};
use super::{escape, support, words};
use crate::parameters::{ParameterKind, parameters};
use crate::primitive::is_id;
use crate::schema::{self, TypeId};
use crate::time::ZoneOffset;
use std::cell::Cell;

/// The largest `_count`; a request for more gets this many a page.
pub const COUNT_LIMIT: u32 = 1000;
/// How many conditions a request may have.
pub const FILTERS_LIMIT: usize = 64;
/// How many keys `_sort` may have.
pub const SORT_LIMIT: usize = 8;
/// How many `_include` and `_revinclude` a request may have.
pub const INCLUDES_LIMIT: usize = 32;

/// What is done with parameters that the type does not have: `Prefer: handling=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Handling {
    /// They are an error.
    Strict,
    /// They are left out, and the answer says so.
    #[default]
    Lenient,
}

/// What a request means besides its text.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParseOptions<'o> {
    /// What is done with unknown parameters.
    pub handling: Handling,
    /// The time, for `ap` with dates.
    pub now_us: i64,
    /// The zone of dates that name none.
    pub zone: ZoneOffset,
    /// The server's own base URL without a slash at the end: absolute references below it are local.
    pub base_url: Option<&'o str>,
}

impl SearchQuery {
    /// Understands the parameters (names and values percent-decoded, in order) of a search of `resource_type`.
    ///
    /// What FHIR defines and this server lacks is refused by name, never left out: an answer that quietly ignores a
    /// condition would be wrong. Only parameters that nobody defined, and those without a value, are left out, and only with
    /// lenient handling; [`SearchQuery::ignored`] lists them.
    ///
    /// ```
    /// use fhir::search::{ParseOptions, SearchError, SearchQuery};
    /// let query = SearchQuery::parse("Patient", [("family", "Müller"), ("birthdate", "ge1950")], &ParseOptions::default())?;
    /// assert_eq!(query.filters.len(), 2);
    /// # Ok::<(), SearchError>(())
    /// ```
    ///
    /// # Errors
    /// [`SearchError`] names the first parameter that cannot be understood.
    pub fn parse<N: AsRef<str>, V: AsRef<str>>(
        resource_type: &str,
        parameters: impl IntoIterator<Item = (N, V)>,
        options: &ParseOptions<'_>,
    ) -> Result<SearchQuery, SearchError> {
        let of = filter::resource_type(resource_type).ok_or_else(|| {
            SearchError::invalid("_type", resource_type, format!("\"{resource_type}\" is no resource type"))
        })?;
        let mut reader = Reader {
            of,
            context: Context {
                now_us: options.now_us,
                zone: options.zone,
                base_url: options.base_url,
                ways: Cell::new(0),
                sets: Cell::new(0),
            },
            query: SearchQuery::everything(of),
            includes: 0,
        };
        for (name, value) in parameters {
            let (name, value) = (name.as_ref(), value.as_ref());
            let outcome = if value.is_empty() { Err(no_value(name)) } else { reader.parameter(name, value) };
            match outcome {
                Ok(()) => reader.query.used.push((name.to_owned(), value.to_owned())),
                Err(error) if options.handling == Handling::Lenient && may_be_ignored(&error, value) => {
                    reader.query.ignored.push(Ignored { name: name.to_owned(), why: error.to_string() });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(reader.query)
    }

    /// The search for all resources of a type.
    pub fn everything(resource_type: TypeId) -> SearchQuery {
        SearchQuery {
            resource_type,
            filters: Vec::new(),
            sort: Vec::new(),
            count: None,
            total: None,
            summary: Summary::default(),
            elements: Vec::new(),
            includes: Vec::new(),
            revincludes: Vec::new(),
            page: None,
            format: None,
            used: Vec::new(),
            ignored: Vec::new(),
        }
    }

    /// True if only a number is asked for: `_summary=count` or `_count=0`.
    pub fn counts_only(&self) -> bool {
        self.summary == Summary::Count || self.count == Some(0)
    }
}

fn no_value(name: &str) -> SearchError {
    SearchError::invalid(name, "", "there is no value")
}

fn may_be_ignored(error: &SearchError, value: &str) -> bool {
    match error {
        SearchError::Unknown { .. } => true,
        SearchError::Invalid { .. } => value.bytes().all(|b| b == b','),
        SearchError::Unsupported { .. } => false,
    }
}

struct Reader<'o> {
    of: TypeId,
    context: Context<'o>,
    query: SearchQuery,
    /// Values of `_include` and `_revinclude`; one with `*` stands for many.
    includes: usize,
}

impl Reader<'_> {
    fn parameter(&mut self, name: &str, value: &str) -> Result<(), SearchError> {
        let invalid = |why: &str| Err(SearchError::invalid(name, value, why));
        let unsupported = |why: &str| Err(SearchError::unsupported(name, why));
        match name {
            "_count" => {
                let Ok(count) = value.parse::<u32>() else { return invalid("expected a whole number, 0 or more") };
                once(&mut self.query.count, count.min(COUNT_LIMIT), name, value)?;
            }
            "_total" => {
                let total = match value {
                    "none" => Total::None,
                    "estimate" => Total::Estimate,
                    "accurate" => Total::Accurate,
                    _ => return invalid("expected none, estimate or accurate"),
                };
                once(&mut self.query.total, total, name, value)?;
            }
            "_summary" => {
                if self.query.used.iter().any(|(used, _)| used == name) {
                    return invalid("it is given twice");
                }
                self.query.summary = match value {
                    "true" => Summary::Summary,
                    "false" => Summary::Whole,
                    "text" => Summary::Text,
                    "data" => Summary::Data,
                    "count" => Summary::Count,
                    _ => return invalid("expected true, false, text, data or count"),
                };
            }
            "_elements" => self.elements(name, value)?,
            "_sort" => self.sort(name, value)?,
            "_include" | "_revinclude" | "_include:iterate" | "_revinclude:iterate" => self.include(name, value)?,
            "_page" => once(&mut self.query.page, value.to_owned(), name, value)?,
            "_format" => once(&mut self.query.format, value.to_owned(), name, value)?,
            "_pretty" if matches!(value, "true" | "false") => {}
            "_contained" if value == "false" => {}
            "_contained" | "_containedType" => return unsupported("contained resources are not searched"),
            "_filter" => {
                let filter = self.context.expression(self.of, value)?;
                self.condition(name, filter)?;
            }
            "_list" => {
                let filter = list(name, value)?;
                self.condition(name, filter)?;
            }
            "_query" => return unsupported("there are no named queries"),
            "_text" | "_content" => {
                let any_of = filter::read(name, &filter::values(name, value)?, words::read)?;
                let any_of = filter::few(name, any_of)?;
                let test = Test::Words { narrative_only: name == "_text", any_of };
                self.condition(name, Filter { name: name.to_owned(), test })?;
            }
            "_score" => return unsupported("matches have no score"),
            "_type" => return unsupported("a search is of the one type in its path"),
            _ if name.starts_with("_include:") || name.starts_with("_revinclude:") => {
                return unsupported(":iterate is the only modifier of includes");
            }
            _ => {
                let filter = self.context.filter(self.of, name, value)?;
                self.condition(name, filter)?;
            }
        }
        Ok(())
    }

    fn condition(&mut self, name: &str, filter: Filter) -> Result<(), SearchError> {
        if self.query.filters.len() == FILTERS_LIMIT {
            let why = format!("a request may have {FILTERS_LIMIT} conditions at most");
            return Err(SearchError::unsupported(name, why));
        }
        self.query.filters.push(filter);
        Ok(())
    }

    fn elements(&mut self, name: &str, value: &str) -> Result<(), SearchError> {
        for element in value.split(',').map(str::trim).filter(|element| !element.is_empty()) {
            // No element, and always there: clients ask for it all the same.
            if element == "resourceType" {
                continue;
            }
            if schema::r4().element_by_name(self.of, element).is_none() {
                let why = format!("\"{element}\" is no element of {}", filter::type_name_of(self.of));
                return Err(SearchError::invalid(name, value, why));
            }
            if !self.query.elements.iter().any(|known| known == element) {
                self.query.elements.push(element.to_owned());
            }
        }
        Ok(())
    }

    fn sort(&mut self, name: &str, value: &str) -> Result<(), SearchError> {
        for key in value.split(',').map(str::trim).filter(|key| !key.is_empty()) {
            let (code, descending) = key.strip_prefix('-').map_or((key, false), |code| (code, true));
            let by = match code {
                "_id" => SortBy::Id,
                "_lastUpdated" => SortBy::LastUpdated,
                "_score" => return Err(SearchError::unsupported(name, "matches have no score")),
                _ => {
                    let parameter = filter::find(self.of, code)?;
                    support::check(parameter).map_err(|why| SearchError::unsupported(code, why))?;
                    if let ParameterKind::Reference | ParameterKind::Composite | ParameterKind::Special = parameter.kind
                    {
                        let why =
                            format!("{code} is a {} parameter, which has no order", support::kind_name(parameter.kind));
                        return Err(SearchError::unsupported(name, why));
                    }
                    SortBy::Parameter(parameter)
                }
            };
            if self.query.sort.len() == SORT_LIMIT {
                return Err(SearchError::unsupported(name, format!("at most {SORT_LIMIT} keys")));
            }
            self.query.sort.push(SortKey { by, descending });
        }
        Ok(())
    }

    fn include(&mut self, name: &str, value: &str) -> Result<(), SearchError> {
        let invalid = |why: String| SearchError::invalid(name, value, why);
        let unsupported = |why: String| SearchError::unsupported(name, why);
        let (name_only, iterate) = match name.strip_suffix(":iterate") {
            Some(name_only) => (name_only, true),
            None => (name, false),
        };
        let forward = name_only == "_include";
        let whole = if value == "*" {
            match (forward, iterate) {
                (true, false) => format!("{}:*", filter::type_name_of(self.of)),
                (true, true) => {
                    return Err(unsupported("* without a type would bring all there is; use Type:*".into()));
                }
                (false, _) => return Err(unsupported("* without a type is not implemented; use Type:*".into())),
            }
        } else {
            value.to_owned()
        };
        let mut parts = whole.split(':');
        let (Some(type_name), Some(code), target, None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(invalid("expected Type:parameter or Type:parameter:TargetType".to_owned()));
        };
        let known = |type_name: &str| {
            filter::resource_type(type_name).ok_or_else(|| invalid(format!("\"{type_name}\" is no resource type")))
        };
        let source = known(type_name)?;
        let target = target.map(known).transpose()?;
        let followed = if code == "*" {
            let all = parameters().of(type_name).iter();
            all.filter(|parameter| filter::reference_only(parameter, name).is_ok()).collect()
        } else {
            let parameter = filter::find(source, code)?;
            filter::reference_only(parameter, name)?;
            vec![parameter]
        };
        if self.includes == INCLUDES_LIMIT {
            return Err(unsupported(format!("at most {INCLUDES_LIMIT} includes")));
        }
        self.includes += 1;
        let list = if forward { &mut self.query.includes } else { &mut self.query.revincludes };
        list.extend(followed.into_iter().map(|parameter| Include { source, parameter, target, iterate }));
        Ok(())
    }
}

/// `_list`: ids of lists. Lists that a server makes up (`$current-problems`) are none that is stored.
fn list(name: &str, value: &str) -> Result<Filter, SearchError> {
    let any_of = filter::read(name, &filter::values(name, value)?, |raw| {
        let id = escape::unescape(raw);
        let id = id.strip_prefix("List/").unwrap_or(&id);
        if is_id(id) { Ok(id.to_owned()) } else { Err("expected the id of a List".to_owned()) }
    });
    if let Some(functional) = value.split(',').find(|id| id.starts_with('$')) {
        let why = format!("{functional} is a list that a server makes up; only stored Lists are known, by id");
        return Err(SearchError::unsupported(name, why));
    }
    Ok(Filter { name: name.to_owned(), test: Test::List { any_of: any_of? } })
}

fn once<T>(place: &mut Option<T>, new: T, name: &str, value: &str) -> Result<(), SearchError> {
    match place.replace(new) {
        None => Ok(()),
        Some(_) => Err(SearchError::invalid(name, value, "it is given twice")),
    }
}
