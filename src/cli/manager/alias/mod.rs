//! A model alias: its name, strategy, targets with their order and weights, fallback targets.

mod list;

use std::rc::Rc;

use super::desk::Desk;
use super::prompt::{Asked, Halt};
use super::walk::{Done, Step, walk};
use crate::cli::config::field::{self, Object};
use crate::cli::config::names::Names;
use crate::cli::config::upsert_alias::{self, AliasChange};
use crate::cli::file::Document;
use crate::config::Strategy;
use crate::config::names::is_alias_id;
use list::List;

const INTRO: &str = "An alias is one name in front of several models. Fallback targets get requests\n\
    only when no target is eligible.";

const STRATEGIES: [(Strategy, &str); 5] = [
    (Strategy::Auto, "spreads the quotas over their windows, keeps conversations together"),
    (Strategy::Ordered, "the first that is eligible"),
    (Strategy::RoundRobin, "in turns"),
    (Strategy::WeightedRoundRobin, "in turns, by weight"),
    (Strategy::QuotaAware, "by weight and by what is left of the quotas"),
];

const STEPS: [Step<Draft>; 10] =
    [which, id, strategy, lost_targets, targets, order, lost_fallbacks, fallbacks, fallback_order, review];

/// The answers so far.
struct Draft {
    document: Document,
    names: Names,
    existing: Option<String>,
    id: String,
    strategy: Strategy,
    /// The one that it has; an alias without one is `ordered`.
    present: Option<Strategy>,
    targets: List,
    fallbacks: List,
}

pub(super) fn run(desk: &mut Desk<'_>) -> Asked<()> {
    let document = desk.load()?;
    let names = Names::of(&document);
    if names.providers.is_empty() {
        desk.say("There is no model yet: add a provider first.");
        return Err(Halt::Leave);
    }
    desk.say(INTRO);
    let mut draft = Draft {
        names,
        document,
        existing: None,
        id: String::new(),
        strategy: Strategy::Auto,
        present: None,
        targets: List::default(),
        fallbacks: List::default(),
    };
    walk(&mut draft, desk, &STEPS)
}

fn which(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.names.aliases.is_empty() {
        return Ok(Done::Skipped);
    }
    let aliases = &draft.names.aliases;
    let options: Vec<String> =
        std::iter::once("A new alias".to_owned()).chain(aliases.iter().cloned()).collect();
    let start = aliases.iter().position(|id| Some(id) == draft.existing.as_ref()).map_or(0, |at| at + 1);
    let chosen = desk.prompt.select("Which alias?", "", &options, start)?;
    let existing = chosen.checked_sub(1).and_then(|at| aliases.get(at)).cloned();
    if existing != draft.existing {
        draft.start_from(existing);
    }
    Ok(Done::Asked)
}

fn id(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.existing.is_some() {
        return Ok(Done::Skipped);
    }
    let aliases = draft.names.aliases.clone();
    let check = move |text: &str| {
        if aliases.iter().any(|alias| alias == text) {
            return Err("there is one already that is called so".to_owned());
        }
        if is_alias_id(text) {
            return Ok(());
        }
        Err("letters, digits and . _ : - and a letter or digit first".to_owned())
    };
    draft.id = desk.prompt.text("Name of the alias", "what clients ask for", &draft.id, Rc::new(check))?;
    Ok(Done::Asked)
}

fn strategy(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let options: Vec<String> =
        STRATEGIES.iter().map(|(strategy, what)| format!("{}: {what}", strategy.name())).collect();
    let start = STRATEGIES.iter().position(|(strategy, _)| *strategy == draft.strategy).unwrap_or_default();
    let chosen = desk.prompt.select("Which target is the first choice?", "", &options, start)?;
    draft.strategy = STRATEGIES.get(chosen).map_or(Strategy::Auto, |(strategy, _)| *strategy);
    Ok(Done::Asked)
}

fn lost_targets(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    draft.targets.settle(desk, "targets")
}

fn targets(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let all = draft.references();
    draft.targets.choose(desk, "Targets", &all, true)
}

fn order(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let help = "first choice first; @2 behind one doubles its share";
    draft.targets.write(desk, &draft.names, "Order and weights", help)
}

fn lost_fallbacks(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    draft.fallbacks.settle(desk, "fallback targets")
}

fn fallbacks(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let targets = draft.targets.references();
    let all: Vec<String> =
        draft.references().into_iter().filter(|reference| !targets.contains(reference)).collect();
    draft.fallbacks.choose(desk, "Fallback targets, if any", &all, false)
}

fn fallback_order(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    draft.fallbacks.write(desk, &draft.names, "Order of the fallbacks", "first choice first")
}

fn review(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let Draft { targets, fallbacks, strategy, .. } = &*draft;
    let lines = [
        format!("Alias      {}", draft.id),
        format!("Strategy   {}", strategy.name()),
        format!("Targets    {}", targets.shown()),
        format!("Fallbacks  {}", fallbacks.shown()),
    ];
    // What is as it was is not named, so that it stays to the letter.
    let gone = fallbacks.is_changed() && fallbacks.is_empty();
    let change = AliasChange {
        id: draft.id.clone(),
        strategy: Some(*strategy).filter(|_| draft.present != Some(*strategy)),
        targets: targets.is_changed().then(|| targets.typed()),
        fallback_targets: (fallbacks.is_changed() && !gone).then(|| fallbacks.typed()),
        clear_fallback_targets: gone,
        metadata: None,
    };
    desk.review(&lines, |document, _| upsert_alias::upsert(document, &change))
}

impl Draft {
    /// Begins with what the alias is, or with nothing.
    fn start_from(&mut self, existing: Option<String>) {
        let aliases = field::MODEL_ALIASES.get(&self.document.root).and_then(|aliases| aliases.as_object());
        let object = existing.as_ref().and_then(|id| aliases?.get(id)?.as_object());
        let empty = Object::new();
        let alias = object.unwrap_or(&empty);
        let strategy = field::STRATEGY.text(alias).and_then(Strategy::from_name);
        self.present = existing.is_some().then(|| strategy.unwrap_or(Strategy::Ordered));
        self.strategy = self.present.unwrap_or(Strategy::Auto);
        self.targets = List::of(alias, field::TARGETS, &self.names);
        self.fallbacks = List::of(alias, field::FALLBACK_TARGETS, &self.names);
        self.id = existing.clone().unwrap_or_default();
        self.existing = existing;
    }

    /// What may be a target: everything but the alias itself.
    fn references(&self) -> Vec<String> {
        self.names.references().into_iter().filter(|reference| *reference != self.id).collect()
    }
}
