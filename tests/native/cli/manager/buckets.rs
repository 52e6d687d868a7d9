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

#[test]
fn a_bucket_is_what_the_command_makes_of_it() {
    let create = [
        ("want to do", Pick("Rate-limit")),
        ("Caps of which", Pick("beta")),
        ("Buckets of beta", Pick("Create")),
        ("Name of the bucket", Type("Six hours")),
        ("Which models", Pick("Selected")),
        ("Models that it counts", Mark(&["mini"])),
        ("Requests that fit", Type("600")),
        ("A window is a", Pick("hour(s)")),
        ("How many hours", Type("6")),
        ("Is this right", Pick("Save")),
        ("Add another", No),
        ("Buckets of beta", Pick("Edit")),
        ("Edit which", Enter),
        ("Name of the bucket", Enter),
        ("Which models", Enter),
        ("Models that it counts", Enter),
        ("Requests that fit", Type("700")),
        ("A window is a", Enter),
        ("How many hours", Enter),
        ("Is this right", Pick("Save")),
        ("Buckets of beta", Pick("Done")),
    ];
    let bucket = ["--provider-id=beta", "--bucket-name=Six hours", "--bucket-models=mini"];
    let put = |requests: &'static str| {
        [&["set-provider-rate-limits"][..], &bucket, &["--bucket-window=6h", requests]].concat()
    };
    let commands = [put("--bucket-requests=600"), put("--bucket-requests=700")];
    same_as(&config(), &create, &[&commands[0], &commands[1]]);

    let remove = [
        ("want to do", Pick("Rate-limit")),
        ("Caps of which", Pick("alpha")),
        ("Buckets of alpha", Pick("Remove")),
        ("Remove which", Enter),
        ("Remove Month", Yes),
        ("Buckets of alpha", Pick("Done")),
    ];
    let words = ["set-provider-rate-limits", "--provider-id=alpha", "--remove-bucket", "--bucket-id=month"];
    same_as(&config(), &remove, &[&words]);
}

/// A file of version 1 may have it in another notation.
#[test]
fn an_edit_of_a_bucket_writes_what_was_changed() {
    let mut before = config();
    before["providers"][0]["rateLimits"][0]["models"] = json!("all");
    let after = Home::new(&before).after(&[
        ("want to do", Pick("Rate-limit")),
        ("Caps of which", Pick("alpha")),
        ("Buckets of alpha", Pick("Edit")),
        ("Edit which", Enter),
        ("Name of the bucket", Type("Calendar month")),
        ("Which models", Enter),
        ("Requests that fit", Enter),
        ("A window is a", Enter),
        ("Is this right", Pick("Save")),
        ("Buckets of alpha", Pick("Done")),
    ]);
    before["providers"][0]["rateLimits"][0]["name"] = json!("Calendar month");
    assert_eq!(after, before);
}
