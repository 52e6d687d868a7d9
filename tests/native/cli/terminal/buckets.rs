//! The walkthrough of a bucket.

use super::*;

#[test]
fn a_bucket_key_by_key() {
    let mut screen = Screen::open(&config(), &PLAIN);
    screen.press("want to do", &["buckets", ENTER]);
    screen.press("Caps of which", &[ENTER]);
    screen.press("Buckets of alpha", &[ENTER]);
    screen.press("Name of the bucket", &["Six hours", ENTER]);
    screen.press("Which models", &[DOWN, ENTER]);
    // The first and the third.
    screen.press("Models that it counts", &[" ", DOWN, DOWN, " "]).until_seen("> [x] tiny");
    insta::assert_snapshot!(screen.text(), @r#"
    llm-router 2.0.0-alpha.1, config ~/.llm-router.json
    ? What do you want to do? Rate-limit buckets of a provider
    ? Caps of which provider? alpha (Alpha)
    A cap is called a bucket: at most so many requests of these models in each
    window, aligned to the UTC calendar. A request has to fit into all buckets that
    count its model.
    ? Buckets of alpha Create a bucket
    ? Name of the bucket Six hours
    ? Which models does it count? Selected models
    ? Models that it counts
      [x] large
      [ ] small
    > [x] tiny
    [Space marks, type to filter, Enter; Esc goes back]
    "#);
    screen.press("Models that it counts", &[ENTER]);
    screen.press("Requests that fit", &["6x", ENTER]).until_seen("# write a whole number");
    insta::assert_snapshot!(screen.text(), @r#"
    llm-router 2.0.0-alpha.1, config ~/.llm-router.json
    ? What do you want to do? Rate-limit buckets of a provider
    ? Caps of which provider? alpha (Alpha)
    A cap is called a bucket: at most so many requests of these models in each
    window, aligned to the UTC calendar. A request has to fit into all buckets that
    count its model.
    ? Buckets of alpha Create a bucket
    ? Name of the bucket Six hours
    ? Which models does it count? Selected models
    ? Models that it counts 2 chosen
    # write a whole number from 1 to 9007199254740991
    ? Requests that fit into a window 6x
    [retries count, too; Esc goes back]
    "#);
    screen.press("Requests that fit", &["\x7f", "00", ENTER]);
    screen.press("A window is a", &["hour", ENTER]);
    screen.press("How many hours", &[ESCAPE]);
    screen.press("A window is a", &[ENTER]);
    screen.press("How many hours", &["\x7f", "6", ENTER]);
    screen.wait_for("Is this right");
    insta::assert_snapshot!(screen.text(), @r#"
    A cap is called a bucket: at most so many requests of these models in each
    window, aligned to the UTC calendar. A request has to fit into all buckets that
    count its model.
    ? Buckets of alpha Create a bucket
    ? Name of the bucket Six hours
    ? Which models does it count? Selected models
    ? Models that it counts 2 chosen
    ? Requests that fit into a window 600
    ? A window is a hour(s)
    ? How many hours are a window? <canceled>
    ? A window is a hour(s)
    ? How many hours are a window? 6

      Bucket of  alpha
      Name       Six hours
      Scope      large, tiny
      Cap        600 requests every 6 hours
      Id         six-hours

    ? Is this right?
    > Save
      Change something
      Leave without saving
    [arrows, type to filter, Enter; Esc goes back]
    "#);
    screen.press("Is this right", &[ENTER]);
    screen.press("Add another", &["y", ENTER]);
    screen.press("Name of the bucket", &["Month", ENTER]);
    screen.press("Which models", &[ENTER]);
    screen.press("Requests that fit", &["20000", ENTER]);
    screen.press("A window is a", &[ENTER]);
    screen.press("Is this right", &[ENTER]);
    screen.press("Add another", &[ENTER]);
    screen.press("Buckets of alpha", &["Done", ENTER]);
    screen.press("want to do", &["Quit", ENTER]);
    assert!(screen.end().success());
    let mut expected = config();
    expected["providers"][0]["rateLimits"] = json!([
        { "id": "six-hours", "name": "Six hours", "models": ["large", "tiny"], "requests": 600,
          "window": { "unit": "hour", "size": 6 } },
        { "id": "month", "name": "Month", "models": ["all"], "requests": 20000,
          "window": { "unit": "month", "size": 1 } },
    ]);
    assert_eq!(screen.config(), expected);
}

/// Runs the command on a config with the bucket `month`.
fn set_limits(home: &std::path::Path, more: &[&str]) -> Screen {
    let mut config = config();
    let month = json!([{ "id": "month", "models": ["all"], "requests": 9, "window": "1 month" }]);
    config["providers"][0]["rateLimits"] = month;
    std::fs::write(home.join(".llm-router.json"), config.to_string()).unwrap();
    Screen::run(home, &[&["config", "set-provider-rate-limits"][..], more].concat(), &PLAIN)
}

#[test]
fn a_command_asks_for_what_a_new_bucket_lacks() {
    let home = tempfile::tempdir().unwrap();
    let mut screen = set_limits(home.path(), &["--provider-id=alpha", "--bucket-name=Six", "--window=6h"]);
    screen.press("Which models", &[DOWN, ENTER]).press("Models that it counts", &[" ", ENTER]);
    screen.press("Requests that fit", &["600", ENTER]);
    assert!(screen.end().success(), "{}", screen.text());
    assert!(screen.text().contains("bucketCount=2"), "{}", screen.text());
    let six = json!({ "id": "six", "name": "Six", "models": ["large"], "requests": 600,
        "window": { "unit": "hour", "size": 6 } });
    assert_eq!(screen.config()["providers"][0]["rateLimits"][1], six);

    // Everything, and back over it.
    let mut screen = set_limits(home.path(), &[]);
    screen.press("Caps of which", &[ENTER]).press("Name of the bucket", &["Month", ENTER]);
    screen.press("Name of the bucket", &[ESCAPE]).press("Caps of which", &[ENTER]);
    screen.press("Name of the bucket", &["Day", ENTER]).press("Which models", &[ENTER]);
    screen.press("Requests that fit", &["5", ENTER]).press("A window is a", &["day", ENTER]);
    screen.press("How many days", &[ENTER]);
    assert!(screen.bytes().contains("there is already a bucket month"), "{}", screen.bytes());
    assert!(screen.end().success(), "{}", screen.text());
    let day = json!({ "id": "day", "name": "Day", "models": ["all"], "requests": 5,
        "window": { "unit": "day", "size": 1 } });
    assert_eq!(screen.config()["providers"][0]["rateLimits"][1], day);
}

#[test]
fn a_command_asks_for_nothing_in_vain() {
    let home = tempfile::tempdir().unwrap();
    let requests = |screen: &Screen| screen.config()["providers"][0]["rateLimits"][0]["requests"].clone();
    let mut screen = set_limits(home.path(), &["--provider-id=alpha", "--bucket-id=month", "--requests=5"]);
    assert!(screen.end().success(), "{}", screen.text());
    assert_eq!(requests(&screen), 5, "what is there lacks nothing");
    for (more, said) in [
        (&["--provider-id=alhpa", "--bucket-id=x"][..], "did you mean `alpha`?"),
        (&["--provider-id=alpha", "--bucket-id=x", "--models=lrge"], "did you mean `large`?"),
        (&["--provider-id=alpha", "--bucket-id=x", "--json"], "--bucket-models, --bucket-requests"),
    ] {
        let mut screen = set_limits(home.path(), more);
        assert_eq!(screen.end().code(), Some(2), "{}", screen.text());
        let told = screen.text().replace('\n', "");
        assert!(told.contains(said), "{told}");
    }
    for (keys, code) in [(CONTROL_C, 130), (ESCAPE, 1)] {
        let mut screen = set_limits(home.path(), &["--provider-id=alpha", "--bucket-name=x", "--window=1d"]);
        screen.press("Which models", &[keys]);
        assert_eq!(screen.end().code(), Some(code), "{}", screen.text());
        assert_eq!(screen.config()["providers"][0]["rateLimits"].as_array().unwrap().len(), 1);
    }
}
