//! A request's head, fetched from JS in one crossing.

use std::{borrow::Cow, net::SocketAddr};

use js_sys::Array;

use super::js;
use crate::{ingress::Head, wire::headers::PROMPT_CACHE};

/// Headers that every request is asked for, besides those that name a prompt cache. Others are fetched when somebody
/// wants to know: looking one up costs about a hundredth of a request, whether it is there or not.
const READ: [&str; 3] = ["authorization", "origin", "content-type"];

thread_local! {
    static NAMES: Array = js::array(READ.into_iter().chain(PROMPT_CACHE.into_iter().map(|(name, _)| name)));
}

pub(super) struct RequestHead {
    method: String,
    path: String,
    /// Without its `?`.
    query: String,
    headers: Vec<(String, String)>,
    request: web_sys::Request,
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
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            request: Clone::clone(request),
        }
    }

    pub(super) fn full_path(&self) -> &str {
        &self.path
    }

    pub(super) fn query(&self) -> &str {
        &self.query
    }

    fn known(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
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
        match self.known(name) {
            None if !is_read(name) => self.request.headers().get(name).ok()?,
            known => known.map(str::to_owned),
        }
    }

    fn client_address(&self) -> Option<String> {
        let address = self.known(ADDRESS)?.to_owned();
        // Outside Cloudflare it is that of a connection, with its port.
        Some(address.parse::<SocketAddr>().map_or(address, |socket| socket.ip().to_string()))
    }
}

fn is_read(name: &str) -> bool {
    READ.contains(&name) || PROMPT_CACHE.iter().any(|(known, _)| *known == name)
}

/// `/a/b` and `c` of `http://host/a/b?c#d`.
fn path_and_query(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/");
    let path = path.split_once('#').map_or(path, |(path, _)| path);
    path.split_once('?').unwrap_or((path, ""))
}
