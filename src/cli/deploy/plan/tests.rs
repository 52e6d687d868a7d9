use super::*;
use crate::cli::cloudflare::binding::Bound;
use crate::cli::cloudflare::scripts::{Deployment, Module, Share, Version};
use crate::cli::deploy::content::Content;
use crate::cli::deploy::key::{Kept, Wish};
use crate::cli::deploy::target::{Target, Trigger};
use crate::deployment::STATE_VARIABLE;

const KEPT: Fate = Fate::Keep(Kept::Unchanged);

fn wanted() -> Wanted {
    let config = json!({ "version": 2, "providers": [] });
    Wanted {
        script: "gw".to_owned(),
        environment: None,
        account_id: None,
        config_path: "c.json".into(),
        content: Content::new(config.as_object().unwrap()).unwrap(),
        models: Vec::new(),
        config_key: Some(Secret::new("gw_config")),
        wish: Wish::None,
        modules: vec![Module { name: "entry.js".to_owned(), content_type: "x", bytes: b"code".to_vec() }],
        vars: Vec::new(),
        file_vars: None,
        removed_vars: BTreeSet::new(),
        keys: Vec::new(),
        needed: Vec::new(),
        settings: Vec::new(),
        target: Target {
            triggers: Some(vec![Trigger::Domain { host: "gw.example.com".to_owned(), zone: None }]),
            ..Target::default()
        },
        notes: Vec::new(),
    }
}

fn first() -> Fate {
    Fate::Config(Secret::new("gw_config"))
}

/// What the API would list of what was uploaded.
fn version(id: &str, bindings: &[Binding], before: Option<&Version>) -> Version {
    let listed = |binding: &Binding| {
        if binding.value == BindingValue::Inherit {
            return before.unwrap().bindings.iter().find(|bound| bound.name == binding.name).unwrap().clone();
        }
        let mut entry = binding.upload();
        if entry["type"] == "secret_text" {
            entry.as_object_mut().unwrap().remove("text");
        }
        Bound::read(&entry).unwrap()
    };
    Version {
        id: id.to_owned(),
        bindings: bindings.iter().map(listed).collect(),
        migration_tag: None,
        limits: None,
    }
}

fn live_after(plan: &Plan, id: &str, before: Option<&Live>) -> Live {
    let (_, upload) = plan.upload.as_ref().unwrap();
    let version = version(id, &upload.bindings, before.map(|live| &live.version));
    Live {
        deployment: Deployment { id: String::new(), versions: Share::all(id) },
        state: State::of(&version.bindings),
        newest: None,
        version,
        migrations: MIGRATIONS.len(),
        subdomain: Subdomain::default(),
        settings: json!({ "observability": { "enabled": true, "logs": {} } }),
    }
}

fn deployed(wanted: &Wanted) -> Live {
    live_after(&plan(wanted, None, &first(), false).unwrap(), "v-1", None)
}

fn names(plan: &Plan) -> Vec<&str> {
    let (_, upload) = plan.upload.as_ref().unwrap();
    upload.bindings.iter().map(|binding| binding.name.as_str()).collect()
}

#[test]
fn a_first_deployment_is_one_upload_of_everything() {
    let plan = plan(&wanted(), None, &first(), false).unwrap();
    let (how, upload) = plan.upload.as_ref().unwrap();
    assert_eq!(*how, How::First);
    assert_eq!(
        names(&plan),
        ["PROVIDERS", "LLM_ROUTER_CONFIG_JSON", "LLM_ROUTER_MASTER_KEY", STATE_VARIABLE]
    );
    let metadata = upload.metadata();
    assert_eq!(
        metadata["migrations"],
        json!({ "new_tag": "v1", "steps": [{ "new_sqlite_classes": ["ProviderObject"] }] })
    );
    assert_eq!(metadata["bindings"][2]["text"], "gw_config");
    assert_eq!(plan.subdomain, Some(Subdomain::default()), "nobody knows what a new Worker begins with");
    assert!(!upload.shown().to_string().contains("gw_config"));
}

