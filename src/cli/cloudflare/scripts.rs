//! A script, its versions and which of them is live.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Account;
use super::binding::{Binding, Bound};
use super::client::{Body, Client, segment};
use super::error::Error;
use super::multipart::Multipart;
use crate::cli::failure::Failure;

/// A script of an account, whether it is there or not.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) client: Client,
    pub(crate) account: Account,
    pub(crate) name: String,
}

/// What is uploaded: everything that a version is made of.
#[derive(Clone)]
pub(crate) struct Upload {
    /// Name, content type and bytes; the main module first.
    pub(crate) modules: Vec<Module>,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) compatibility_date: String,
    pub(crate) compatibility_flags: Vec<String>,
    /// Steps of classes, only where the whole script is uploaded.
    pub(crate) migrations: Option<Value>,
    /// Further members of the metadata, such as `observability`.
    pub(crate) more: Vec<(String, Value)>,
    /// Said in the dashboard's list of versions, at most 100 bytes.
    pub(crate) message: String,
}

#[derive(Clone)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// Which versions get how much of the traffic.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct Deployment {
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) versions: Vec<Share>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct Share {
    pub(crate) version_id: String,
    pub(crate) percentage: f64,
}

/// A version, as far as it can be read back.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) bindings: Vec<Bound>,
    pub(crate) migration_tag: Option<String>,
    /// Of CPU time and such.
    pub(crate) limits: Option<Value>,
}

impl Deployment {
    /// The version that gets most of the traffic.
    pub(crate) fn main(&self) -> Option<&str> {
        let main = self.versions.iter().max_by(|one, other| one.percentage.total_cmp(&other.percentage))?;
        Some(&main.version_id)
    }
}

