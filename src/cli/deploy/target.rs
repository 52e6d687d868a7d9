//! Where the gateway is to answer: domains, routes, workers.dev.

use super::wrangler::Project;
use crate::cli::args::DeployTarget;
use crate::cli::failure::Failure;

/// A way to the Worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    /// A host that is all the Worker's.
    Domain { host: String, zone: Option<ZoneName> },
    /// A pattern of a zone. There has to be a DNS record for its host.
    Route { pattern: String, zone: Option<ZoneName> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ZoneName {
    Id(String),
    Name(String),
}

/// What was asked for. What was not is `None`: a Worker that is there keeps what it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) triggers: Option<Vec<Trigger>>,
    pub(super) workers_dev: Option<bool>,
    pub(super) previews: Option<bool>,
}

impl Target {
    /// Flags before the file; a domain or route by flag takes the place of all of the file's.
    pub(super) fn new(typed: &DeployTarget, project: Option<&Project>) -> Result<Self, Failure> {
        let zone = typed.zone_name.as_deref().map(|name| ZoneName::Name(name.trim().to_ascii_lowercase()));
        let mut triggers = Vec::new();
        if let Some(text) = &typed.domain {
            triggers.push(if is_route(text) {
                route(text, zone.clone(), "--domain")?
            } else {
                domain(text, zone.clone(), "--domain")?
            });
        }
        if let Some(text) = &typed.route_pattern {
            triggers.push(route(text, zone.clone(), "--route-pattern")?);
        }
        if triggers.is_empty() && zone.is_some() {
            return Err(Failure::input(
                "--zone-name is the zone of --domain or --route-pattern; name one of them",
            ));
        }
        let triggers = if triggers.is_empty() {
            project.and_then(|project| project.triggers.clone()).filter(|triggers| !triggers.is_empty())
        } else {
            Some(triggers)
        };
        Ok(Self {
            triggers,
            workers_dev: typed.workers_dev.or_else(|| project.and_then(|project| project.workers_dev)),
            previews: typed.previews.or_else(|| project.and_then(|project| project.preview_urls)),
        })
    }

    /// Whether anything says where the gateway is to answer.
    pub(super) fn is_named(&self) -> bool {
        self.triggers.is_some() || self.workers_dev == Some(true)
    }

    pub(super) fn triggers(&self) -> &[Trigger] {
        self.triggers.as_deref().unwrap_or_default()
    }
}

impl Trigger {
    pub(super) fn host(&self) -> &str {
        match self {
            Self::Domain { host, .. } => host,
            Self::Route { pattern, .. } => pattern.split('/').next().unwrap_or_default(),
        }
    }

    pub(super) fn zone(&self) -> Option<&ZoneName> {
        match self {
            Self::Domain { zone, .. } | Self::Route { zone, .. } => zone.as_ref(),
        }
    }

    /// Where the whole gateway answers, if that can be told: a pattern with a `*` in its host is no address, and
    /// one with a path covers the gateway's paths only if it is `/*`.
    pub(super) fn url(&self) -> Option<String> {
        match self {
            Self::Domain { host, .. } => Some(format!("https://{host}")),
            Self::Route { pattern, .. } => {
                let host = pattern.strip_suffix("/*")?;
                (!host.contains(['/', '*'])).then(|| format!("https://{host}"))
            }
        }
    }

    pub(super) fn shown(&self) -> String {
        match self {
            Self::Domain { host, .. } => format!("domain {host}"),
            Self::Route { pattern, .. } => format!("route {pattern}"),
        }
    }
}

/// Whether `--domain` means a route, as it always did in version 1.
fn is_route(text: &str) -> bool {
    let text = without_scheme(text);
    text.contains('*') || text.trim_end_matches('/').contains('/')
}

/// A host.
pub(super) fn domain(text: &str, zone: Option<ZoneName>, place: &str) -> Result<Trigger, Failure> {
    let host = without_scheme(text).trim_end_matches('/').to_ascii_lowercase();
    if !is_host(&host) {
        return Err(
            Failure::input(format!("{place}: {host:?} is no host")).hint("write for example llm.example.com")
        );
    }
    within(&host, zone.as_ref(), place)?;
    Ok(Trigger::Domain { host, zone })
}