#[test]
fn the_second_time_nothing_is_done() {
    let wanted = wanted();
    let live = deployed(&wanted);
    assert!(plan(&wanted, Some(&live), &KEPT, false).unwrap().is_empty());
    let forced = plan(&wanted, Some(&live), &KEPT, true).unwrap();
    assert_eq!(forced.upload.as_ref().unwrap().0, How::Version);
    assert_eq!(forced.upload.as_ref().unwrap().1.metadata().get("migrations"), None);
}

type Change = fn(&mut Wanted);

#[test]
fn every_change_is_noticed() {
    let before = wanted();
    let live = deployed(&before);
    let changes: [(&str, Change); 5] = [
        ("code", |wanted| wanted.modules[0].bytes = b"other".to_vec()),
        ("config", |wanted| {
            wanted.content = Content::new(json!({ "version": 2 }).as_object().unwrap()).unwrap();
        }),
        ("variable", |wanted| wanted.vars.push(Binding::text("A", "b"))),
        ("secret", |wanted| wanted.keys.push(Binding::secret("K", Secret::new("s")))),
        ("limits", |wanted| wanted.settings.push(("limits".to_owned(), json!({ "cpu_ms": 50 })))),
    ];
    for (what, change) in changes {
        let mut wanted = wanted();
        change(&mut wanted);
        assert!(plan(&wanted, Some(&live), &KEPT, false).unwrap().upload.is_some(), "{what}");
    }
    let mut missing = deployed(&before);
    missing.version.bindings.retain(|bound| bound.name != "LLM_ROUTER_CONFIG_JSON");
    assert!(plan(&before, Some(&missing), &KEPT, false).unwrap().upload.is_some(), "a secret that is gone");
}

#[test]
fn what_is_not_ours_stays_and_what_is_stale_goes() {
    let mut wanted = wanted();
    let mut live = deployed(&wanted);
    for (name, kind) in [
        ("THEIRS", "secret_text"),
        ("KV", "kv_namespace"),
        ("LLM_ROUTER_CONFIG_JSON_1", "secret_text"),
        ("ROUTE_CONFIG_JSON", "secret_text"),
        ("LLM_ROUTER_LOCAL", "json"),
        ("OLD", "plain_text"),
    ] {
        live.version.bindings.push(Bound::read(&json!({ "name": name, "type": kind })).unwrap());
    }
    wanted.removed_vars.insert("OLD".to_owned());
    let plan = plan(&wanted, Some(&live), &KEPT, false).unwrap();
    assert_eq!(plan.kept, ["LLM_ROUTER_MASTER_KEY", "THEIRS", "KV"]);
    assert_eq!(plan.removed, ["LLM_ROUTER_CONFIG_JSON_1", "ROUTE_CONFIG_JSON", "LLM_ROUTER_LOCAL", "OLD"]);
    assert!(plan.upload.is_some());
}

#[test]
fn another_key_ends_the_grace_of_the_one_before() {
    let wanted = wanted();
    let mut live = deployed(&wanted);
    let grace = [PREVIOUS_KEY_VARIABLE, PREVIOUS_KEY_UNTIL_VARIABLE];
    let bound = |name| Bound::read(&json!({ "name": name, "type": "secret_text" })).unwrap();
    live.version.bindings.extend(grace.map(bound));
    assert_eq!(plan(&wanted, Some(&live), &first(), false).unwrap().removed, grace);
    assert!(plan(&wanted, Some(&live), &KEPT, false).unwrap().is_empty());
}

#[test]
fn a_variable_that_goes_from_the_file_goes_from_the_worker() {
    let mut with = wanted();
    with.vars.push(Binding::text("A", "b"));
    with.file_vars = Some(vec!["A".to_owned()]);
    let live = deployed(&with);
    let mut without = wanted();
    without.file_vars = Some(Vec::new());
    assert_eq!(plan(&without, Some(&live), &KEPT, false).unwrap().removed, ["A"]);
    // Nobody without the file knows that it was to go.
    let elsewhere = plan(&wanted(), Some(&live), &KEPT, false).unwrap();
    assert_eq!(elsewhere.kept, ["LLM_ROUTER_MASTER_KEY", "A"]);
}

