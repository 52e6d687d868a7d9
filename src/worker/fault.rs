//! Faults on purpose, for the tests that show what survives them. In no release: behind a feature.

/// Request header that names a fault.
pub(super) const HEADER: &str = "x-llm-router-fault";

/// An ask that the provider object panics on.
pub(super) const OBJECT_PANIC: &str = "fault: panic";

/// Strikes after the reservation, before the upstream is called.
pub(super) fn strike(fault: Option<&str>) {
    match fault {
        Some("panic") => blow(),
        Some("overflow") => {
            overflow(0);
        }
        _ => {}
    }
}

pub(super) fn ask(fault: Option<&str>, ask: String) -> String {
    if fault == Some("object-panic") { OBJECT_PANIC.to_owned() } else { ask }
}

#[expect(clippy::panic, reason = "this is the fault")]
pub(super) fn blow() {
    panic!("provoked");
}

/// Runs out of stack.
#[expect(unconditional_recursion, reason = "this is the fault")]
fn overflow(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    let deeper = overflow(std::hint::black_box(depth + 1));
    deeper + frame.iter().sum::<u64>()
}
