//! A provider: who it is, where, its key, what a probe finds there, its models, and then its caps.

mod access;
mod ask;
mod auth;
mod headers;
mod identity;
mod models;
mod place;
mod save;

use super::desk::Desk;
use super::prompt::Asked;
use super::walk::{Step, walk};
use crate::cli::config::field::Object;
use crate::cli::config::names::{Names, ProviderNames};
use crate::cli::config::probing::Findings;
use crate::cli::config::upsert_provider::ProviderChange;
use crate::cli::file::Document;
use crate::cli::presets::Preset;
use crate::wire::Wire;

pub(super) use place::spoken_by;

const STEPS: [Step<Draft>; 22] = [
    identity::which,
    identity::preset,
    identity::name,
    identity::id,
    place::endpoints,
    access::source,
    access::key,
    auth::scope,
    auth::kind,
    auth::header_name,
    auth::prefix,
    headers::edit,
    ask::discover,
    ask::manual,
    place::formats,
    place::openai,
    place::claude,
    models::choose,
    models::more,
    ask::offer,
    ask::test,
    save::review,
];

/// The answers so far.
struct Draft {
    document: Document,
    names: Names,
    /// The provider that is edited, by its position; a new one without.
    existing: Option<usize>,
    preset: Option<&'static Preset>,
    /// URLs as they were typed; empty where those of the preset or of the file are meant.
    urls: Vec<String>,
    source: access::Source,
    auth: auth::Shown,
    /// All that was said but models and what a probe found.
    change: ProviderChange,
    /// Whether a probe is wanted, and what it said.
    probe: bool,
    found: Option<Findings>,
    formats: Vec<Wire>,
    models: Vec<String>,
    /// Whether the models are to be asked, and what they said.
    test: bool,
    tested: Option<Findings>,
}

pub(super) fn run(desk: &mut Desk<'_>) -> Asked<()> {
    let document = desk.load()?;
    let mut draft = Draft::new(document);
    walk(&mut draft, desk, &STEPS)?;
    let id = draft.id();
    save::then(desk, &id, draft.existing.is_none())
}

impl Draft {
    fn new(document: Document) -> Self {
        Self {
            names: Names::of(&document),
            document,
            existing: None,
            preset: None,
            urls: Vec::new(),
            source: access::Source::Variable,
            auth: auth::Shown::default(),
            change: ProviderChange::default(),
            probe: true,
            found: None,
            formats: Vec::new(),
            models: Vec::new(),
            test: true,
            tested: None,
        }
    }

    /// The provider that is edited.
    fn own(&self) -> Option<&ProviderNames> {
        self.names.providers.get(self.existing?)
    }

    /// The same, as it is in the file.
    fn written(&self) -> Option<&Object> {
        self.document.provider(self.existing?)
    }

    fn id(&self) -> String {
        self.own().map(|own| own.id.clone()).or_else(|| self.change.id.clone()).unwrap_or_default()
    }

    /// What a probe said is about what was typed before.
    fn forget_probe(&mut self) {
        self.found = None;
        self.tested = None;
    }
}