impl Script {
    /// What is live; `None` if there is no such script.
    pub(crate) async fn deployment(&self) -> Result<Option<Deployment>, Error> {
        #[derive(Deserialize)]
        struct Deployments {
            #[serde(default)]
            deployments: Vec<Deployment>,
        }
        // The newest comes first, and it is the one that counts.
        match self.client.get::<Deployments>(&self.path("/deployments")).await {
            Ok(all) => Ok(all.deployments.into_iter().next()),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn version(&self, id: &str) -> Result<Version, Error> {
        let path = self.path(&format!("/versions/{}", segment(id)));
        let found: Value = self.client.get(&path).await?;
        let at = |pointer: &str| found.pointer(pointer);
        let text = |pointer: &str| at(pointer).and_then(Value::as_str).map(str::to_owned);
        let list = |pointer: &str| at(pointer).and_then(Value::as_array).into_iter().flatten();
        Ok(Version {
            id: id.to_owned(),
            bindings: list("/resources/bindings").filter_map(Bound::read).collect(),
            migration_tag: text("/resources/script_runtime/migration_tag"),
            limits: at("/resources/script_runtime/limits").filter(|limits| limits.is_object()).cloned(),
        })
    }

    /// The id of the version that was uploaded last, live or not.
    pub(crate) async fn newest(&self) -> Result<Option<String>, Error> {
        let listed: Value = self.client.get(&self.path("/versions?per_page=1")).await?;
        let items = listed.get("items").unwrap_or(&listed).as_array();
        let id = items.and_then(|items| items.first()?.get("id")?.as_str());
        Ok(id.map(str::to_owned))
    }

    /// The tag of the last migration that the script has seen; `None` if there is no script or no tag.
    pub(crate) async fn migration_tag(&self) -> Result<Option<String>, Error> {
        #[derive(Deserialize)]
        struct Listed {
            id: Option<String>,
            migration_tag: Option<String>,
        }
        let path = format!("/accounts/{}/workers/scripts", segment(&self.account.id));
        let scripts: Vec<Listed> = self.client.get(&path).await?;
        let ours = scripts.into_iter().find(|script| script.id.as_deref() == Some(&self.name));
        Ok(ours.and_then(|script| script.migration_tag))
    }

    /// Uploads everything and makes it live at once. The id of the version, if it is told.
    pub(crate) async fn put(&self, upload: &Upload) -> Result<(), Failure> {
        let path = self.path("?excludeScript=true&bindings_inherit=strict");
        self.client.send(Method::PUT, &path, Body::Form(upload.form()?)).await.map_err(Failure::from)
    }

    /// Uploads everything and makes nothing live. The id of the new version.
    pub(crate) async fn add_version(&self, upload: &Upload) -> Result<String, Failure> {
        #[derive(Deserialize)]
        struct Made {
            id: String,
        }
        let path = self.path("/versions?bindings_inherit=strict");
        let made: Made = self.client.call(Method::POST, &path, Body::Form(upload.form()?)).await?;
        Ok(made.id)
    }

    /// Makes versions live. `force` is for going back to versions whose secrets are others.
    pub(crate) async fn deploy(&self, shares: &[Share], message: &str, force: bool) -> Result<(), Error> {
        let versions: Vec<Value> = shares
            .iter()
            .map(|share| json!({ "version_id": share.version_id, "percentage": share.percentage }))
            .collect();
        let body = json!({
            "strategy": "percentage",
            "versions": versions,
            "annotations": { "workers/message": message },
        });
        let path = self.path(if force { "/deployments?force=true" } else { "/deployments" });
        self.client.send(Method::POST, &path, Body::Json(body)).await
    }

    /// What belongs to no version: observability, tags and such.
    pub(crate) async fn script_settings(&self) -> Result<Value, Error> {
        self.client.get(&self.path("/script-settings")).await
    }

    pub(crate) async fn set_script_settings(&self, settings: &Value) -> Result<(), Error> {
        self.client.send(Method::PATCH, &self.path("/script-settings"), Body::Json(settings.clone())).await
    }

    /// Removes it, with all that its objects hold.
    pub(crate) async fn delete(&self) -> Result<(), Error> {
        self.client.send(Method::DELETE, &self.path("?force=true"), Body::None).await
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("/accounts/{}/workers/scripts/{}{rest}", segment(&self.account.id), segment(&self.name))
    }
}

impl Share {
    /// All of the traffic.
    pub(crate) fn all(version: &str) -> Vec<Self> {
        vec![Self { version_id: version.to_owned(), percentage: 100.0 }]
    }
}

impl Upload {
    /// The `metadata` part. Secrets are in it.
    pub(crate) fn metadata(&self) -> Value {
        self.metadata_of(Binding::upload)
    }

    /// The same for people.
    pub(crate) fn shown(&self) -> Value {
        self.metadata_of(Binding::shown)
    }

    fn metadata_of(&self, binding: impl Fn(&Binding) -> Value) -> Value {
        let mut metadata = json!({
            "main_module": self.modules.first().map(|module| module.name.as_str()),
            "bindings": self.bindings.iter().map(binding).collect::<Vec<_>>(),
            "compatibility_date": self.compatibility_date,
            "compatibility_flags": self.compatibility_flags,
            // Without a list the API keeps every secret that is not named, also parts of an older config. With one
            // it keeps those types that are on it and no others; whatever is to stay is named among the bindings.
            "keep_bindings": ["secret_key"],
        });
        if let Some(members) = metadata.as_object_mut() {
            if let Some(migrations) = &self.migrations {
                members.insert("migrations".to_owned(), migrations.clone());
            }
            members.extend(self.more.iter().cloned());
            members.insert("annotations".to_owned(), json!({ "workers/message": self.message }));
        }
        metadata
    }

    fn form(&self) -> Result<Multipart, Failure> {
        let metadata = self.metadata().to_string();
        let form = Multipart::new()?.field("metadata", "application/json", metadata.as_bytes());
        let add =
            |form: Multipart, module: &Module| form.file(&module.name, module.content_type, &module.bytes);
        Ok(self.modules.iter().fold(form, add))
    }
}
