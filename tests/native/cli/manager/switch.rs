//! Providers that get requests.

use super::*;

#[test]
fn providers_are_switched_off_and_on() {
    let off = [
        ("want to do", Pick("Switch providers")),
        ("get requests", Mark(&["beta"])),
        ("Is this right", Esc),
        ("get requests", Mark(&["alpha"])),
        ("Is this right", Pick("Save")),
    ];
    let mut before = config();
    // Else the alias and the default would lead nowhere.
    before["modelAliases"] = json!({});
    let disabled = same_as(&before, &off, &[&["disable-provider", "--provider-id=beta"]]);
    assert_eq!(disabled["providers"][1]["enabled"], false);
    let on = [
        ("want to do", Pick("Switch providers")),
        ("get requests", Enter),
        ("want to do", Pick("Switch providers")),
        ("get requests", Mark(&["alpha", "beta"])),
        ("Is this right", Pick("Save")),
    ];
    same_as(&disabled, &on, &[&["enable-provider", "--provider-id=beta"]]);
}
