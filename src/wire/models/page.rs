//! Which part of the list an Anthropic client asks for: `?limit=&after_id=&before_id=`.

use std::ops::Range;

use url::form_urlencoded;

use crate::{
    config::names::quote,
    wire::error::{ClientError, Kind},
};

/// Most entries of a page; also how many there are when the client does not say. The official API would give
/// 20, but most clients of gateways never ask for a second page.
pub(super) const LIMIT_MAX: usize = 1_000;

/// A page of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    limit: usize,
    from: From,
}

#[derive(Debug, PartialEq, Eq)]
enum From {
    Start,
    After(String),
    Before(String),
}

impl Page {
    /// What a query (without its `?`) asks for. Other parameters mean nothing here.
    pub(super) fn read(query: &str) -> Result<Self, ClientError> {
        let value = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let limit = match value("limit") {
            None => LIMIT_MAX,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=LIMIT_MAX).contains(limit))
                .ok_or_else(|| bad(format!("limit: a whole number from 1 to {LIMIT_MAX} is needed")))?,
        };
        let cursor = |name: &str| value(name).filter(|id| !id.is_empty());
        let from = match (cursor("after_id"), cursor("before_id")) {
            (None, None) => From::Start,
            (Some(id), None) => From::After(id),
            (None, Some(id)) => From::Before(id),
            (Some(_), Some(_)) => return Err(bad("Send one of after_id and before_id, not both")),
        };
        Ok(Self { limit, from })
    }

    /// The entries of a list of `length` that are on this page, and whether there are more of them in its
    /// direction. `position` finds an entry by its id.
    pub(super) fn of(
        &self,
        length: usize,
        position: impl Fn(&str) -> Option<usize>,
    ) -> Result<(Range<usize>, bool), ClientError> {
        let find = |name: &str, id: &str| {
            position(id).ok_or_else(|| bad(format!("{name}: there is no model {} in this list", quote(id))))
        };
        let forward = |start: usize| {
            let end = start.saturating_add(self.limit).min(length);
            (start..end, end < length)
        };
        Ok(match &self.from {
            From::Start => forward(0),
            From::After(id) => forward(find("after_id", id)? + 1),
            From::Before(id) => {
                let end = find("before_id", id)?;
                let start = end.saturating_sub(self.limit);
                (start..end, start > 0)
            }
        })
    }
}

fn bad(message: impl Into<String>) -> ClientError {
    ClientError::new(Kind::InvalidRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Over the entries `0` to `9`.
    fn page(query: &str) -> Result<(Range<usize>, bool), String> {
        let position = |id: &str| id.parse().ok().filter(|position| *position < 10);
        Page::read(query).and_then(|page| page.of(10, position)).map_err(|error| error.message)
    }

    #[test]
    fn pages_meet_without_gaps() {
        for (query, range, more) in [
            ("", 0..10, false),
            ("beta=true", 0..10, false),
            ("limit=1000", 0..10, false),
            ("limit=10", 0..10, false),
            ("limit=4", 0..4, true),
            ("limit=4&after_id=3", 4..8, true),
            ("limit=4&after_id=7", 8..10, false),
            ("limit=2&after_id=7", 8..10, false),
            ("after_id=9", 10..10, false),
            ("limit=4&before_id=9", 5..9, true),
            ("limit=4&before_id=5", 1..5, true),
            ("limit=4&before_id=1", 0..1, false),
            ("limit=4&before_id=4", 0..4, false),
            ("before_id=0", 0..0, false),
            ("after_id=&limit=%34&limit=5", 0..4, true),
        ] {
            assert_eq!(page(query), Ok((range, more)), "{query}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for query in ["limit=0", "limit=1001", "limit=-1", "limit=x", "limit=", "limit=1.5", "limit=1e2"] {
            assert!(page(query).unwrap_err().contains("from 1 to 1000"), "{query}");
        }
        assert!(page("after_id=1&before_id=2").is_err());
        assert_eq!(page("after_id=a%2Fb").unwrap_err(), "after_id: there is no model `a/b` in this list");
        assert!(page("before_id=10").is_err());
    }
}
