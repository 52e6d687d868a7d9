//! The names that hosts of the Worker must agree on, held against what is written elsewhere.

use llm_router::deployment;
use toml::{Table, Value};

const WRANGLER: &str = include_str!("../../wrangler.toml");

fn wrangler() -> Table {
    WRANGLER.parse().unwrap()
}

/// All that `npx wrangler deploy` goes by, and no more: a field that nobody looked at could be anything.
#[test]
fn wrangler_deploys_what_deploy_does() {
    let file = wrangler();
    let texts = |values: &[&str]| Value::Array(values.iter().map(|&value| value.into()).collect());
    assert_eq!(file["name"], "llm-router".into());
    assert_eq!(file["main"], format!("build/{}", deployment::MODULES[0]).into());
    assert_eq!(file["compatibility_date"], deployment::COMPATIBILITY_DATE.into());
    assert_eq!(file["compatibility_flags"], texts(deployment::COMPATIBILITY_FLAGS));
    assert_eq!(file["build"]["command"], "make worker".into());
    for (name, value) in [
        ("workers_dev", false),
        ("preview_urls", false),
        ("keep_vars", true),
        ("no_bundle", true),
        ("find_additional_modules", true),
    ] {
        assert_eq!(file[name], value.into(), "{name}");
    }
    assert_eq!(file["observability"]["enabled"], true.into());
    assert_eq!(objects(&file), [provider_objects()]);
    let mut names: Vec<&str> = file.keys().map(String::as_str).collect();
    names.sort_unstable();
    let known = "build compatibility_date compatibility_flags durable_objects env find_additional_modules keep_vars \
                 main migrations name no_bundle observability preview_urls rules workers_dev";
    assert_eq!(names.join(" "), known);
}

/// Modules that no rule takes are not uploaded.
#[test]
fn wrangler_finds_every_module() {
    let file = wrangler();
    let rules = file["rules"].as_array().unwrap();
    for module in deployment::MODULES {
        let (_, extension) = module.rsplit_once('.').unwrap();
        let kind = if extension == "wasm" { "CompiledWasm" } else { "ESModule" };
        let glob: Value = format!("**/*.{extension}").into();
        let takes = |rule: &&Value| rule["globs"].as_array().unwrap().contains(&glob);
        let rule = rules.iter().find(takes).unwrap_or_else(|| panic!("no rule takes {module}"));
        assert_eq!(rule["type"], kind.into(), "{module}");
    }
}

/// Tags and classes, one by one and in order: the platform knows by the tag how far a Worker is.
#[test]
fn wrangler_migrates_as_deploy_does() {
    let file = wrangler();
    let told: Vec<(&str, Vec<&str>)> = file["migrations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let step = step.as_table().unwrap();
            assert_eq!(step.len(), 2, "only new classes: {step:?}");
            let classes = step["new_sqlite_classes"].as_array().unwrap();
            (step["tag"].as_str().unwrap(), classes.iter().filter_map(Value::as_str).collect())
        })
        .collect();
    let ours = deployment::MIGRATIONS.map(|(tag, classes)| (tag, classes.to_vec()));
    assert_eq!(told, ours);
}

/// Bindings are not inherited: an environment without its own would start without books.
#[test]
fn every_environment_of_wrangler_has_its_objects() {
    let file = wrangler();
    let environments = file["env"].as_table().unwrap();
    assert!(environments.contains_key("production"));
    for (name, environment) in environments {
        let environment = environment.as_table().unwrap();
        assert_eq!(objects(environment), [provider_objects()], "{name}");
        // What it does not say holds from above: a name of its own, or an open door, would be said here.
        assert_eq!(environment.keys().collect::<Vec<_>>(), ["durable_objects"], "{name}");
    }
}

fn objects(table: &Table) -> Vec<Table> {
    let bindings = table["durable_objects"]["bindings"].as_array().unwrap();
    bindings.iter().map(|binding| binding.as_table().unwrap().clone()).collect()
}

fn provider_objects() -> Table {
    Table::from_iter([
        ("name".to_owned(), deployment::PROVIDERS_BINDING.into()),
        ("class_name".to_owned(), deployment::PROVIDER_CLASS.into()),
    ])
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
