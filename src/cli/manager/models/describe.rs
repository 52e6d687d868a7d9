//! What there is to say about a model: its other names, its formats, how long its texts may be, what it can do.

use super::{add, capabilities};
use crate::cli::config::field::{self, Object};
use crate::cli::config::names::{Names, ProviderNames};
use crate::cli::config::upsert_model::{self, ModelChange};
use crate::cli::config::words;
use crate::cli::file::Document;
use crate::cli::manager::choose;
use crate::cli::manager::desk::Desk;
use crate::cli::manager::prompt::{Asked, Check, Halt};
use crate::cli::manager::provider::spoken_by;
use crate::cli::manager::walk::{Done, Step, walk};
use crate::config::names::quote;
use crate::wire::Wire;

const STEPS: [Step<Draft>; 7] = [which, names, formats, context, output, capable, review];

/// What can be said.
#[derive(Clone, Debug, Default, PartialEq)]
struct Said {
    names: Vec<String>,
    formats: Vec<Wire>,
    context_window: Option<u64>,
    max_output_tokens: Option<u64>,
    capabilities: Object,
}

struct Draft {
    document: Document,
    /// Position of the provider.
    at: usize,
    provider: ProviderNames,
    model: Option<usize>,
    /// In the file.
    before: Said,
    /// In the end.
    after: Said,
}

pub(super) fn run(desk: &mut Desk<'_>, provider: &str) -> Asked<()> {
    let document = desk.load()?;
    let names = Names::of(&document);
    let (at, provider) = names.expect_provider(provider).map_err(|failure| desk.leave(&failure))?;
    let (before, after) = (Said::default(), Said::default());
    let mut draft = Draft { at, provider: provider.clone(), document, model: None, before, after };
    walk(&mut draft, desk, &STEPS)
}

fn which(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let chosen = choose::model(desk, &draft.provider, "Which model?", draft.model.unwrap_or_default())?;
    if draft.model != Some(chosen) {
        draft.model = Some(chosen);
        let models = draft.document.provider(draft.at).map(|provider| field::MODELS.items(provider));
        let written = models.and_then(|models| models.get(chosen)?.as_object());
        draft.before = written.map(Said::of).unwrap_or_default();
        draft.after = draft.before.clone();
    }
    Ok(Done::Asked)
}

fn names(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let own = draft.id()?;
    let others = draft.provider.models.iter().filter(|model| model.id != own);
    let taken: Vec<String> =
        others.flat_map(|model| model.aliases.iter().chain([&model.id])).cloned().collect();
    let well_formed = add::listed(false);
    let check: Check = std::rc::Rc::new(move |text| {
        well_formed(text)?;
        match words::split(text).find(|name| taken.iter().any(|other| other == name)) {
            Some(name) => Err(format!("another model is called {}", quote(name))),
            None => Ok(()),
        }
    });
    let help = "what else clients may call it; empty for none";
    let text = desk.prompt.text("Other names", help, &draft.after.names.join(" "), check)?;
    draft.after.names = words::list("names", &text).map_err(|failure| desk.leave(&failure))?;
    Ok(Done::Asked)
}

fn formats(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let spoken = draft.document.provider(draft.at).map(spoken_by).unwrap_or_default();
    let known: Vec<Wire> = Wire::ALL
        .into_iter()
        .filter(|wire| spoken.contains(wire) || draft.after.formats.contains(wire))
        .collect();
    if known.len() < 2 && draft.after.formats.is_empty() {
        return Ok(Done::Skipped);
    }
    let options: Vec<String> = known.iter().map(|wire| wire.config_name().to_owned()).collect();
    let marked = known.iter().enumerate().filter(|(_, wire)| draft.after.formats.contains(wire));
    let marked: Vec<usize> = marked.map(|(at, _)| at).collect();
    let help = "none: all that the provider speaks";
    let chosen = desk.prompt.select_many("Formats that it is served in", help, &options, &marked, false)?;
    // The order of the file says nothing, so it stays where the choice does.
    let chosen: Vec<Wire> = chosen.into_iter().filter_map(|at| known.get(at).copied()).collect();
    let (kept, added): (Vec<Wire>, Vec<Wire>) =
        chosen.iter().partition(|wire| draft.after.formats.contains(wire));
    draft.after.formats.retain(|wire| kept.contains(wire));
    draft.after.formats.extend(added);
    Ok(Done::Asked)
}

