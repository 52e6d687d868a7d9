//! What tests of whole answers and requests share: streams translated from end to end, and snapshots beside fixtures.

use std::path::Path;

use llm_router::{
    translate::{Memo, answer},
    wire::Wire,
};

/// What a client gets of an upstream's stream that comes in these chunks.
pub(super) fn streamed<'a>(
    upstream: Wire,
    client: Wire,
    chunks: impl IntoIterator<Item = &'a [u8]>,
    memo: &Memo,
) -> Vec<u8> {
    let mut stream = answer::Stream::new(upstream, client, memo).unwrap();
    let mut out = Vec::new();
    for chunk in chunks {
        stream.push(chunk, &mut out);
    }
    stream.finish(&mut out);
    assert!(stream.is_over());
    out
}

/// Compares with the snapshot of this name in a folder.
pub(super) fn assert_snapshot(folder: impl AsRef<Path>, name: &str, content: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, content));
}
