//! A config as drawn, and what it promises: which caps a model falls under, who may be asked before whom.
//!
//! All of it is worked out here from the drawing, not from what the product read of it.

use std::{collections::BTreeSet, fmt::Write as _};

use llm_router::wire::Wire;
use serde_json::{Value, json};

use super::model::Asked;
use crate::random::Random;

/// A provider's index and its model's.
pub(super) type Leaf = (usize, usize);

#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) providers: Vec<Provider>,
    pub(super) aliases: Vec<Alias>,
}

#[derive(Clone, Debug)]
pub(super) struct Provider {
    pub(super) wires: Vec<Wire>,
    /// Its key is in a variable that is not set.
    pub(super) keyless: bool,
    /// Of each model, its `fallbackModels`.
    pub(super) models: Vec<Vec<Leaf>>,
    pub(super) buckets: Vec<Bucket>,
    /// `max` and `ttlMs`, if they are set.
    pub(super) leases: Option<(u64, u64)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bucket {
    pub(super) id: String,
    /// `None`: all.
    pub(super) models: Option<Vec<usize>>,
    pub(super) requests: u64,
    pub(super) unit: &'static str,
    pub(super) size: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Alias {
    pub(super) strategy: &'static str,
    pub(super) targets: Vec<(Target, u64)>,
    pub(super) fallbacks: Vec<(Target, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    Model(Leaf),
    Alias(usize),
}

/// Everything that a request may be sent to, and who comes before whom.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    pub(super) leaves: Vec<Leaf>,
    /// The second ones get nothing while one of the first ones has room.
    pub(super) order: Vec<(Vec<Leaf>, Vec<Leaf>)>,
}

const STRATEGIES: [&str; 5] = ["ordered", "round-robin", "weighted-rr", "quota-aware-weighted-rr", "auto"];

impl Shape {
    pub(super) fn draw(random: &mut Random) -> Self {
        let count = random.between(1, 6);
        let mut providers: Vec<Provider> = (0..count).map(|_| Provider::draw(random)).collect();
        let sizes: Vec<usize> = providers.iter().map(|provider| provider.models.len()).collect();
        let leaf = |random: &mut Random| {
            let provider = random.below(sizes.len());
            (provider, random.below(sizes[provider]))
        };
        for (p, provider) in providers.iter_mut().enumerate() {
            for (m, fallbacks) in provider.models.iter_mut().enumerate() {
                for _ in 0..random.pick(&[0, 0, 1, 2, 3]) {
                    let fallback = leaf(random);
                    if fallback != (p, m) && !fallbacks.contains(&fallback) {
                        fallbacks.push(fallback);
                    }
                }
            }
        }
        let count = random.between(1, 4);
        let aliases = (0..count).map(|_| random.pick(&STRATEGIES)).collect::<Vec<_>>();
        let aliases = aliases.iter().enumerate().map(|(index, strategy)| {
            let deeper = index + 1..aliases.len();
            let (first, second) = (random.between(1, 4), random.pick(&[0, 0, 1, 2, 3]));
            let mut list = |most| {
                let mut targets: Vec<(Target, u64)> = Vec::new();
                for _ in 0..most {
                    let target = match deeper.len() {
                        1.. if random.chance(0.3) => Target::Alias(deeper.start + random.below(deeper.len())),
                        _ => Target::Model(leaf(random)),
                    };
                    if !targets.iter().any(|(known, _)| *known == target) {
                        targets.push((target, random.pick(&[1, 1, 1, 2, 5])));
                    }
                }
                targets
            };
            Alias { strategy, targets: list(first), fallbacks: list(second) }
        });
        let aliases = aliases.collect();
        Self { providers, aliases }
    }

    /// The same with caps that are so many times as large.
    pub(super) fn with_room_for(mut self, times: u64) -> Self {
        for bucket in self.providers.iter_mut().flat_map(|provider| &mut provider.buckets) {
            bucket.requests *= times;
        }
        self
    }

    /// The same after somebody edited it: caps raised and lowered, a window or a strategy changed.
    pub(super) fn edited(&self, random: &mut Random) -> Self {
        let mut edited = self.clone();
        for bucket in edited.providers.iter_mut().flat_map(|provider| &mut provider.buckets) {
            bucket.requests = match random.below(4) {
                0 => bucket.requests * 2,
                1 => bucket.requests.div_ceil(3),
                2 => bucket.requests + 1,
                _ => bucket.requests,
            };
            if random.chance(0.1) {
                (bucket.unit, bucket.size) = random.pick(&WINDOWS);
            }
        }
        for alias in &mut edited.aliases {
            alias.strategy = if random.chance(0.2) { random.pick(&STRATEGIES) } else { alias.strategy };
        }
        edited
    }

    /// The caps of a model.
    pub(super) fn buckets(&self, (provider, model): Leaf) -> impl Iterator<Item = &Bucket> {
        let covers = move |bucket: &&Bucket| bucket.models.as_ref().is_none_or(|only| only.contains(&model));
        self.providers[provider].buckets.iter().filter(covers)
    }

    /// A candidate of an ask in this format.
    pub(super) fn asked(&self, leaf: Leaf, wire: Wire) -> Asked<'_> {
        Asked { target: format!("m{}@{}", leaf.1, wire.config_name()), buckets: self.buckets(leaf).collect() }
    }

    /// What a request for `name` in this format may be sent to.
    pub(super) fn reach(&self, name: Target, wire: Wire) -> Reach {
        let mut reach = Reach::default();
        match name {
            Target::Model(primary) => {
                let fallbacks = &self.providers[primary.0].models[primary.1];
                let leaves = [primary].into_iter().chain(fallbacks.iter().copied());
                reach.leaves = leaves.filter(|leaf| self.providers[leaf.0].wires.contains(&wire)).collect();
                for at in 1..reach.leaves.len() {
                    reach.order.push((reach.leaves[..at].to_vec(), vec![reach.leaves[at]]));
                }
            }
            Target::Alias(alias) => {
                let mut met = (BTreeSet::new(), BTreeSet::new());
                reach.leaves = self.walk(alias, wire, &mut met, &mut reach.order);
            }
        }
        reach
    }

    /// Depth first; models and aliases count where they are met first.
    fn walk(
        &self,
        alias: usize,
        wire: Wire,
        met: &mut (BTreeSet<Leaf>, BTreeSet<usize>),
        order: &mut Vec<(Vec<Leaf>, Vec<Leaf>)>,
    ) -> Vec<Leaf> {
        met.1.insert(alias);
        let Alias { strategy, targets, fallbacks } = &self.aliases[alias];
        let parts = [targets, fallbacks].map(|list| {
            let mut all: Vec<Leaf> = Vec::new();
            for (target, _) in list {
                let leaves = match target {
                    Target::Alias(inner) if met.1.contains(inner) => Vec::new(),
                    Target::Alias(inner) => self.walk(*inner, wire, met, order),
                    Target::Model(leaf) => {
                        let new = met.0.insert(*leaf) && self.providers[leaf.0].wires.contains(&wire);
                        if new { vec![*leaf] } else { Vec::new() }
                    }
                };
                if *strategy == "ordered" {
                    order.push((all.clone(), leaves.clone()));
                }
                all.extend(leaves);
            }
            all
        });
        order.push((parts[0].clone(), parts[1].clone()));
        parts.concat()
    }

    /// The file.
    pub(super) fn config(&self) -> Value {
        let providers = self.providers.iter().enumerate().map(|(id, provider)| provider.config(id));
        let target = |(target, weight): &(Target, u64)| json!({ "ref": name(*target), "weight": weight });
        let list = |targets: &[(Target, u64)]| targets.iter().map(target).collect::<Vec<_>>();
        let aliases = self.aliases.iter().enumerate().map(|(id, alias)| {
            let Alias { strategy, targets, fallbacks } = alias;
            let value =
                json!({ "strategy": strategy, "targets": list(targets), "fallbackTargets": list(fallbacks) });
            (format!("a{id}"), value)
        });
        json!({
            "version": 2, "defaultModel": "a0", "providers": providers.collect::<Vec<_>>(),
            "modelAliases": aliases.collect::<serde_json::Map<_, _>>(),
        })
    }

    /// For people.
    pub(super) fn sketch(&self) -> String {
        let mut text = String::new();
        for (id, provider) in self.providers.iter().enumerate() {
            let Provider { wires, keyless, models, buckets, leases } = provider;
            write!(text, "  p{id} {wires:?}{}", if *keyless { " keyless" } else { "" }).unwrap();
            for (m, fallbacks) in models.iter().enumerate() {
                let fallbacks: Vec<String> =
                    fallbacks.iter().map(|leaf| name(Target::Model(*leaf))).collect();
                write!(text, " m{m}→[{}]", fallbacks.join(" ")).unwrap();
            }
            for Bucket { id, models, requests, unit, size } in buckets {
                write!(text, " {id}:{requests}/{unit}:{size} of {models:?}").unwrap();
            }
            if let Some((max, ttl_ms)) = leases {
                write!(text, " leases {max} {ttl_ms} ms").unwrap();
            }
            text.push('\n');
        }
        for (id, Alias { strategy, targets, fallbacks }) in self.aliases.iter().enumerate() {
            let list = |targets: &[(Target, u64)]| {
                let names: Vec<String> =
                    targets.iter().map(|(target, weight)| format!("{}*{weight}", name(*target))).collect();
                names.join(" ")
            };
            writeln!(text, "  a{id} {strategy} [{}] else [{}]", list(targets), list(fallbacks)).unwrap();
        }
        text
    }
}

pub(super) fn name(target: Target) -> String {
    match target {
        Target::Model((provider, model)) => format!("p{provider}/m{model}"),
        Target::Alias(alias) => format!("a{alias}"),
    }
}

const WINDOWS: [(&str, u64); 14] = [
    ("second", 1),
    ("second", 10),
    ("minute", 1),
    ("minute", 1),
    ("minute", 15),
    ("hour", 1),
    ("hour", 5),
    ("hour", 6),
    ("day", 1),
    ("day", 3),
    ("week", 1),
    ("week", 2),
    ("month", 1),
    ("month", 5),
];

/// Off, as they are unless set, small and large.
const LEASES: [Option<(u64, u64)>; 5] = [Some((1, 3_000)), None, None, Some((5, 500)), Some((1_000, 20_000))];

impl Provider {
    /// What the README says of a provider that sets nothing.
    pub(super) fn terms(&self) -> (u64, u64) {
        self.leases.unwrap_or((1_000, 3_000))
    }

