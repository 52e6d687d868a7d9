//! A request packed for one candidate, and the candidate's success unpacked for the client: as it is between
//! equal formats, translated between others.

use super::{Content, Request};
use crate::{
    ports::{Outgoing, Ports, SendError},
    route::Step,
    time::Millis,
    translate::{
        self, Memo, Notes, Refusal, Scene, Traits, Translated, Way,
        answer::{Stream, document, document_as_stream, stream_as_document},
        cleanse::{cleanse, without_budget},
        headers::translate_headers,
        ways,
    },
    wire::{
        Wire,
        envelope::{Envelope, Splice},
        error::{ClientError, Kind},
    },
};

/// Most bytes of an answer that is translated as a whole: several images in base64.
pub(super) const DOCUMENT_MAX: usize = 32 << 20;

/// See the module documentation.
pub(super) enum Parcel {
    Own(Option<Splice>),
    /// The client's own without another provider's thinking, or without a budget for any.
    Cleansed(Vec<u8>),
    Other(Box<Translated>),
}

/// Why a success is none.
pub(super) enum Unusable {
    Silent(SendError),
    /// What the client is told instead.
    Fault(ClientError),
}

impl Parcel {
    /// The request as `step` needs it; `unbudgeted`, where it has refused a budget for thinking.
    pub(super) fn pack(
        ports: &impl Ports,
        client: Wire,
        request: &Request,
        step: &Step<'_>,
        unbudgeted: bool,
    ) -> Result<Self, Refusal> {
        let Some(pair) = pair(client, step.wire) else {
            let cleansed = match (unbudgeted, request.sealed) {
                (true, _) => without_budget(&ports.body()),
                (false, true) => cleanse(step.wire, &ports.body()),
                (false, false) => None,
            };
            return Ok(match cleansed.and_then(|body| with_model(body, &step.model.id)) {
                Some(body) => Self::Cleansed(body),
                None => Self::Own(request.envelope.splice(&step.model.id)),
            });
        };
        let traits = Traits::of_model(step.model);
        let scene = Scene {
            requested: request.envelope.model.as_deref().unwrap_or(&step.model.id),
            provider: &step.provider.id,
            model: &step.model.id,
            traits: &traits,
            id: &ports.request_id(),
            created: ports.now().0 / 1_000,
        };
        translate::request(pair, &ports.body(), &scene).map(|translated| Self::Other(Box::new(translated)))
    }

    pub(super) fn outgoing(&self) -> Outgoing<'_> {
        match self {
            Self::Own(splice) => Outgoing::Own(splice.as_ref()),
            Self::Cleansed(body) => Outgoing::Other(body),
            Self::Other(translated) => Outgoing::Other(&translated.body),
        }
    }

    /// What the translation could not carry over.
    pub(super) fn notes(&self) -> Option<&Notes> {
        match self {
            Self::Own(_) | Self::Cleansed(_) => None,
            Self::Other(translated) => Some(&translated.notes),
        }
    }

    /// A success as the client needs it.
    pub(super) async fn unpack<P: Ports>(
        self,
        ports: &P,
        response: P::Response,
        way: (Wire, Wire),
        asked: Asked,
    ) -> Result<Content<P::Response>, Unusable> {
        match self {
            Self::Own(_) | Self::Cleansed(_) => Ok(Content::Relay(response)),
            Self::Other(translated) => unpack(ports, response, way, asked, &translated.memo).await,
        }
    }
}

/// Whether the client asked for a stream, and whether the upstream answers with one.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) stream: bool,
    pub(super) streams: bool,
}

async fn unpack<P: Ports>(
    ports: &P,
    response: P::Response,
    (client, upstream): (Wire, Wire),
    asked: Asked,
    memo: &Memo,
) -> Result<Content<P::Response>, Unusable> {
    let now = ports.now();
    if asked.stream && asked.streams {
        let stream = Stream::new(upstream, client, memo).ok_or_else(|| {
            Unusable::Fault(ClientError::new(Kind::Api, "This stream cannot be translated"))
        })?;
        let headers = headers(ports.headers(&response), upstream, client, now);
        return Ok(Content::Stream { response, headers, stream: Box::new(stream) });
    }
    let read = ports.read_success(response, DOCUMENT_MAX).await.map_err(Unusable::Silent)?;
    let translate = match (asked.stream, asked.streams) {
        (true, _) => document_as_stream,
        (false, true) => stream_as_document,
        (false, false) => document,
    };
    let body = translate(upstream, client, &read.body, memo).map_err(Unusable::Fault)?;
    let headers = headers(read.headers, upstream, client, now);
    Ok(Content::Document { stream: asked.stream, headers, body })
}

fn headers(
    headers: Vec<(String, String)>,
    upstream: Wire,
    client: Wire,
    now: Millis,
) -> Vec<(String, String)> {
    let mut headers = translate_headers(upstream, client, headers, now.0);
    headers.retain(|(name, _)| name != "content-type");
    headers
}

fn with_model(body: Vec<u8>, model: &str) -> Option<Vec<u8>> {
    match Envelope::read(&body).ok()?.splice(model) {
        Some(splice) => Some(splice.apply(&body)),
        None => Some(body),
    }
}

fn pair(client: Wire, upstream: Wire) -> Option<translate::Pair> {
    ways(client).iter().find_map(|(wire, way)| match way {
        Way::Translate(pair) if *wire == upstream => Some(*pair),
        _ => None,
    })
}
