//! The aliases of the file.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::names;
use super::refs::{self, Directory};
use super::walk::At;
use super::{Alias, Strategy, Target, TargetRef};

/// Most aliases.
const ALIASES_MAX: usize = 1000;

/// Aliases on the longest way from one down to its models, itself included. Whoever walks an alias spends a
/// few hundred bytes of stack on each level, and a Worker has 1 MB.
const DEPTH_MAX: usize = 32;

impl Strategy {
    pub const ALL: [Self; 5] =
        [Self::Auto, Self::Ordered, Self::RoundRobin, Self::WeightedRoundRobin, Self::QuotaAware];

    /// The stored spelling.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Ordered => "ordered",
            Self::RoundRobin => "round-robin",
            Self::WeightedRoundRobin => "weighted-rr",
            Self::QuotaAware => "quota-aware-weighted-rr",
        }
    }

    /// The strategy of any accepted spelling, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if matches!(name.as_str(), "automatic" | "smart") {
            return Some(Self::Auto);
        }
        Self::ALL.into_iter().find(|strategy| strategy.name() == name)
    }
}

/// The entries at `at` that are called something valid. Their ids go into the directory.
pub(super) fn list<'a>(at: Option<&At<'a>>, directory: &mut Directory) -> Vec<(String, At<'a>)> {
    let Some(at) = at else { return Vec::new() };
    let Some(map) = at.object("an object with the ids of aliases as keys") else {
        directory.all_aliases = false;
        return Vec::new();
    };
    if map.len() > ALIASES_MAX {
        at.error(format!("has {} aliases; at most {ALIASES_MAX} are allowed", map.len()));
        directory.all_aliases = false;
    }
    let mut entries = Vec::new();
    for (id, value) in map.iter().take(ALIASES_MAX) {
        let entry = at.field(id, value);
        if check_id(&entry, id) {
            directory.aliases.insert(id.clone());
            entries.push((id.clone(), entry));
        } else {
            directory.all_aliases = false;
        }
    }
    entries
}

fn check_id(at: &At<'_>, id: &str) -> bool {
    if id == refs::DEFAULT_NAME {
        at.error(format!("`{id}` always means `defaultModel`; rename the alias"));
    } else if id.starts_with("alias:") {
        at.error("references write `alias:` in front of an id; leave it out of the id itself");
    } else if !names::is_alias_id(id) {
        at.error(
            "an alias id is a letter or digit, then letters, digits and any of . _ : -; rename the alias",
        );
    } else {
        return true;
    }
    false
}

