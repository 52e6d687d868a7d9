//! From a requested model name to the candidates that may serve it, in order.
//!
//! `name` says what the name stands for. A model comes first itself, its `fallbackModels` follow;
//! fallbacks of fallbacks do not. An alias becomes a `tree`, which `rank` puts in order by each alias's
//! strategy ([`balance`]) and by what is known of the targets ([`hints`]). A target is asked in the format
//! that serves the client's best ([`ways`]); one without such a format is left out.
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
    translate::ways,
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
pub struct Place<'c> {
    pub provider: &'c Provider,
    pub model: &'c Model,
}

impl<'c> Place<'c> {
    fn is(&self, provider: &Provider, model: &Model) -> bool {
        self.provider.id == provider.id && self.model.id == model.id
    }

    pub fn name(&self) -> String {
        [&self.provider.id, "/", &self.model.id].concat()
    }

    /// The best way to serve a client of this format here, if there is one.
    pub fn serve(&self, client: Wire) -> Option<Step<'c>> {
        let Self { provider, model } = *self;
        let (wire, _) = ways(client).iter().find(|(wire, _)| provider.speaks(model, *wire))?;
        Some(Step { provider, model, wire: *wire })
    }
}

/// A candidate: a model of a provider, asked in one of its formats.
#[derive(Clone, Copy, Debug)]
pub struct Step<'c> {
    pub provider: &'c Provider,
    pub model: &'c Model,
    pub wire: Wire,
}

impl<'c> Step<'c> {
    pub fn name(&self) -> String {
        [&self.provider.id, "/", &self.model.id].concat()
    }

    /// The caps that it falls under.
    pub fn buckets(&self) -> impl Iterator<Item = &'c Bucket> + use<'c> {
        let model = self.model;
        self.provider.buckets.iter().filter(|bucket| bucket.models.covers(&model.id))
    }

    /// What the provider's ledger is asked.
    pub fn candidate(&self) -> Candidate {
        Candidate {
            target: Target::new(&self.model.id, self.wire),
            buckets: self.buckets().map(Cap::from).collect(),
        }
    }
}

/// Candidates for a request, all of which can serve its format.
#[derive(Debug)]
pub struct Plan<'c> {
    /// Never empty. Those that are away come last.
    pub steps: Vec<Step<'c>>,
    /// The client's format.
    pub wire: Wire,
    pub route: Route,
    /// Why the first step is first.
    pub reason: &'static str,
    /// Steps that are known to have no room, and why.
    pub away: Vec<(Step<'c>, Away)>,
    /// Candidates that cannot serve the format.
    pub mute: Vec<Place<'c>>,
}

/// Why nothing can be tried, and what is known of the route all the same.
#[derive(Debug)]
pub struct NoPlan<'c> {
    pub error: ClientError,
    /// Where the name leads, if anywhere.
    pub route: Option<Route>,
    /// As in [`Plan::mute`].
    pub mute: Vec<Place<'c>>,
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
            let wire = wish.settle(|wire| primary.serve(wire).is_some());
            let (mut steps, mut mute) = (Vec::new(), Vec::new());
            for place in direct(config, primary) {
                match place.serve(wire) {
                    Some(step) => steps.push(step),
                    None => mute.push(place),
                }
            }
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
    let as_asked = matches!((found, steps.first()), (Found::Model(asked), Some(first)) if asked.is(first.provider, first.model));
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

fn direct<'c>(config: &'c Config, primary: Place<'c>) -> Vec<Place<'c>> {
    let mut places = vec![primary];
    for fallback in &primary.model.fallbacks {
        if let Some((provider, model)) = config.model(&fallback.provider, &fallback.model)
            && !places.iter().any(|known| known.is(provider, model))
        {
            places.push(Place { provider, model });
        }
    }
    places
}

fn route(found: Found<'_>, kind: RouteKind) -> Route {
    match found {
        Found::Model(place) => Route { kind, name: place.name(), strategy: None },
        Found::Alias(alias) => Route { kind, name: alias.id.clone(), strategy: Some(alias.strategy.name()) },
    }
}

fn nothing(route: &Route, mute: &[Place<'_>], wire: Wire) -> ClientError {
    let spoken = |place: &Place<'_>| {
        let formats = Wire::ALL.into_iter().filter(|wire| place.provider.speaks(place.model, *wire));
        formats.map(Wire::config_name).collect::<Vec<_>>().join(", ")
    };
    let message = match mute {
        [] => format!("`{}` leads to no model that is enabled", route.name),
        [place] if place.name() == route.name => format!(
            "`{}` cannot serve the format of this request ({}); it speaks: {}",
            route.name,
            wire.config_name(),
            spoken(place),
        ),
        places => {
            let named = places.iter().take(NAMED_MAX);
            let named: Vec<String> =
                named.map(|place| format!("`{}` speaks: {}", place.name(), spoken(place))).collect();
            format!(
                "None of the models behind `{}` can serve the format of this request ({}); {}",
                route.name,
                wire.config_name(),
                named.join("; "),
            )
        }
    };
    ClientError::new(Kind::InvalidRequest, message).param("model")
}
