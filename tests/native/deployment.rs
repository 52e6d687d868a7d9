//! The names that hosts of the Worker must agree on, held against what is written elsewhere.

use llm_router::deployment;

#[test]
fn wrangler_agrees_with_start() {
    let wrangler = include_str!("../../wrangler.toml");
    let line =
        |line: String| assert!(wrangler.lines().any(|known| known == line), "wrangler.toml lacks {line}");
    line(format!("main = \"build/{}\"", deployment::MODULES[0]));
    line(format!("compatibility_date = \"{}\"", deployment::COMPATIBILITY_DATE));
    line(format!("compatibility_flags = {:?}", deployment::COMPATIBILITY_FLAGS));
    line(format!("name = \"{}\"", deployment::PROVIDERS_BINDING));
    line(format!("class_name = \"{}\"", deployment::PROVIDER_CLASS));
    line(format!("new_sqlite_classes = [\"{}\"]", deployment::PROVIDER_CLASS));
}

#[test]
fn the_entry_module_exports_what_hosts_bind_to() {
    let entry = include_str!("../../src/worker/entry.js");
    for class in [deployment::PROVIDER_CLASS, deployment::CONTROL_ENTRYPOINT] {
        assert!(entry.contains(&format!("export class {class} extends")), "entry.js lacks {class}");
    }
    assert!(entry.contains(&format!("this.env.{}", deployment::LOCAL_BINDING)));
}

/// Renaming any of these starts every provider with empty books.
#[test]
fn persisted_names_are_as_released() {
    assert_eq!(deployment::PROVIDER_CLASS, "ProviderObject");
    assert_eq!(deployment::PROVIDER_UNIQUE_KEY, "llm-router-provider-v1");
    let window = llm_router::config::Window { unit: llm_router::config::WindowUnit::Hour, size: 6 };
    assert_eq!(window.to_string(), "hour:6");
    let target = llm_router::ledger::message::Target::new("gpt", llm_router::wire::Wire::Messages);
    assert_eq!(target.0, "gpt@claude");
}
