//! A guided operation as a row of questions that one can go back over.

use super::desk::Desk;
use super::prompt::{Asked, Halt};

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// A person answered: Esc at the next question comes back here.
    Asked,
    /// There was nothing to ask.
    Skipped,
    /// From the first question on, with the answers so far as defaults.
    Restart,
}

/// Asks at most one question and keeps the answer in `S`.
pub(super) type Step<S> = fn(&mut S, &mut Desk<'_>) -> Asked<Done>;

/// Goes through the steps. Esc at the first question ends with [`Halt::Back`].
pub(super) fn walk<S>(state: &mut S, desk: &mut Desk<'_>, steps: &[Step<S>]) -> Asked<()> {
    let mut asked = Vec::new();
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        match step(state, desk) {
            Ok(Done::Asked) => {
                asked.push(at);
                at += 1;
            }
            Ok(Done::Skipped) => at += 1,
            Ok(Done::Restart) => {
                asked.clear();
                at = 0;
            }
            Err(Halt::Back) => at = asked.pop().ok_or(Halt::Back)?,
            Err(halt) => return Err(halt),
        }
    }
    Ok(())
}