/// A pattern as Cloudflare wants it: a bare host means all of it.
pub(super) fn route(text: &str, zone: Option<ZoneName>, place: &str) -> Result<Trigger, Failure> {
    let text = without_scheme(text);
    let (host, path) = match text.split_once('/') {
        None | Some((_, "")) => (text, "*"),
        Some((host, path)) => (host, path),
    };
    let host = host.to_ascii_lowercase();
    let bare = host.trim_start_matches(['*', '.']);
    let wild = host.strip_prefix('*').map_or(host.as_str(), |rest| rest.strip_prefix('.').unwrap_or(rest));
    if !is_host(wild) || path.contains(['?', '#', ' ']) {
        return Err(Failure::input(format!("{place}: {text:?} is no pattern of a route"))
            .hint("write for example api.example.com/*"));
    }
    within(bare, zone.as_ref(), place)?;
    let path = if path.ends_with('/') { format!("{path}*") } else { path.to_owned() };
    Ok(Trigger::Route { pattern: format!("{host}/{path}"), zone })
}

fn without_scheme(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text)
}

fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    host.len() <= 253 && host.contains('.') && host.split('.').all(is_label)
}

fn within(host: &str, zone: Option<&ZoneName>, place: &str) -> Result<(), Failure> {
    match zone {
        Some(ZoneName::Name(zone)) if host != zone && !host.ends_with(&format!(".{zone}")) => {
            Err(Failure::input(format!("{place}: {host} is not in the zone {zone}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(domain: Option<&str>, pattern: Option<&str>) -> DeployTarget {
        DeployTarget {
            domain: domain.map(str::to_owned),
            route_pattern: pattern.map(str::to_owned),
            zone_name: None,
            workers_dev: None,
            previews: None,
        }
    }

    #[test]
    fn a_bare_host_is_a_domain_and_the_rest_are_routes() {
        for (text, shown, url) in [
            ("llm.example.com", "domain llm.example.com", Some("https://llm.example.com")),
            ("https://LLM.example.com/", "domain llm.example.com", Some("https://llm.example.com")),
            ("llm.example.com/*", "route llm.example.com/*", Some("https://llm.example.com")),
            ("llm.example.com/v1", "route llm.example.com/v1", None),
            ("llm.example.com/v1/", "route llm.example.com/v1/*", None),
            ("*.example.com/*", "route *.example.com/*", None),
        ] {
            let target = Target::new(&typed(Some(text), None), None).unwrap();
            let [trigger] = target.triggers() else { panic!("{text}") };
            assert_eq!((trigger.shown().as_str(), trigger.url().as_deref()), (shown, url), "{text}");
        }
        let target = Target::new(&typed(None, Some("a.example.com")), None).unwrap();
        assert_eq!(target.triggers()[0].shown(), "route a.example.com/*");
        for wrong in ["localhost", "a b.example.com", "-a.example.com", "example.com:8443", "a..example.com"]
        {
            assert!(Target::new(&typed(Some(wrong), None), None).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_host_is_in_its_zone() {
        let mut typed = typed(Some("llm.example.com"), None);
        typed.zone_name = Some("Example.com".to_owned());
        assert!(Target::new(&typed, None).is_ok());
        typed.zone_name = Some("ample.com".to_owned());
        assert!(Target::new(&typed, None).unwrap_err().message.contains("not in the zone"));
        typed.domain = None;
        assert!(Target::new(&typed, None).is_err());
    }

    #[test]
    fn flags_come_before_the_file() {
        let file = Project {
            triggers: Some(vec![domain("a.example.com", None, "").unwrap()]),
            workers_dev: Some(true),
            ..Project::default()
        };
        let target = Target::new(&typed(None, None), Some(&file)).unwrap();
        assert_eq!((target.triggers().len(), target.workers_dev), (1, Some(true)));
        let mut flags = typed(Some("b.example.com"), None);
        flags.workers_dev = Some(false);
        let target = Target::new(&flags, Some(&file)).unwrap();
        assert_eq!((target.triggers()[0].host(), target.workers_dev), ("b.example.com", Some(false)));
    }
}
