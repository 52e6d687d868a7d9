//! A model alias: its name, strategy, targets with their order and weights, fallback targets.

use std::rc::Rc;

use super::choose;
use super::desk::Desk;
use super::prompt::{Asked, Check, Halt, in_words};
use super::walk::{Done, Step, walk};
use crate::cli::config::field::{self, Field, Object};
use crate::cli::config::names::Names;
use crate::cli::config::targets;
use crate::cli::config::upsert_alias::{self, AliasChange, shown_target};
use crate::cli::file::Document;
use crate::config::Strategy;
use crate::config::names::is_alias_id;

const INTRO: &str = "An alias is one name in front of several models. Fallback targets get requests\n\
    only when no target is eligible.";

const STRATEGIES: [(Strategy, &str); 5] = [
    (Strategy::Auto, "spreads the quotas over their windows, keeps conversations together"),
    (Strategy::Ordered, "the first that is eligible"),
    (Strategy::RoundRobin, "in turns"),
    (Strategy::WeightedRoundRobin, "in turns, by weight"),
    (Strategy::QuotaAware, "by weight and by what is left of the quotas"),
];

const STEPS: [Step<Draft>; 8] = [which, id, strategy, targets, order, fallbacks, fallback_order, review];

/// The answers so far.
struct Draft {
    document: Document,
    names: Names,
    existing: Option<String>,
    id: String,
    strategy: Strategy,
    /// As they are typed, with weights.
    targets: List,
    fallbacks: List,
}

/// References, and how they are written.
#[derive(Clone, Default)]
struct List {
    references: Vec<String>,
    written: Vec<String>,
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

fn targets(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let all = draft.references();
    let chosen = choose::references(desk, "Targets", &all, &draft.targets.references, true)?;
    draft.targets.choose(chosen);
    Ok(Done::Asked)
}

fn order(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.targets.references.len() < 2 {
        return Ok(Done::Skipped);
    }
    let help = "first choice first; @2 behind one doubles its share";
    write(&mut draft.targets, &draft.names, desk, "Order and weights", help)
}

fn fallbacks(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let all: Vec<String> = draft
        .references()
        .into_iter()
        .filter(|reference| !draft.targets.references.contains(reference))
        .collect();
    if all.is_empty() {
        draft.fallbacks = List::default();
        return Ok(Done::Skipped);
    }
    let chosen =
        choose::references(desk, "Fallback targets, if any", &all, &draft.fallbacks.references, false)?;
    draft.fallbacks.choose(chosen);
    Ok(Done::Asked)
}

fn fallback_order(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.fallbacks.references.len() < 2 {
        return Ok(Done::Skipped);
    }
    write(&mut draft.fallbacks, &draft.names, desk, "Order of the fallbacks", "first choice first")
}

fn review(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let shown = |list: &List| {
        if list.written.is_empty() { "none".to_owned() } else { list.written.join("\n             ") }
    };
    let lines = [
        format!("Alias      {}", draft.id),
        format!("Strategy   {}", draft.strategy.name()),
        format!("Targets    {}", shown(&draft.targets)),
        format!("Fallbacks  {}", shown(&draft.fallbacks)),
    ];
    let none = draft.fallbacks.written.is_empty();
    let change = AliasChange {
        id: draft.id.clone(),
        strategy: Some(draft.strategy),
        targets: Some(draft.targets.written.join(",")),
        fallback_targets: (!none).then(|| draft.fallbacks.written.join(",")),
        clear_fallback_targets: none,
        metadata: None,
    };
    desk.review(&lines, |document, _| upsert_alias::upsert(document, &change))
}

/// Lets a list be edited as text: that is where order and weights are.
fn write(list: &mut List, names: &Names, desk: &mut Desk<'_>, question: &str, help: &str) -> Asked<Done> {
    let known = names.clone();
    let check: Check = Rc::new(move |text| match targets::parse("targets", text, &known) {
        Ok((targets, _)) if targets.is_empty() => Err("name at least one".to_owned()),
        Ok(_) => Ok(()),
        Err(failure) => Err(failure.details.first().cloned().unwrap_or_else(|| in_words(&failure))),
    });
    let text = desk.prompt.text(question, help, &list.written.join(", "), check)?;
    let (read, notes) = targets::parse("targets", &text, names).map_err(|failure| desk.leave(&failure))?;
    for note in notes {
        desk.say(format!("note: {note}"));
    }
    list.references = read.iter().map(|target| target.reference.clone()).collect();
    list.written = read
        .iter()
        .map(|target| match &target.weight {
            Some(weight) => format!("{}@{weight}", target.reference),
            None => target.reference.clone(),
        })
        .collect();
    Ok(Done::Asked)
}

impl Draft {
    /// Begins with what the alias is, or with nothing.
    fn start_from(&mut self, existing: Option<String>) {
        let aliases = field::MODEL_ALIASES.get(&self.document.root).and_then(|aliases| aliases.as_object());
        let object = existing.as_ref().and_then(|id| aliases?.get(id)?.as_object());
        let empty = Object::new();
        let alias = object.unwrap_or(&empty);
        let strategy = field::STRATEGY.text(alias).and_then(Strategy::from_name);
        let unsaid = if existing.is_some() { Strategy::Ordered } else { Strategy::Auto };
        self.strategy = strategy.unwrap_or(unsaid);
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

impl List {
    fn of(alias: &Object, list: Field, names: &Names) -> Self {
        let written: Vec<String> = list.items(alias).into_iter().map(shown_target).collect();
        let read = targets::parse("targets", &written.join(","), names);
        let references =
            read.map(|(targets, _)| targets.into_iter().map(|target| target.reference).collect());
        match references {
            Ok(references) => Self { references, written },
            // What leads nowhere cannot be saved again.
            Err(_) => Self::default(),
        }
    }

    /// Takes over what was chosen; those that stay keep their weights.
    fn choose(&mut self, references: Vec<String>) {
        let written = references.iter().map(|reference| {
            let at = self.references.iter().position(|before| before == reference);
            at.and_then(|at| self.written.get(at)).unwrap_or(reference).clone()
        });
        self.written = written.collect();
        self.references = references;
    }
}
