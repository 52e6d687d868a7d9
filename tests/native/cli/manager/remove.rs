//! What is removed, and what goes with it.

use super::*;

#[test]
fn a_model_that_is_in_use_goes_only_with_what_refers_to_it() {
    let home = Home::new(&config());
    let remove = [
        ("want to do", Pick("Remove a model")),
        ("which provider", Pick("beta")),
        ("which model", Pick("mini")),
        ("Remove beta/mini", Yes),
    ];
    let kept = [("Remove all that", No), ("which model", Esc), ("which provider", Esc)];
    let all: Vec<_> = remove.iter().chain(&kept).cloned().collect();
    assert_eq!(home.after(&all), config());
    // Its provider would have none left, which is as bad, so the provider goes.
    let after = home.after(&[
        ("want to do", Pick("Remove a provider")),
        ("which provider", Pick("beta")),
        ("Remove beta", Yes),
        ("Remove all that", Yes),
    ]);
    assert_eq!(after["providers"].as_array().unwrap().len(), 1);
    assert_eq!(after["modelAliases"]["team"]["targets"], json!([{ "ref": "alpha/large", "weight": 3 }]));
}

#[test]
fn a_removal_is_what_the_command_makes_of_it() {
    let answers = [
        ("want to do", Pick("Remove a provider")),
        ("which provider", Pick("beta")),
        ("Remove beta", Esc),
        ("which provider", Enter),
        ("Remove beta", Yes),
        ("Remove all that", Yes),
        ("want to do", Pick("Remove a model alias")),
        ("which alias", Pick("team")),
        ("Remove alias team", Yes),
    ];
    let provider = ["remove-provider", "--provider-id=beta", "--cascade"];
    same_as(&config(), &answers, &[&provider, &["remove-model-alias", "--alias-id=team"]]);
}
