//! Aliases, their targets and what of these leads nowhere.

use super::*;

#[test]
fn aliases_new_and_changed() {
    let home = Home::new(&config());
    let after = home.after(&[
        ("want to do", Pick("Add or edit a model alias")),
        ("Which alias", Pick("A new")),
        ("Name of the alias", Type("team")),
        ("Name of the alias", Type("fast")),
        ("first choice", Pick("ordered")),
        ("Targets", Mark(&["alpha/small", "beta/mini"])),
        ("Order and weights", Type("beta/mini, alpha/smal")),
        ("Order and weights", Type("beta/mini, alpha/small")),
        ("Fallback targets", Mark(&["team"])),
        ("Is this right", Pick("Save")),
        ("want to do", Pick("Add or edit a model alias")),
        ("Which alias", Pick("team")),
        ("first choice", Enter),
        ("Targets", Mark(&["alpha/large", "alpha/small"])),
        ("Order and weights", Type("alpha/large@3, alpha/small@2")),
        ("Fallback targets", Enter),
        ("Is this right", Pick("Save")),
        ("want to do", Pick("Remove a model alias")),
        ("which alias", Pick("fast")),
        ("Remove alias fast", No),
    ]);
    let expected = json!({
        "team": { "strategy": "weighted-rr", "targets": [
            { "ref": "alpha/large", "weight": 3 }, { "ref": "alpha/small", "weight": 2 }] },
        "fast": { "strategy": "ordered", "targets": [{ "ref": "beta/mini" }, { "ref": "alpha/small" }],
                  "fallbackTargets": [{ "ref": "team" }] },
    });
    assert_eq!(after["modelAliases"], expected);
}

const TEAM: [(&str, Reply); 3] = [
    ("want to do", Pick("Add or edit a model alias")),
    ("Which alias", Pick("team")),
    ("first choice", Enter),
];

fn team(config: &Value, rest: &[(&'static str, Reply)]) -> Value {
    let answers: Vec<_> =
        TEAM.iter().chain(rest).chain(&[("Is this right", Pick("Save"))]).cloned().collect();
    Home::new(config).after(&answers)["modelAliases"]["team"].clone()
}

#[test]
fn targets_that_lead_nowhere_stay_or_go_as_one_says() {
    let mut before = config();
    let gone = json!({ "ref": "gone/x", "weight": 2 });
    before["modelAliases"]["team"]["targets"].as_array_mut().unwrap().push(gone);
    before["modelAliases"]["team"]["fallbackTargets"] = json!(["nobody", { "ref": "alpha/small" }]);
    let before = before;
    let alias = &before["modelAliases"]["team"];

    let kept = [("What about the targets", Pick("Leave")), ("What about the fallback", Pick("Leave"))];
    assert_eq!(team(&before, &kept), *alias);

    // The strategy can be changed all the same.
    let home = Home::new(&before);
    let other = home.after(&[
        ("want to do", Pick("Add or edit a model alias")),
        ("Which alias", Pick("team")),
        ("first choice", Pick("ordered")),
        ("What about the targets", Pick("Leave")),
        ("What about the fallback", Pick("Leave")),
        ("Is this right", Pick("Save")),
    ]);
    assert_eq!(other["modelAliases"]["team"]["strategy"], "ordered");
    assert_eq!(other["modelAliases"]["team"]["targets"], alias["targets"]);

    let without = team(
        &before,
        &[
            ("What about the targets", Pick("Choose")),
            ("Targets", Enter),
            ("Order and weights", Enter),
            ("What about the fallback", Pick("Choose")),
            ("Fallback targets", Enter),
        ],
    );
    assert_eq!(without["targets"], json!([{ "ref": "alpha/large", "weight": 3 }, { "ref": "beta/mini" }]));
    assert_eq!(without["fallbackTargets"], json!([{ "ref": "alpha/small" }]));
}

/// Whatever notation it has: a name may end like a weight, a target may be a model's other name.
#[test]
fn what_is_not_changed_is_not_written_anew() {
    let mut before = config();
    before["providers"][0]["models"] =
        json!([{ "id": "large", "aliases": ["big"] }, { "id": "large@2" }, { "id": "small" }]);
    before["modelAliases"]["team"] = json!({
        "targets": ["alpha/big", { "target": "alpha/large", "weight": 2, "metadata": { "keep": 1 } }],
        "fallbacks": ["alpha/large", "beta/mini"],
    });
    let before = before;
    let same = [
        ("Targets", Enter),
        ("Order and weights", Enter),
        ("Fallback targets", Enter),
        ("Order of the fallbacks", Enter),
    ];
    assert_eq!(team(&before, &same), before["modelAliases"]["team"]);
    let more = team(
        &before,
        &[
            ("Targets", Mark(&["alpha/big", "alpha/large", "beta/mini"])),
            ("Order and weights", Enter),
            ("Fallback targets", Mark(&[])),
        ],
    );
    assert_eq!(more["targets"][1]["metadata"], json!({ "keep": 1 }));
    assert_eq!(more["targets"].as_array().unwrap().len(), 3);
    assert!(more.get("fallbacks").is_none() && more.get("fallbackTargets").is_none());
}

#[test]
fn an_alias_is_what_the_command_makes_of_it() {
    let answers = [
        ("want to do", Pick("Add or edit a model alias")),
        ("Which alias", Pick("A new")),
        ("Name of the alias", Type("fast")),
        ("first choice", Enter),
        ("Targets", Mark(&["alpha/small", "beta/mini"])),
        ("Order and weights", Type("beta/mini@2, alpha/small")),
        ("Fallback targets", Mark(&["team"])),
        ("Is this right", Pick("Save")),
        ("want to do", Pick("Add or edit a model alias")),
        ("Which alias", Pick("fast")),
        ("first choice", Pick("round-robin")),
        ("Targets", Enter),
        ("Order and weights", Enter),
        ("Fallback targets", Mark(&[])),
        ("Is this right", Pick("Save")),
    ];
    let alias = ["upsert-model-alias", "--alias-id=fast"];
    let targets = ["--strategy=auto", "--targets=beta/mini@2,alpha/small", "--fallback-targets=team"];
    let after = ["--strategy=round-robin", "--clear-fallback-targets"];
    same_as(&config(), &answers, &[&[&alias[..], &targets].concat(), &[&alias[..], &after].concat()]);
}