    fn draw(random: &mut Random) -> Self {
        let models = usize::try_from(random.between(1, 4)).unwrap();
        let wires = random.pick(&[
            &[Wire::Completions][..],
            &[Wire::Completions],
            &[Wire::Responses],
            &[Wire::Completions, Wire::Responses],
            &[Wire::Responses, Wire::Completions],
        ]);
        let count = random.pick(&[0, 1, 1, 2, 2, 3, 4]);
        let buckets = (0..count).map(|id| {
            let (unit, size) = random.pick(&WINDOWS);
            let only: Vec<usize> = (0..models).filter(|_| random.chance(0.5)).collect();
            let models = (!only.is_empty() && random.chance(0.4)).then_some(only);
            let requests = random.pick(&[1, 1, 2, 2, 3, 4, 5, 8, 12, 30]);
            Bucket { id: format!("b{id}"), models, requests, unit, size }
        });
        Self {
            wires: wires.to_vec(),
            buckets: buckets.collect(),
            keyless: random.chance(0.03),
            leases: random.pick(&LEASES),
            models: vec![Vec::new(); models],
        }
    }

    fn config(&self, id: usize) -> Value {
        let models: Vec<Value> = self
            .models
            .iter()
            .enumerate()
            .map(|(model, fallbacks)| {
                let fallbacks: Vec<String> =
                    fallbacks.iter().map(|leaf| name(Target::Model(*leaf))).collect();
                json!({ "id": format!("m{model}"), "fallbackModels": fallbacks })
            })
            .collect();
        let buckets: Vec<Value> = self
            .buckets
            .iter()
            .map(|Bucket { id, models, requests, unit, size }| {
                let models = models.as_ref().map_or_else(
                    || vec!["all".to_owned()],
                    |only| only.iter().map(|model| format!("m{model}")).collect(),
                );
                let window = json!({ "unit": unit, "size": size });
                json!({ "id": id, "models": models, "requests": requests, "window": window })
            })
            .collect();
        let formats: Vec<&str> = self.wires.iter().map(|wire| wire.config_name()).collect();
        let mut provider = json!({
            "id": format!("p{id}"), "name": format!("p{id}"), "baseUrl": format!("https://p{id}.test"),
            "formats": formats, "models": models, "rateLimits": buckets,
        });
        let (field, key) = if self.keyless { ("apiKeyEnv", "NO_SUCH_KEY") } else { ("apiKey", "k") };
        provider[field] = json!(key);
        if let Some((max, ttl_ms)) = self.leases {
            provider["leases"] = json!({ "max": max, "ttlMs": ttl_ms });
        }
        provider
    }
}
