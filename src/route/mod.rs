//! From a requested model name to the candidates that may serve it, in order.
//!
//! `name` says what the name stands for. A model comes first itself, its `fallbackModels` follow;
//! fallbacks of fallbacks do not. An alias becomes a `tree`, which `rank` puts in order by each alias's
//! strategy ([`balance`]) and by what is known of the targets ([`hints`]). Targets that do not speak the
//! request's format are left out.
//!
//! The order is advice. Whether a candidate has room is decided by its provider's ledger, later.

pub mod balance;
pub mod hints;
mod name;
mod rank;
mod tree;

use crate::{
    config::{Bucket, Config, Model, Provider},
    ledger::message::{Candidate, Cap, Target},
    time::Millis,
    trace::{Route, RouteKind},
    wire::{
        Wire,
        error::{ClientError, Kind},
    },
};
use balance::Rotations;
use hints::{Away, Hints};
pub use name::DEFAULT_NAME;
use name::Found;
use rank::{Ranker, Ranking};
use tree::Grower;

/// Candidates of one request, at most. Each may take a reservation, an attempt and a settlement, and the
/// first nine retries more: 3 * 64 + 3 * 9 = 219 subrequests of the 1,000 that a Worker's request has.
pub const STEPS_MAX: usize = 64;

/// Targets named in an error, at most.
const NAMED_MAX: usize = 8;

/// One model of one provider.
#[derive(Clone, Copy, Debug)]
pub struct Step<'c> {
    pub provider: &'c Provider,
    pub model: &'c Model,
}

impl<'c> Step<'c> {
    fn is(&self, other: &Self) -> bool {
        self.provider.id == other.provider.id && self.model.id == other.model.id
    }

    pub fn name(&self) -> String {
        format!("{}/{}", self.provider.id, self.model.id)
    }

    /// The caps that it falls under.
    pub fn buckets(&self) -> impl Iterator<Item = &'c Bucket> + use<'c> {
        let model = self.model;
        self.provider.buckets.iter().filter(|bucket| bucket.models.covers(&model.id))
    }

    /// What the provider's ledger is asked.
    pub fn candidate(&self, wire: Wire) -> Candidate {
        Candidate {
            target: Target::new(&self.model.id, wire),
            buckets: self
                .buckets()
                .map(|bucket| Cap {
                    id: bucket.id.clone(),
                    limit: bucket.requests,
                    unit: bucket.window.unit.into(),
                    size: bucket.window.size,
                })
                .collect(),
        }
    }
}

/// Candidates for a request, all of which speak its format.
#[derive(Debug)]
pub struct Plan<'c> {
    /// Never empty. Those that are away come last.
    pub steps: Vec<Step<'c>>,
    pub wire: Wire,
    pub route: Route,
    /// Why the first step is first.
    pub reason: &'static str,
    /// Steps that are known to have no room, and why.
    pub away: Vec<(Step<'c>, Away)>,
    /// Candidates that do not speak the format.
    pub mute: Vec<Step<'c>>,
}

/// Why nothing can be tried, and what is known of the route all the same.
#[derive(Debug)]
pub struct NoPlan<'c> {
    pub error: ClientError,
    /// Where the name leads, if anywhere.
    pub route: Option<Route>,
    /// As in [`Plan::mute`].
    pub mute: Vec<Step<'c>>,
}

/// What an isolate remembers between requests.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    pub hints: Hints,
    pub rotations: Rotations,
}

/// What is different about this request, besides its words.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub now: Millis,
    /// In [0, 1).
    pub draw: f64,
    /// Equal for all requests of a conversation.
    pub conversation: Option<u64>,
}

/// What a client asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    pub model: Option<&'a str>,
    pub wire: Wire,
    /// Whether the format was named, not guessed: a guess gives way to a format that is served.
    pub certain: bool,
}

