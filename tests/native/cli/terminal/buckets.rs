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
    screen.press("Models that it counts", &[" ", DOWN, DOWN, " "]);
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
    screen.press("Requests that fit", &["6x", ENTER]);
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
    # write a whole number from 1 to 4294967295
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
