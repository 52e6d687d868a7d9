//! The alias wizard.

use super::*;

#[test]
fn an_alias_key_by_key() {
    let mut screen = Screen::open(&config(), &PLAIN);
    screen.press("want to do", &["edit a model alias", ENTER]);
    screen.press("Name of the alias", &["team", ENTER]);
    screen.press("first choice", &["weighted", ENTER]);
    screen.press("Targets", &[" ", DOWN, " ", ENTER]);
    screen.press("Order and weights", &["@2", ENTER]);
    screen.press("Fallback targets", &[" ", ENTER]);
    screen.wait_for("Is this right");
    insta::assert_snapshot!(screen.text(), @r#"
    llm-router 2.0.0-alpha.1, config ~/.llm-router.json
    ? What do you want to do? Add or edit a model alias
    An alias is one name in front of several models. Fallback targets get requests
    only when no target is eligible.
    ? Name of the alias team
    ? Which target is the first choice? weighted-rr: in turns, by weight
    ? Targets 2 chosen
    ? Order and weights alpha/large, alpha/small@2
    ? Fallback targets, if any 1 chosen

      Alias      team
      Strategy   weighted-rr
      Targets    alpha/large
                 alpha/small@2
      Fallbacks  alpha/tiny

    ? Is this right?
    > Save
      Change something
      Leave without saving
    [arrows, type to filter, Enter; Esc goes back]
    "#);
    screen.press("Is this right", &[ENTER]);
    screen.press("want to do", &[ESCAPE]);
    assert!(screen.end().success());
    let team = json!({ "strategy": "weighted-rr",
        "targets": [{ "ref": "alpha/large" }, { "ref": "alpha/small", "weight": 2 }],
        "fallbackTargets": [{ "ref": "alpha/tiny" }] });
    assert_eq!(screen.config()["modelAliases"]["team"], team);
}
