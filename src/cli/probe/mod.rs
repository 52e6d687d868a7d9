//! The probe: what a provider speaks, where, with which spelling of a key, and which models answer.
//!
//! ```text
//! request ─ candidate ─ list ─ search ─ model ─ conclude ─ report ─ text
//!             (URLs)   (free)   │ check   │ ask
//!                               │ (free)  │ (one token)
//!                  session ─ pace, wait, answer, scrub
//! ```
//!
//! First everything that costs nothing: lists of models, and requests that are refused because they have no
//! conversation. Then each model that was asked for is asked for one token in each format that is there.
//! A refusal is read, not counted: a 404 may be about a model, a 200 may be an error.

pub(crate) mod event;
pub(crate) mod headers;
pub(crate) mod progress;
pub(crate) mod report;
pub(crate) mod request;
pub(crate) mod text;
pub(crate) mod variant;

mod answer;
mod ask;
mod candidate;
mod check;
mod conclude;
mod endpoint;
mod list;
mod model;
mod pace;
mod run;
mod scrub;
mod search;
mod session;
mod shape;
mod target;
mod wait;

use event::ProbeEvent;
use pace::{Clock, MachineClock};
use report::{EndpointReport, ProbeReport};
use request::ProbeRequest;
pub(crate) use run::run;
use session::Session;

/// Runs a probe. What could not be found out is in the report, too: a probe does not fail.
pub(crate) async fn probe(request: ProbeRequest, progress: &mut dyn FnMut(ProbeEvent)) -> ProbeReport {
    probe_by(&MachineClock::new(), &request, progress).await
}

async fn probe_by<C: Clock>(
    clock: &C,
    request: &ProbeRequest,
    progress: &mut dyn FnMut(ProbeEvent),
) -> ProbeReport {
    progress(ProbeEvent::Plan { requests: request.billed_max() });
    let mut endpoints: Vec<EndpointReport> = Vec::new();
    let mut requests = 0;
    match Session::new(request, clock, &mut *progress) {
        Ok(mut session) => {
            let mut asked = Vec::new();
            for (index, endpoint) in request.endpoints.iter().enumerate() {
                session.say(ProbeEvent::Endpoint {
                    url: scrub::shown(&endpoint.base),
                    number: index + 1,
                    of: request.endpoints.len(),
                });
                endpoints.push(endpoint::probe(&mut session, endpoint, &mut asked).await);
            }
            requests = session.sent;
        }
        Err(reason) => endpoints.extend(request.endpoints.iter().map(|endpoint| EndpointReport {
            url: scrub::shown(&endpoint.base),
            unreachable: Some(reason.clone()),
            any_path: false,
            any_model: false,
            formats: Vec::new(),
            trials: Vec::new(),
        })),
    }
    let conclusion = conclude::of(request, &endpoints);
    progress(ProbeEvent::Done { ok: conclusion.ok, requests });
    let billed = endpoints.iter().flat_map(|endpoint| &endpoint.trials).filter(|trial| trial.billed);
    ProbeReport { billed_max: request.billed_max(), billed: billed.count(), requests, endpoints, conclusion }
}

#[cfg(test)]
#[path = "../../../tests/native/cli/probe/mod.rs"]
mod tests;
