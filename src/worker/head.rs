//! A request's head, fetched from JS in one crossing.

use std::{borrow::Cow, net::SocketAddr};

use js_sys::Array;

use super::js;
use crate::{ingress::Head, wire::headers::PROMPT_CACHE};

/// Request headers that the gateway reads, besides those that name a prompt cache.
const READ: [&str; 8] = [
    "authorization",
    "x-api-key",
    "origin",
    "content-type",
    "anthropic-version",
    "anthropic-beta",
    "access-control-request-headers",
    "x-llm-router-fault",
];

thread_local! {
    static NAMES: Array = js::array(READ.into_iter().chain(PROMPT_CACHE.into_iter().map(|(name, _)| name)));
}

pub(super) struct RequestHead {
    method: String,
    path: String,
    /// Without its `?`.
    query: String,
    headers: Vec<(String, String)>,
}

/// Pseudo-header under which the host's word on the client's address arrives.
const ADDRESS: &str = "@address";

impl RequestHead {
    /// `local`: not on Cloudflare, whose `cf-connecting-ip` no client can forge.
    pub(super) fn read(request: &web_sys::Request, local: bool) -> Self {
        let text = NAMES.with(|names| js::read_head(request, names, local));
        let (method, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let (url, rest) = rest.split_once('\n').unwrap_or((rest, ""));
        let (path, query) = path_and_query(url);
        let headers = js::pairs(rest);
        Self { method: method.to_owned(), path: path.to_owned(), query: query.to_owned(), headers }
    }

    pub(super) fn full_path(&self) -> &str {
        &self.path
    }

    pub(super) fn query(&self) -> &str {
        &self.query
    }
}

impl Head for RequestHead {
    fn method(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.method)
    }

    fn path(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.path)
    }

    fn header(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    fn client_address(&self) -> Option<String> {
        let address = self.header(ADDRESS)?;
        // Outside Cloudflare it is that of a connection, with its port.
        Some(address.parse::<SocketAddr>().map_or(address, |socket| socket.ip().to_string()))
    }
}

/// `/a/b` and `c` of `http://host/a/b?c#d`.
fn path_and_query(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/");
    let path = path.split_once('#').map_or(path, |(path, _)| path);
    path.split_once('?').unwrap_or((path, ""))
}
