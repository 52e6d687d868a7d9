//! Caps, one after the other.

use super::*;

#[test]
fn buckets_one_after_the_other_with_a_way_back() {
    let home = Home::new(&config());
    let after = home.after(&[
        ("want to do", Pick("Rate-limit")),
        ("Caps of which", Pick("alpha")),
        ("Buckets of alpha", Pick("Create")),
        ("Name of the bucket", Type("month")),
        ("Name of the bucket", Type("Six hours")),
        ("Which models", Pick("Selected")),
        ("Models that it counts", Mark(&["large"])),
        ("Requests that fit", Type("many")),
        ("Requests that fit", Esc),
        ("Models that it counts", Mark(&["small"])),
        ("Requests that fit", Type("600")),
        ("A window is a", Pick("hour(s)")),
        ("How many hours", Type("6")),
        ("Is this right", Pick("Change")),
        ("Name of the bucket", Enter),
        ("Which models", Enter),
        ("Models that it counts", Enter),
        ("Requests that fit", Enter),
        ("A window is a", Enter),
        ("How many hours", Enter),
        ("Is this right", Pick("Save")),
        ("Add another", Yes),
        ("Name of the bucket", Type("Week")),
        ("Which models", Pick("All")),
        ("Requests that fit", Type("9_000")),
        ("A window is a", Pick("week")),
        ("Is this right", Pick("Save")),
        ("Add another", Yes),
        ("Name of the bucket", Esc),
        ("Buckets of alpha", Pick("Edit")),
        ("Edit which", Pick("Month")),
        ("Name of the bucket", Type("Calendar month")),
        ("Which models", Enter),
        ("Requests that fit", Type("200")),
        ("A window is a", Enter),
        ("Is this right", Pick("Save")),
        ("Buckets of alpha", Pick("Review")),
        ("Buckets of alpha", Pick("Remove")),
        ("Remove which", Pick("Week")),
        ("Remove Week", Yes),
        ("Buckets of alpha", Esc),
        ("Caps of which", Pick("beta")),
        ("Buckets of beta", Pick("Done")),
    ]);
    let expected = json!([
        { "id": "month", "name": "Calendar month", "models": ["all"], "requests": 200,
          "window": { "unit": "month", "size": 1 }, "metadata": { "keep": true } },
        { "id": "six-hours", "name": "Six hours", "models": ["small"], "requests": 600,
          "window": { "unit": "hour", "size": 6 } },
    ]);
    assert_eq!(after["providers"][0]["rateLimits"], expected);
}

#[test]
fn models_that_are_gone_stay_in_a_bucket_or_go_as_one_says() {
    let mut before = config();
    before["providers"][0]["rateLimits"][0]["models"] = json!(["large", "gone"]);
    let edit = |rest: &[(&'static str, Reply)]| {
        let begin = [
            ("want to do", Pick("Rate-limit")),
            ("Caps of which", Pick("alpha")),
            ("Buckets of alpha", Pick("Edit")),
            ("Edit which", Pick("Month")),
            ("Name of the bucket", Enter),
            ("Which models", Enter),
        ];
        let end = [
            ("Requests that fit", Type("7")),
            ("A window is a", Enter),
            ("Is this right", Pick("Save")),
            ("Buckets of alpha", Pick("Done")),
        ];
        let all: Vec<_> = begin.iter().chain(rest).chain(&end).cloned().collect();
        Home::new(&before).after(&all)["providers"][0]["rateLimits"][0].clone()
    };
    let kept = edit(&[("What about the models", Pick("Leave"))]);
    assert_eq!((&kept["models"], &kept["requests"]), (&json!(["large", "gone"]), &json!(7)));
    let gone = edit(&[("What about the models", Pick("Choose")), ("Models that it counts", Enter)]);
    assert_eq!(gone["models"], json!(["large"]));
}
