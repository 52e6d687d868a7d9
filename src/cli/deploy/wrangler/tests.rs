use super::*;

const FILE: &str = r#"
# A comment
name = "gw"
main = "build/entry.js"
account_id = "acc"
compatibility_date = "2026-04-01"
workers_dev = false
routes = [{ pattern = "gw.example.com", custom_domain = true }]
[vars]
LLM_ROUTER_LOG_LEVEL = "info"
LIMITS = { a = 1 }
[observability]
enabled = true
[[durable_objects.bindings]]
name = "PROVIDERS"
class_name = "ProviderObject"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["ProviderObject"]

[env.staging]
workers_dev = true
[env.staging.vars]
LLM_ROUTER_LOG_LEVEL = "debug"

[env.production]
name = "the-gateway"
account_id = "other"
route = "api.example.com/*"
[env.production.observability]
enabled = false

[env.bare]
"#;

fn read_as(text: &str, environment: Option<&str>) -> Result<Project, Failure> {
    project(&text.parse().unwrap(), environment)
}

fn shown(project: &Project) -> Vec<String> {
    project.triggers.iter().flatten().map(Trigger::shown).collect()
}

#[test]
fn environments_take_over_what_is_no_binding() {
    for (environment, name, account, workers_dev, triggers, vars, observed) in [
        (None, "gw", "acc", false, "domain gw.example.com", 2, true),
        (Some("staging"), "gw-staging", "acc", true, "domain gw.example.com", 1, true),
        (Some("production"), "the-gateway", "other", false, "route api.example.com/*", 0, false),
        (Some("bare"), "gw-bare", "acc", false, "domain gw.example.com", 0, true),
    ] {
        let project = read_as(FILE, environment).unwrap();
        assert_eq!(project.name.as_deref(), Some(name), "{environment:?}");
        assert_eq!(project.account_id.as_deref(), Some(account), "{environment:?}");
        assert_eq!(project.workers_dev, Some(workers_dev), "{environment:?}");
        assert_eq!(shown(&project), [triggers], "{environment:?}");
        assert_eq!(project.vars.len(), vars, "{environment:?}");
        assert_eq!(project.settings[0].1["enabled"], observed, "{environment:?}");
        assert!(project.notes.is_empty(), "{:?}", project.notes);
    }
}

#[test]
fn an_environment_that_is_not_there_is_named_with_those_that_are() {
    let failure = read_as(FILE, Some("prod")).unwrap_err();
    assert!(failure.message.contains("[env.prod]"), "{}", failure.message);
    assert!(failure.hint.unwrap().contains("production"));
}

/// As wrangler does it.
#[test]
fn a_file_without_environments_lends_its_name() {
    let project = read_as("name = \"gw\"\n[vars]\nA = \"b\"", Some("prod")).unwrap();
    assert_eq!((project.name.as_deref(), project.vars.len()), (Some("gw-prod"), 0));
    assert_eq!(project.notes.len(), 1);
}

#[test]
fn what_the_worker_would_not_get_is_refused() {
    for (text, part) in [
        ("[[kv_namespaces]]\nbinding = \"KV\"", "kv_namespaces"),
        ("[triggers]\ncrons = [\"* * * * *\"]", "triggers"),
        ("[[durable_objects.bindings]]\nname = \"X\"\nclass_name = \"Y\"", "cannot bind X"),
        ("[vars]\nLLM_ROUTER_MASTER_KEY = \"k\"", "a key is no plain variable"),
        ("[vars]\nLLM_ROUTER_LOCAL = { requireAuth = false }", "LLM_ROUTER_LOCAL"),
        ("[vars]\n\"a-b\" = \"k\"", "no name of a variable"),
        ("route = \"a.example.com\"\nroutes = []", "exclude each other"),
        ("routes = [{ pattern = \"a b\" }]", "routes[0]"),
        ("routes = [{ pattern = \"a.example.com\", zone_name = \"example.org\" }]", "not in the zone"),
        ("workers_dev = \"no\"", "workers_dev"),
        ("name = 1", "name"),
        ("observability = true", "observability"),
    ] {
        let failure = read_as(text, None).unwrap_err();
        assert!(failure.message.contains(part), "{text}: {}", failure.message);
    }
}

/// Bindings of the top level are not those of an environment.
#[test]
fn what_is_bound_elsewhere_does_not_matter() {
    let text = "name = \"gw\"\n[[kv_namespaces]]\nbinding = \"KV\"\n[env.a]\n[env.b]\nqueues = { x = 1 }";
    assert!(read_as(text, Some("a")).is_ok());
    assert!(read_as(text, Some("b")).unwrap_err().message.contains("env.b.queues"));
    assert!(read_as(text, None).is_err());
}

#[test]
fn another_runtime_is_told_of() {
    let project = read_as("compatibility_date = \"2024-01-01\"", None).unwrap();
    assert!(project.notes[0].contains(crate::deployment::COMPATIBILITY_DATE), "{:?}", project.notes);
}

/// The repository's own file.
#[test]
fn our_own_file_can_be_deployed() {
    let project = read_as(include_str!("../../../../wrangler.toml"), None).unwrap();
    assert_eq!(project.name.as_deref(), Some("llm-router"));
    assert_eq!((project.workers_dev, project.preview_urls), (Some(false), Some(false)));
    assert!(project.notes.is_empty(), "{:?}", project.notes);
}

#[test]
fn the_place_of_a_mistake_is_told() {
    let directory = tempfile::tempdir().unwrap();
    assert!(read(directory.path(), None).unwrap().is_none());
    std::fs::write(directory.path().join(FILE_NAME), "name = \"gw\"\nworkers_dev = maybe\n").unwrap();
    let failure = read(directory.path(), None).unwrap_err();
    assert!(failure.message.contains("wrangler.toml line 2"), "{}", failure.message);
}