/// A deployment was taken back: the newest version is not the live one, and inheriting would take from there.
#[test]
fn nothing_is_inherited_that_never_was_live() {
    let wanted = wanted();
    let live = deployed(&wanted);
    let generated = Fate::Generated(Secret::new("gw_generated"));
    for (fate, same) in [(&KEPT, true), (&generated, false)] {
        let failed = plan(&wanted, Some(&live), fate, true).unwrap();
        let mut live = live.clone();
        let (_, upload) = failed.upload.as_ref().unwrap();
        live.newest = Some(version("v-2", &upload.bindings, Some(&live.version)));
        let again = plan(&wanted, Some(&live), &KEPT, true);
        assert_eq!(again.is_ok(), same, "{fate:?}");
        assert!(plan(&wanted, Some(&live), &first(), true).is_ok(), "a key that goes up is no question");
    }
    // A version that somebody else made of the live one: what he changed nobody knows.
    let mut edited = live.clone();
    edited.newest = Some(Version { id: "v-2".to_owned(), ..live.version.clone() });
    let failure = plan(&wanted, Some(&edited), &KEPT, true).err().unwrap();
    assert!(failure.details[0].contains("LLM_ROUTER_MASTER_KEY"), "{failure:?}");
}

#[test]
fn the_number_of_variables_is_kept_under_the_plans() {
    let with = |count: usize| {
        let mut wanted = wanted();
        wanted.vars = (0..count).map(|number| Binding::text(format!("V{number}"), "x")).collect();
        plan(&wanted, None, &first(), false)
    };
    let free = with(61).unwrap();
    assert_eq!((free.variables, free.notes.len()), (64, 0));
    let paid = with(62).unwrap();
    assert!(paid.notes[0].contains("Workers Paid"), "{:?}", paid.notes);
    assert_eq!(with(125).unwrap().variables, 128);
    let failure = with(126).err().unwrap();
    assert!(failure.message.contains("129") && failure.hint.unwrap().contains("--name"));
}

#[test]
fn a_secret_that_is_nowhere_is_named() {
    let mut wanted = wanted();
    let live = deployed(&wanted);
    wanted.needed.push(("OPENAI_API_KEY".to_owned(), "provider `a`".to_owned()));
    for live in [None, Some(&live)] {
        let failure = require(&wanted, live).unwrap_err();
        assert!(failure.details[0].contains("OPENAI_API_KEY"), "{failure:?}");
    }
    let mut live = live;
    let bound = Bound::read(&json!({ "name": "OPENAI_API_KEY", "type": "secret_text" })).unwrap();
    live.version.bindings.push(bound);
    assert!(require(&wanted, Some(&live)).is_ok());
}

#[test]
fn workers_dev_is_closed_unless_it_is_all_there_is() {
    let mut wanted = wanted();
    let mut live = deployed(&wanted);
    live.subdomain = Subdomain { enabled: true, previews_enabled: true };
    assert_eq!(plan(&wanted, Some(&live), &KEPT, false).unwrap().subdomain, Some(Subdomain::default()));
    wanted.target.triggers = None;
    assert_eq!(plan(&wanted, Some(&live), &KEPT, false).unwrap().subdomain, None);
    wanted.target.workers_dev = Some(false);
    assert!(!plan(&wanted, Some(&live), &KEPT, false).unwrap().open.enabled);
}

#[test]
fn settings_are_set_where_they_differ() {
    let mut wanted = wanted();
    let live = deployed(&wanted);
    for (enabled, expected) in [(true, None), (false, Some(json!({ "observability": { "enabled": false } })))]
    {
        wanted.settings = vec![("observability".to_owned(), json!({ "enabled": enabled }))];
        assert_eq!(plan(&wanted, Some(&live), &KEPT, false).unwrap().script_settings, expected);
    }
}

/// Version 1 had no objects.
#[test]
fn a_worker_without_our_classes_gets_them_with_the_script() {
    let wanted = wanted();
    let mut live = deployed(&wanted);
    live.migrations = 0;
    live.state = None;
    let plan = plan(&wanted, Some(&live), &first(), false).unwrap();
    let (how, upload) = plan.upload.as_ref().unwrap();
    assert_eq!((*how, &upload.metadata()["migrations"]["new_tag"]), (How::Classes, &json!("v1")));
}
