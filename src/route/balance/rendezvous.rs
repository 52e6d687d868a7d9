//! One conversation, one target: weighted rendezvous hashing.
//!
//! Every target draws a lot from the hash of the conversation and its own name, and the best lot wins. A
//! target of twice the weight wins twice as often; when weights change, only conversations move whose
//! winner changed, and they move from the targets that shrank. Every isolate draws the same lots.

use super::Entry;

/// Indices of `entries`, the winner of `conversation` first.
pub fn order(entries: &[Entry<'_>], conversation: u64) -> Vec<usize> {
    let mut lots: Vec<(f64, usize)> = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            let lot = unit(mix(conversation ^ hash(entry.name.as_bytes())));
            (-lot.ln() / entry.weight.clamp(1e-9, 1e9), index)
        })
        .collect();
    lots.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    lots.into_iter().map(|(_, index)| index).collect()
}

/// FNV-1a, mixed. Not for keys that an attacker would gain from choosing: they could only choose their own
/// provider, which naming it does as well.
pub fn hash(bytes: &[u8]) -> u64 {
    mix(bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
}

/// The finalizer of SplitMix64: every bit of the input moves every bit of the output.
pub fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// In (0, 1).
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn unit(bits: u64) -> f64 {
    ((bits >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0 // 2^53
}
