//! The config that `workerd` is started with, in Cap'n Proto's text format.
//!
//! No secret is in it: variables are named here and come from the environment.

use std::fmt::Write;
use std::path::Path;

use crate::deployment;

/// What differs between two gateways.
#[derive(Debug)]
pub(super) struct Gateway<'a> {
    /// Absolute path of the Durable Objects' files.
    pub(super) objects: &'a str,
    /// Absolute path of the control socket.
    pub(super) control: &'a str,
    pub(super) require_auth: bool,
    /// Of a test's team.
    pub(super) access_certs_url: Option<&'a str>,
    /// Names of the variables that become text bindings of the same name.
    pub(super) variables: Vec<&'a str>,
}

/// Name of the socket that `--socket-fd` replaces by the one we listen on.
pub(super) const HTTP_SOCKET: &str = "http";

/// Name of the constant in the config, `workerd serve`'s second argument.
pub(super) const CONSTANT: &str = "config";

/// The config's text. Modules are embedded from the directory it is in.
pub(super) fn render(gateway: &Gateway<'_>) -> String {
    let modules = deployment::MODULES.map(|name| {
        let is_wasm = Path::new(name).extension().is_some_and(|extension| extension == "wasm");
        let kind = if is_wasm { "wasm" } else { "esModule" };
        format!("(name = {0}, {kind} = embed {0})", quoted(name))
    });
    let flags: Vec<_> = deployment::COMPATIBILITY_FLAGS.iter().map(|flag| quoted(flag)).collect();
    let mut local = serde_json::Map::from_iter([("requireAuth".to_owned(), gateway.require_auth.into())]);
    if let Some(url) = gateway.access_certs_url {
        local.insert("accessCertsUrl".to_owned(), url.into());
    }
    let local = serde_json::Value::Object(local).to_string();
    let mut bindings = vec![
        format!(
            "(name = {}, durableObjectNamespace = {})",
            quoted(deployment::PROVIDERS_BINDING),
            quoted(deployment::PROVIDER_CLASS)
        ),
        format!("(name = {}, json = {})", quoted(deployment::LOCAL_BINDING), quoted(&local)),
    ];
    bindings.extend(
        gateway.variables.iter().map(|name| format!("(name = {0}, fromEnvironment = {0})", quoted(name))),
    );

    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";

const {CONSTANT} :Workerd.Config = (
  services = [
    (name = "gateway", worker = .gateway),
    (name = "objects", disk = (path = {objects}, writable = true)),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [
    (name = {http}, http = (), service = "gateway"),
    (name = "control", address = {control}, http = (), service = (name = "gateway", entrypoint = {entrypoint})),
  ],
);

const gateway :Workerd.Worker = (
  compatibilityDate = {date},
  compatibilityFlags = [{flags}],
  modules = [{modules}],
  bindings = [{bindings}],
  durableObjectNamespaces = [(className = {class}, uniqueKey = {key}, enableSql = true)],
  durableObjectStorage = (localDisk = "objects"),
);
"#,
        objects = quoted(gateway.objects),
        http = quoted(HTTP_SOCKET),
        control = quoted(&format!("unix:{}", gateway.control)),
        entrypoint = quoted(deployment::CONTROL_ENTRYPOINT),
        date = quoted(deployment::COMPATIBILITY_DATE),
        flags = flags.join(", "),
        modules = list(&modules),
        bindings = list(&bindings),
        class = quoted(deployment::PROVIDER_CLASS),
        key = quoted(deployment::PROVIDER_UNIQUE_KEY),
    )
}

fn list(items: &[String]) -> String {
    items.iter().fold(String::new(), |text, item| text + "\n    " + item + ",") + "\n  "
}

/// A string literal: UTF-8 as it is, quotes, backslashes and control characters escaped.
fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => literal.extend(['\\', character]),
            '\0'..='\x1f' | '\x7f' => {
                let _ = write!(literal, "\\x{:02x}", u32::from(character));
            }
            _ => literal.push(character),
        }
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_escaped() {
        assert_eq!(quoted("plain é"), "\"plain é\"");
        assert_eq!(quoted("a\"b\\c\nd\x01"), r#""a\"b\\c\x0ad\x01""#);
    }

    #[test]
    fn the_whole_config() {
        let gateway = Gateway {
            objects: "/state dir/objects",
            control: "/state dir/run/control.sock",
            require_auth: true,
            access_certs_url: None,
            variables: vec!["LLM_ROUTER_CONFIG_JSON", "OPENAI_API_KEY"],
        };
        insta::assert_snapshot!(render(&gateway), @r#"
        using Workerd = import "/workerd/workerd.capnp";

        const config :Workerd.Config = (
          services = [
            (name = "gateway", worker = .gateway),
            (name = "objects", disk = (path = "/state dir/objects", writable = true)),
            (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
          ],
          sockets = [
            (name = "http", http = (), service = "gateway"),
            (name = "control", address = "unix:/state dir/run/control.sock", http = (), service = (name = "gateway", entrypoint = "Control")),
          ],
        );

        const gateway :Workerd.Worker = (
          compatibilityDate = "2026-04-01",
          compatibilityFlags = [],
          modules = [
            (name = "entry.js", esModule = embed "entry.js"),
            (name = "index.js", esModule = embed "index.js"),
            (name = "index_bg.wasm", wasm = embed "index_bg.wasm"),
          ],
          bindings = [
            (name = "PROVIDERS", durableObjectNamespace = "ProviderObject"),
            (name = "LLM_ROUTER_LOCAL", json = "{\"requireAuth\":true}"),
            (name = "LLM_ROUTER_CONFIG_JSON", fromEnvironment = "LLM_ROUTER_CONFIG_JSON"),
            (name = "OPENAI_API_KEY", fromEnvironment = "OPENAI_API_KEY"),
          ],
          durableObjectNamespaces = [(className = "ProviderObject", uniqueKey = "llm-router-provider-v1", enableSql = true)],
          durableObjectStorage = (localDisk = "objects"),
        );
        "#);
    }
}
