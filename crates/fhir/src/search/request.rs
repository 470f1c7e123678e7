//! Reading a whole search request.

use super::filter::{self, Context};
use super::query::{Ignored, Include, SearchError, SearchQuery, SortBy, SortKey, Summary, Total};
use super::support;
use crate::parameters::ParameterKind;
use crate::schema::{self, TypeId};
use crate::time::ZoneOffset;

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
            context: Context { now_us: options.now_us, zone: options.zone, base_url: options.base_url },
            query: SearchQuery::everything(of),
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
            "_include" | "_revinclude" => self.include(name, value)?,
            "_page" => once(&mut self.query.page, value.to_owned(), name, value)?,
            "_format" => once(&mut self.query.format, value.to_owned(), name, value)?,
            "_pretty" if matches!(value, "true" | "false") => {}
            "_contained" if value == "false" => {}
            "_contained" | "_containedType" => return unsupported("contained resources are not searched"),
            "_filter" => return unsupported("filter expressions are not implemented; use plain parameters"),
            "_query" => return unsupported("there are no named queries"),
            "_list" => return unsupported("membership of lists is not indexed"),
            "_text" | "_content" => return unsupported("full-text search is not implemented"),
            "_score" => return unsupported("matches have no score"),
            "_type" => return unsupported("a search is of the one type in its path"),
            _ if name.starts_with("_include:") || name.starts_with("_revinclude:") => {
                return unsupported("includes are followed for one step only; name each step");
            }
            _ => {
                let filter = self.context.filter(self.of, name, value)?;
                if self.query.filters.len() == FILTERS_LIMIT {
                    return unsupported(&format!("a request may have {FILTERS_LIMIT} conditions at most"));
                }
                self.query.filters.push(filter);
            }
        }
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
                    if parameter.kind == ParameterKind::Reference {
                        let why = format!("{code} is a reference, which has no order");
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
        if value.split(':').any(|part| part == "*") {
            return Err(SearchError::unsupported(name, "* is not implemented; name the parameters to follow"));
        }
        let mut parts = value.split(':');
        let (Some(type_name), Some(code), target, None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(invalid("expected Type:parameter or Type:parameter:TargetType".to_owned()));
        };
        let known = |type_name: &str| {
            filter::resource_type(type_name).ok_or_else(|| invalid(format!("\"{type_name}\" is no resource type")))
        };
        let source = known(type_name)?;
        let parameter = filter::find(source, code)?;
        filter::reference_only(parameter, name)?;
        let target = target.map(known).transpose()?;
        if self.query.includes.len() + self.query.revincludes.len() == INCLUDES_LIMIT {
            return Err(SearchError::unsupported(name, format!("at most {INCLUDES_LIMIT} includes")));
        }
        let include = Include { source, parameter, target };
        let list = if name == "_include" { &mut self.query.includes } else { &mut self.query.revincludes };
        list.push(include);
        Ok(())
    }
}

fn once<T>(place: &mut Option<T>, new: T, name: &str, value: &str) -> Result<(), SearchError> {
    match place.replace(new) {
        None => Ok(()),
        Some(_) => Err(SearchError::invalid(name, value, "it is given twice")),
    }
}