fn context(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let question = "Context window";
    draft.after.context_window = choose::tokens(desk, question, draft.after.context_window)?;
    Ok(Done::Asked)
}

fn output(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let question = "Longest answer";
    draft.after.max_output_tokens = choose::tokens(desk, question, draft.after.max_output_tokens)?;
    Ok(Done::Asked)
}

fn capable(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    capabilities::choose(desk, &mut draft.after.capabilities)?;
    Ok(Done::Asked)
}

fn review(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let id = draft.id()?;
    let change = draft.after.change(&draft.before, &draft.provider.id, &id);
    let mut lines = vec![format!("Model      {}/{id}", draft.provider.id)];
    lines.extend(draft.after.lines());
    desk.review(&lines, |document, _| upsert_model::upsert(document, &change))
}

impl Draft {
    fn id(&self) -> Asked<String> {
        let model = self.model.and_then(|at| self.provider.models.get(at));
        model.map(|model| model.id.clone()).ok_or(Halt::Back)
    }
}

impl Said {
    fn of(model: &Object) -> Self {
        let formats = field::MODEL_FORMATS.texts(model);
        let tokens = |field: field::Field| field.get(model).and_then(serde_json::Value::as_u64);
        Self {
            names: field::ALIASES.texts(model),
            formats: formats.iter().filter_map(|name| Wire::from_config_name(name)).collect(),
            context_window: tokens(field::CONTEXT_WINDOW),
            max_output_tokens: tokens(field::MAX_OUTPUT_TOKENS),
            capabilities: field::CAPABILITIES
                .get(model)
                .and_then(|all| all.as_object())
                .cloned()
                .unwrap_or_default(),
        }
    }

    /// What has to be said so that `before` becomes this.
    fn change(&self, before: &Self, provider: &str, model: &str) -> ModelChange {
        let mut change =
            ModelChange { provider: provider.to_owned(), model: model.to_owned(), ..ModelChange::default() };
        let mut clear = |name: &str| change.clear.push(name.to_owned());
        if self.names != before.names && self.names.is_empty() {
            clear("aliases");
        }
        if self.formats != before.formats && self.formats.is_empty() {
            clear("formats");
        }
        if self.context_window != before.context_window && self.context_window.is_none() {
            clear("context-window");
        }
        if self.max_output_tokens != before.max_output_tokens && self.max_output_tokens.is_none() {
            clear("max-output-tokens");
        }
        if self.capabilities != before.capabilities && self.capabilities.is_empty() {
            clear("capabilities");
        }
        let named = |list: &Vec<String>| (!list.is_empty()).then(|| list.clone());
        change.aliases = named(&self.names).filter(|_| self.names != before.names);
        change.formats =
            Some(self.formats.clone()).filter(|formats| !formats.is_empty() && *formats != before.formats);
        change.context_window = self.context_window.filter(|_| self.context_window != before.context_window);
        change.max_output_tokens =
            self.max_output_tokens.filter(|_| self.max_output_tokens != before.max_output_tokens);
        if !self.capabilities.is_empty() {
            change.capabilities = capabilities::overlay(&before.capabilities, &self.capabilities);
        }
        change
    }

    fn lines(&self) -> Vec<String> {
        let or = |text: String, none: &str| if text.is_empty() { none.to_owned() } else { text };
        let tokens =
            |tokens: Option<u64>| tokens.map_or("not said".to_owned(), |tokens| format!("{tokens} tokens"));
        let formats: Vec<&str> = self.formats.iter().map(|wire| wire.config_name()).collect();
        let can = capabilities::lines(&self.capabilities);
        vec![
            format!("Names      {}", or(self.names.join(", "), "no other")),
            format!("Formats    {}", or(formats.join(", "), "all of the provider")),
            format!("Context    {}", tokens(self.context_window)),
            format!("Answer     {}", tokens(self.max_output_tokens)),
            format!("Can        {}", or(can.join("\n             "), capabilities::UNSAID)),
        ]
    }
}
