//! One provider of the file.

use super::Provider;
use super::auth;
use super::bucket;
use super::endpoint::Endpoints;
use super::header::{self, Headers};
use super::leases::Leases;
use super::model::{self, Roster};
use super::names;
use super::refs::{Directory, Listing};
use super::walk::{At, Fields};

/// Most providers: several times what anybody has keys for.
const PROVIDERS_MAX: usize = 200;

/// A provider whose models' fallbacks are not resolved yet.
pub(super) struct Draft<'a> {
    /// Without models.
    pub(super) provider: Provider,
    pub(super) enabled: bool,
    pub(super) models: Vec<model::Draft<'a>>,
}

/// The providers at `at`, and what is known of them.
pub(super) fn read_all<'a>(at: Option<&At<'a>>) -> (Vec<Draft<'a>>, Directory) {
    let mut directory = Directory::new();
    let Some(at) = at else { return (Vec::new(), directory) };
    if !at.value.is_array() {
        at.wrong_type("an array of providers");
        directory.all_providers = false;
        return (Vec::new(), directory);
    }
    let mut items = at.items();
    if items.len() > PROVIDERS_MAX {
        at.error(format!("has {} providers; at most {PROVIDERS_MAX} are allowed", items.len()));
        items.truncate(PROVIDERS_MAX);
        directory.all_providers = false;
    }
    let mut drafts = Vec::new();
    for item in &items {
        let Some((draft, roster)) = read(item) else {
            directory.all_providers = false;
            continue;
        };
        let id = &draft.provider.id;
        if directory.providers.contains_key(id) {
            item.error(format!(
                "there is another provider with the id {}; rename one of them",
                names::quote(id)
            ));
            continue;
        }
        directory.providers.insert(id.clone(), Listing { enabled: draft.enabled, roster });
        drafts.push(draft);
    }
    (drafts, directory)
}

fn read<'a>(at: &At<'a>) -> Option<(Draft<'a>, Roster)> {
    let mut fields = at.fields("an object")?;
    let enabled = fields.get(&["enabled"]).and_then(|field| field.flag()).unwrap_or(true);
    at.log.inside(!enabled, || {
        let identity = read_identity(at, &mut fields);
        let mut endpoints = Endpoints::read(at, &mut fields);
        let credential = auth::read_credential(&mut fields);
        let auth = auth::read_auth(&mut fields);
        let headers = Headers::read(&mut fields);
        let anthropic_version = read_header_text(&mut fields, "anthropicVersion");
        let anthropic_beta = read_header_text(&mut fields, "anthropicBeta");
        let models = fields.get(&["models"]);
        let buckets = fields.get_even_null(&["rateLimits"]);
        let leases = Leases::read(&mut fields);
        fields.skip(&["metadata", "lastProbe"]);
        fields.finish();

        let formats = std::mem::take(&mut endpoints.formats);
        let (models, roster) = model::read_all(models.as_ref(), &formats);
        let buckets = buckets.map(|field| bucket::read_all(&field, &roster)).unwrap_or_default();
        if models.is_empty() && roster.complete {
            at.warn("has no models, so nothing is ever sent to it");
        }
        let (id, name) = identity?;
        let provider = Provider {
            id,
            name,
            formats,
            urls: endpoints.urls,
            credential,
            auth,
            headers: headers.list,
            user_agent: headers.user_agent,
            anthropic_version,
            anthropic_beta,
            models: Vec::new(),
            buckets,
            leases,
        };
        Some((Draft { provider, enabled, models }, roster))
    })
}

/// The id and the name.
fn read_identity(at: &At<'_>, fields: &mut Fields<'_>) -> Option<(String, String)> {
    let id = fields.get(&["id"]);
    let name_field = fields.get(&["name"]);
    let name = name_field.as_ref().and_then(At::label);
    let id = match (&id, name) {
        (Some(field), _) => checked_id(field, field.text()?)?,
        (None, Some(name)) => {
            let id = names::slug(name);
            if !names::is_provider_id(&id) {
                at.error(format!("no id can be made of the name; set an `id`{}", suggestion(name)));
                return None;
            }
            id
        }
        (None, None) => {
            if name_field.is_none() {
                at.error("needs an `id`");
            }
            return None;
        }
    };
    let name = name.unwrap_or(&id).to_owned();
    Some((id, name))
}

fn checked_id(at: &At<'_>, id: &str) -> Option<String> {
    if names::is_provider_id(id) {
        return Some(id.to_owned());
    }
    at.error(format!(
        "{} is not a provider id: a lowercase letter, then up to {} letters, digits and dashes{}",
        names::quote(id),
        names::PROVIDER_ID_MAX - 1,
        suggestion(id)
    ));
    None
}

fn suggestion(text: &str) -> String {
    names::suggest_provider_id(text).map_or_else(String::new, |id| format!(", for example `{id}`"))
}

fn read_header_text(fields: &mut Fields<'_>, name: &str) -> Option<String> {
    fields.get(&[name]).as_ref().and_then(header::read_text).filter(|text| !text.is_empty())
}