/// The plan for a request.
pub fn plan<'c>(
    config: &'c Config,
    wish: Wish<'_>,
    memory: &mut Memory,
    moment: Moment,
) -> Result<Plan<'c>, Box<NoPlan<'c>>> {
    let (found, kind) = name::resolve(config, wish.model)
        .map_err(|error| Box::new(NoPlan { error, route: None, mute: Vec::new() }))?;
    let (wire, ranking, mute) = match found {
        Found::Model(primary) => {
            let serves = |wire| primary.provider.speaks(primary.model, wire);
            let wire = wish.settle(serves);
            let (steps, mute) =
                direct(config, primary).into_iter().partition(|step| step.provider.speaks(step.model, wire));
            let steps: Vec<Step<'c>> = steps;
            (wire, Ranker { memory, moment, wire }.sort(steps), mute)
        }
        Found::Alias(alias) => {
            let grow = |wire| {
                let mut grower = Grower::new(config, wire);
                (grower.grow(alias), grower.mute)
            };
            let wire = wish.settle(|wire| !grow(wire).0.is_empty());
            let (branch, mute) = grow(wire);
            (wire, Ranker { memory, moment, wire }.rank(&branch), mute)
        }
    };
    let route = route(found, kind);
    let Ranking { ready, away, reason } = ranking;
    let all_away = ready.is_empty();
    let mut steps: Vec<Step<'c>> = ready.into_iter().chain(away.iter().map(|(_, step)| *step)).collect();
    steps.truncate(STEPS_MAX);
    if steps.is_empty() {
        let error = nothing(&route, &mute, wire);
        return Err(Box::new(NoPlan { error, route: Some(route), mute }));
    }
    let as_asked = matches!((found, steps.first()), (Found::Model(asked), Some(first)) if asked.is(first));
    let reason = match reason {
        _ if all_away => "the first to have room again",
        Some(reason) => reason,
        None if as_asked => "the one asked for",
        None => "fallback: the one asked for has no room",
    };
    let away = away.into_iter().map(|(away, step)| (step, away)).collect();
    Ok(Plan { steps, wire, route, reason, away, mute })
}

impl Wish<'_> {
    fn settle(&self, serves: impl Fn(Wire) -> bool) -> Wire {
        if self.certain || serves(self.wire) {
            return self.wire;
        }
        Wire::ALL.into_iter().find(|wire| serves(*wire)).unwrap_or(self.wire)
    }
}

fn direct<'c>(config: &'c Config, primary: Step<'c>) -> Vec<Step<'c>> {
    let mut steps = vec![primary];
    for fallback in &primary.model.fallbacks {
        if let Some((provider, model)) = config.model(&fallback.provider, &fallback.model)
            && let step = (Step { provider, model })
            && !steps.iter().any(|known| known.is(&step))
        {
            steps.push(step);
        }
    }
    steps
}

fn route(found: Found<'_>, kind: RouteKind) -> Route {
    match found {
        Found::Model(step) => Route { kind, name: step.name(), strategy: None },
        Found::Alias(alias) => Route { kind, name: alias.id.clone(), strategy: Some(alias.strategy.name()) },
    }
}

fn nothing(route: &Route, mute: &[Step<'_>], wire: Wire) -> ClientError {
    let spoken = |step: &Step<'_>| {
        let formats = Wire::ALL.into_iter().filter(|wire| step.provider.speaks(step.model, *wire));
        formats.map(Wire::config_name).collect::<Vec<_>>().join(", ")
    };
    let message = match mute {
        [] => format!("`{}` leads to no model that is enabled", route.name),
        [step] if step.name() == route.name => format!(
            "`{}` is not served in the format of this request ({}); it speaks: {}",
            route.name,
            wire.config_name(),
            spoken(step),
        ),
        steps => {
            let named = steps.iter().take(NAMED_MAX);
            let named: Vec<String> =
                named.map(|step| format!("`{}` speaks: {}", step.name(), spoken(step))).collect();
            format!(
                "None of the models behind `{}` is served in the format of this request ({}); {}",
                route.name,
                wire.config_name(),
                named.join("; "),
            )
        }
    };
    ClientError::new(Kind::InvalidRequest, message).param("model")
}