pub(super) fn read_all(entries: &[(String, At<'_>)], directory: &Directory) -> Vec<Alias> {
    let aliases: Vec<Alias> = entries.iter().filter_map(|(id, at)| read(id, at, directory)).collect();
    let ways = Ways::of(&aliases);
    let entry_of = |way: &[&str]| entries.iter().find(|(id, _)| Some(&id.as_str()) == way.first());
    for cycle in &ways.cycles {
        if let Some((_, at)) = entry_of(cycle) {
            at.error(format!(
                "aliases lead back to themselves: {}; remove one of these steps",
                cycle.join(" -> ")
            ));
        }
    }
    for (depth, way) in ways.too_deep() {
        if let Some((_, at)) = entry_of(&way) {
            let more = if depth > way.len() { " -> ..." } else { "" };
            at.error(format!(
                "aliases nest {depth} deep; at most {DEPTH_MAX} are allowed: {}{more}; leave some of them out",
                way.join(" -> ")
            ));
        }
    }
    aliases
}

fn read(id: &str, at: &At<'_>, directory: &Directory) -> Option<Alias> {
    let mut fields = at.fields(r#"an object such as {"targets": ["provider/model"]}"#)?;
    let own_id = fields.get(&["id"]);
    let strategy = fields.get(&["strategy"]);
    let targets = fields.get(&["targets"]);
    let fallback_targets = fields.get(&["fallbackTargets", "fallbacks"]);
    fields.skip(&["metadata"]);
    fields.finish();

    if let Some(field) = own_id
        && field.text().is_some_and(|own| own != id)
    {
        field.error(format!("differs from the key {}; remove it or make them equal", names::quote(id)));
    }
    let strategy = strategy.map_or(Some(Strategy::Ordered), |field| read_strategy(&field));
    let items = targets.map(|field| field.items()).unwrap_or_default();
    if items.is_empty() {
        at.error("needs `targets`: at least one `provider/model` or alias");
    }
    let before = at.log.mistakes();
    let targets = read_targets(&items, directory);
    let fallback_items = fallback_targets.map(|field| field.items()).unwrap_or_default();
    let fallback_targets = read_targets(&fallback_items, directory);
    let emptied = !items.is_empty() && targets.is_empty() && fallback_targets.is_empty();
    if emptied && directory.is_complete() && at.log.mistakes() == before {
        at.warn("none of its targets is enabled; requests for it fail until one is");
    }
    Some(Alias { id: id.to_owned(), strategy: strategy?, targets, fallback_targets })
}

fn read_strategy(at: &At<'_>) -> Option<Strategy> {
    let name = at.text()?;
    let strategy = Strategy::from_name(name);
    if strategy.is_none() {
        let known = Strategy::ALL.map(Strategy::name);
        let suggestion = names::did_you_mean(names::closest(name, known));
        at.error(format!(
            "unknown strategy {}; write one of {}{suggestion}",
            names::quote(name),
            known.join(", ")
        ));
    }
    strategy
}

fn read_targets(items: &[At<'_>], directory: &Directory) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for item in items {
        let Some(target) = read_target(item, directory) else { continue };
        if targets.iter().any(|other| other.to == target.to) {
            item.warn("is in this list already; the first one counts");
        } else {
            targets.push(target);
        }
    }
    targets
}

fn read_target(at: &At<'_>, directory: &Directory) -> Option<Target> {
    if at.value.is_string() {
        return Some(Target { to: directory.resolve(at, Directory::target)?, weight: 1.0 });
    }
    let mut fields = at.fields("a reference or an object with a `ref`")?;
    let to = fields.get(&["ref", "target", "route", "model"]);
    let weight = fields.get(&["weight"]);
    fields.skip(&["metadata"]);
    fields.finish();

    let weight = weight.map_or(Some(1.0), |field| read_weight(&field));
    let Some(to) = to else {
        at.error("needs a `ref`: `provider/model` or the id of an alias");
        return None;
    };
    Some(Target { to: directory.resolve(&to, Directory::target)?, weight: weight? })
}

fn read_weight(at: &At<'_>) -> Option<f64> {
    let Some(weight) = at.value.as_f64() else {
        at.wrong_type("a number above 0");
        return None;
    };
    let valid = weight.is_finite() && weight > 0.0;
    if !valid {
        at.error(format!("must be above 0, found {}; remove the target to give it no requests", at.value));
    }
    valid.then_some(weight)
}

/// How aliases lead to each other.
struct Ways<'a> {
    steps: BTreeMap<&'a str, Vec<&'a str>>,
    /// Every way from an alias back to itself: `[a, b, a]`.
    cycles: Vec<Vec<&'a str>>,
    /// All aliases, each after those that it leads to, as far as there are no cycles.
    upwards: Vec<&'a str>,
}

impl<'a> Ways<'a> {
    fn of(aliases: &'a [Alias]) -> Self {
        let steps: BTreeMap<&str, Vec<&str>> =
            aliases.iter().map(|alias| (alias.id.as_str(), next(alias))).collect();
        let mut cycles = Vec::new();
        let mut upwards = Vec::new();
        let mut done = BTreeSet::new();
        for start in aliases {
            // A walk with an explicit stack: a chain may be as long as the list of aliases.
            let mut trail: Vec<(&str, std::slice::Iter<'_, &str>)> = Vec::new();
            let mut entering = Some(start.id.as_str()).filter(|id| !done.contains(id));
            loop {
                if let Some(id) = entering.take() {
                    trail.push((id, steps.get(id).map(|ids| ids.iter()).unwrap_or_default()));
                }
                let Some((id, rest)) = trail.last_mut() else { break };
                let Some(&next) = rest.next() else {
                    done.insert(*id);
                    upwards.push(*id);
                    trail.pop();
                    continue;
                };
                if let Some(from) = trail.iter().position(|(id, _)| *id == next) {
                    let way = trail.iter().skip(from).map(|(id, _)| *id);
                    cycles.push(way.chain([next]).collect());
                } else if !done.contains(next) {
                    entering = Some(next);
                }
            }
        }
        Self { steps, cycles, upwards }
    }

    /// Aliases that nest too deep and that no other such alias leads to: how deep, and the longest way down,
    /// as far as it shows the fault.
    fn too_deep(&self) -> Vec<(usize, Vec<&'a str>)> {
        if !self.cycles.is_empty() {
            return Vec::new();
        }
        let after = |id: &str| self.steps.get(id).map(Vec::as_slice).unwrap_or_default();
        // How deep each alias nests, and its first step on the longest way.
        let mut depths: BTreeMap<&str, (usize, Option<&str>)> = BTreeMap::new();
        for id in &self.upwards {
            let below = after(id).iter().filter_map(|next| Some((depths.get(next)?.0, *next)));
            let (depth, next) = below.min_by_key(|(depth, _)| Reverse(*depth)).unzip();
            depths.insert(id, (depth.unwrap_or(0) + 1, next));
        }
        let is_deep = |id: &&&str| depths.get(*id).is_some_and(|(depth, _)| *depth > DEPTH_MAX);
        let inside: BTreeSet<&str> =
            self.upwards.iter().filter(is_deep).flat_map(|id| after(id).iter().copied()).collect();
        let outermost = self.upwards.iter().filter(is_deep).filter(|id| !inside.contains(*id));
        outermost
            .filter_map(|id| {
                let way = std::iter::successors(Some(*id), |id| depths.get(id)?.1);
                Some((depths.get(id)?.0, way.take(DEPTH_MAX + 1).collect()))
            })
            .collect()
    }
}

fn next(alias: &Alias) -> Vec<&str> {
    let targets = alias.targets.iter().chain(&alias.fallback_targets);
    targets
        .filter_map(|target| match &target.to {
            TargetRef::Alias(id) => Some(id.as_str()),
            TargetRef::Model(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alias(id: &str, targets: &[&str]) -> Alias {
        let target = |to: &&str| Target { to: TargetRef::Alias((*to).to_owned()), weight: 1.0 };
        Alias {
            id: id.to_owned(),
            strategy: Strategy::Ordered,
            targets: targets.iter().map(target).collect(),
            fallback_targets: Vec::new(),
        }
    }

    #[test]
    fn strategies_by_name() {
        for strategy in Strategy::ALL {
            assert_eq!(Strategy::from_name(strategy.name()), Some(strategy));
        }
        assert_eq!(Strategy::from_name("Automatic"), Some(Strategy::Auto));
        assert_eq!(Strategy::from_name("smart"), Some(Strategy::Auto));
        assert_eq!(Strategy::from_name("random"), None);
    }

    #[test]
    fn cycles_are_found_once_each() {
        let cycles = |aliases: &[Alias]| -> Vec<Vec<String>> {
            let ways = Ways::of(aliases);
            ways.cycles.iter().map(|way| way.iter().map(ToString::to_string).collect()).collect()
        };
        let none = [alias("a", &["b", "c"]), alias("b", &["d"]), alias("c", &["d"]), alias("d", &[])];
        assert_eq!(cycles(&none), Vec::<Vec<String>>::new());
        assert_eq!(cycles(&[alias("a", &["a"])]), [vec!["a", "a"]]);
        let two = [alias("a", &["b"]), alias("b", &["c", "a"]), alias("c", &["b"]), alias("x", &["a"])];
        assert_eq!(cycles(&two), [vec!["b", "c", "b"], vec!["a", "b", "a"]]);
    }

    #[test]
    fn long_chains_do_not_overflow() {
        let ids: Vec<String> = (0..ALIASES_MAX).map(|n| format!("a{n}")).collect();
        let chain: Vec<Alias> =
            ids.iter().zip(ids.iter().cycle().skip(1)).map(|(id, to)| alias(id, &[to])).collect();
        assert_eq!(Ways::of(&chain).cycles[0].len(), ALIASES_MAX + 1);
    }
}
