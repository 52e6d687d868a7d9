//! The probe against endpoints on loopback that behave like real ones. Time is not real: waits are noted and
//! not waited for.
//!
//! These are tests of the library, which includes this directory, because a probe is no part of its interface.

mod formats;
mod limits;
mod mock;
mod models;
mod places;
mod secrets;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use url::Url;

use super::event::{ProbeEvent, Reason};
use super::pace::Clock;
use super::probe_by;
use super::report::{FormatReport, ProbeReport, Standing};
use super::request::{Endpoint, ProbeRequest};
use crate::config::Secret;
use crate::time::Millis;
use crate::wire::Wire;

pub(super) const KEY: &str = "sk-test-0123456789abcdef";

/// A clock that a wait moves on at once.
#[derive(Default)]
struct TestClock {
    now: Cell<Duration>,
    waits: RefCell<Vec<Duration>>,
}

impl Clock for TestClock {
    fn now(&self) -> Duration {
        self.now.get()
    }

    fn date(&self) -> Millis {
        Millis(1_795_338_000_000) // 2026-11-22T09:00:00Z
    }

    async fn sleep(&self, duration: Duration) {
        self.now.set(self.now.get() + duration);
        self.waits.borrow_mut().push(duration);
    }
}

/// A probe that has ended.
struct Probed {
    report: ProbeReport,
    events: Vec<ProbeEvent>,
    clock: TestClock,
}

async fn run(request: &ProbeRequest) -> Probed {
    let clock = TestClock::default();
    let mut events = Vec::new();
    let report = probe_by(&clock, request, &mut |event| events.push(event)).await;
    Probed { report, events, clock }
}

/// A request for what is at `url`, with a key, in the usual formats.
fn request(url: &str, models: &[&str]) -> ProbeRequest {
    let endpoint = Endpoint::new(Url::parse(url).unwrap());
    let mut request = ProbeRequest::new(vec![endpoint], Some(Secret::new(KEY)));
    request.models = models.iter().map(|&model| model.to_owned()).collect();
    request
}

/// The same for one format.
fn request_in(wire: Wire, url: &str, models: &[&str]) -> ProbeRequest {
    ProbeRequest { formats: vec![wire], ..request(url, models) }
}

impl Probed {
    fn format(&self, wire: Wire) -> &FormatReport {
        let formats = &self.report.endpoints[0].formats;
        formats.iter().find(|format| format.format == wire).unwrap()
    }

    fn standing(&self, wire: Wire) -> Standing {
        self.format(wire).standing
    }

    /// Formats to configure, as a config names them.
    fn formats(&self) -> Vec<&'static str> {
        self.report.conclusion.formats.iter().map(|choice| choice.format.config_name()).collect()
    }

    /// Models to configure, with the formats that they answered in.
    fn models(&self) -> Vec<(&str, Vec<&'static str>, bool)> {
        let models = self.report.conclusion.models.iter();
        models
            .map(|model| {
                let formats = model.formats.iter().map(|wire| wire.config_name()).collect();
                (model.id.as_str(), formats, model.restricted)
            })
            .collect()
    }

    fn waits(&self, reason: Reason) -> Vec<Duration> {
        let wait = |event: &ProbeEvent| match event {
            ProbeEvent::Waiting { reason: of, wait } if *of == reason => Some(*wait),
            _ => None,
        };
        self.events.iter().filter_map(wait).collect()
    }

    fn planned(&self) -> usize {
        match self.events.first() {
            Some(ProbeEvent::Plan { requests }) => *requests,
            other => panic!("the plan comes first, not {other:?}"),
        }
    }

    fn warns(&self, words: &str) -> bool {
        self.report.conclusion.warnings.iter().any(|warning| warning.contains(words))
    }
}
