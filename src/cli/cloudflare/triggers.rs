//! Where a script can be reached: workers.dev, domains of its own, routes of a zone.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::client::{Body, segment};
use super::error::Error;
use super::scripts::Script;

/// Whether a script answers under the account's subdomain of workers.dev.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) struct Subdomain {
    #[serde(default)]
    pub(crate) enabled: bool,
    /// Of versions that are not live.
    #[serde(default)]
    pub(crate) previews_enabled: bool,
}

/// A host whose every request goes to a script.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Domain {
    pub(crate) id: String,
    pub(crate) hostname: String,
    pub(crate) service: String,
}

/// A pattern of a zone whose requests go to a script.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) id: String,
    pub(crate) pattern: String,
    #[serde(default)]
    pub(crate) script: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Script {
    pub(crate) async fn subdomain(&self) -> Result<Subdomain, Error> {
        self.client.get(&self.path("/subdomain")).await
    }

    pub(crate) async fn set_subdomain(&self, subdomain: Subdomain) -> Result<(), Error> {
        let body = json!({ "enabled": subdomain.enabled, "previews_enabled": subdomain.previews_enabled });
        self.client.send(Method::POST, &self.path("/subdomain"), Body::Json(body)).await
    }

    /// The account's subdomain of workers.dev; `None` if it has none.
    pub(crate) async fn account_subdomain(&self) -> Result<Option<String>, Error> {
        #[derive(Deserialize)]
        struct Found {
            subdomain: Option<String>,
        }
        match self.client.get::<Found>(&self.account_path("subdomain")).await {
            Ok(found) => Ok(found.subdomain),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The domain of this host, whichever script has it.
    pub(crate) async fn domain(&self, host: &str) -> Result<Option<Domain>, Error> {
        let path = self.account_path(&format!("domains?hostname={}", segment(host)));
        let domains: Vec<Domain> = self.client.list(&path).await?;
        Ok(domains.into_iter().find(|domain| domain.hostname == host))
    }

    /// The domains that the script has.
    pub(crate) async fn domains(&self) -> Result<Vec<Domain>, Error> {
        let path = self.account_path(&format!("domains?service={}", segment(&self.name)));
        let domains: Vec<Domain> = self.client.list(&path).await?;
        Ok(domains.into_iter().filter(|domain| domain.service == self.name).collect())
    }

    /// Gives the script a host: its DNS record and certificate come with it.
    pub(crate) async fn attach(&self, host: &str, zone: &Zone) -> Result<Domain, Error> {
        let body = json!({ "hostname": host, "service": self.name, "zone_id": zone.id });
        self.client.call(Method::PUT, &self.account_path("domains"), Body::Json(body)).await
    }

    pub(crate) async fn detach(&self, domain: &str) -> Result<(), Error> {
        let path = self.account_path(&format!("domains/{}", segment(domain)));
        self.client.send(Method::DELETE, &path, Body::None).await
    }

    /// The zone that a host belongs to: of those that the token knows, the one with the longest name.
    pub(crate) async fn zone_of(&self, host: &str) -> Result<Option<Zone>, Error> {
        let labels: Vec<&str> = host.split('.').collect();
        // A zone has two labels at least; each is asked for by name, so that no list is too long.
        for from in 0..labels.len().saturating_sub(1) {
            let name = labels.get(from..).unwrap_or_default().join(".");
            if let Some(zone) = self.zone(&name).await? {
                return Ok(Some(zone));
            }
        }
        Ok(None)
    }

    pub(crate) async fn zone(&self, name: &str) -> Result<Option<Zone>, Error> {
        let path = format!("/zones?name={}&account.id={}", segment(name), segment(&self.account.id));
        let zones: Vec<Zone> = self.client.list(&path).await?;
        Ok(zones.into_iter().find(|zone| zone.name == name))
    }

    pub(crate) async fn routes(&self, zone: &Zone) -> Result<Vec<Route>, Error> {
        self.client.list(&routes_path(zone)).await
    }

    pub(crate) async fn add_route(&self, zone: &Zone, pattern: &str) -> Result<Route, Error> {
        let body = json!({ "pattern": pattern, "script": self.name });
        self.client.call(Method::POST, &routes_path(zone), Body::Json(body)).await
    }

    pub(crate) async fn remove_route(&self, zone: &Zone, id: &str) -> Result<(), Error> {
        let path = format!("{}/{}", routes_path(zone), segment(id));
        self.client.send(Method::DELETE, &path, Body::None).await
    }

    fn account_path(&self, rest: &str) -> String {
        format!("/accounts/{}/workers/{rest}", segment(&self.account.id))
    }
}

fn routes_path(zone: &Zone) -> String {
    format!("/zones/{}/workers/routes", segment(&zone.id))
}
