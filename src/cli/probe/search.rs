//! The search for the place, and the spelling of the key, at which an endpoint speaks a format.

use std::collections::VecDeque;

use url::Url;

use super::answer::Outcome;
use super::candidate::Candidate;
use super::check::{self, Check};
use super::event::Step;
use super::pace::Clock;
use super::report::Standing;
use super::scrub::shown;
use super::session::{Call, Session};
use super::target::Target;
use super::variant::Variant;
use crate::wire::Wire;

/// Most places that are asked for a format.
const PLACES_MAX: usize = 6;
/// Redirects that are followed for a format.
const MOVES_MAX: usize = 2;

/// What is known before the search.
pub(super) struct Search {
    pub(super) wire: Wire,
    pub(super) places: Vec<Candidate>,
    /// The likeliest first.
    pub(super) variants: Vec<Variant>,
    /// Another format took the key, or a list did: it is not the key that is wrong.
    pub(super) key_taken: bool,
}

/// The best that was found so far.
struct Best {
    standing: Standing,
    place: Candidate,
    auth: Variant,
    why: String,
}

impl Search {
    /// `None`: there was no place to ask. `Err`: there is no connection.
    pub(super) async fn run<C: Clock>(
        self,
        session: &mut Session<'_, C>,
        asked: &mut Vec<(Wire, Url)>,
    ) -> Result<Option<Target>, String> {
        let mut queue: VecDeque<Candidate> = self.places.iter().cloned().collect();
        let mut best: Option<Best> = None;
        let mut missed: Vec<String> = Vec::new();
        let (mut places, mut moves) = (0, 0);
        while let Some(place) = queue.pop_front().filter(|_| places < PLACES_MAX) {
            places += 1;
            asked.push((self.wire, place.url.clone()));
            let (check, auth, said) = self.at(session, &place).await?;
            let standing = standing(&check);
            match &check {
                Check::NoPath => missed.push(place.url.path().to_owned()),
                Check::Moved(to) if moves < MOVES_MAX => {
                    moves += 1;
                    match self.follow(&place, to) {
                        Ok(place) => queue.push_front(place),
                        Err(why) => keep(&mut best, Best { standing, place: place.clone(), auth, why }),
                    }
                }
                _ => {
                    let why = session.scrub.clean(&said);
                    keep(&mut best, Best { standing, place: place.clone(), auth, why });
                }
            }
            let settled = match check {
                // Other places of a host that is slow are no quicker.
                Check::Speaks { sure: true } | Check::TakesAnything | Check::NoCredit | Check::TimedOut => {
                    true
                }
                // A wrong key is as wrong at the places that come next.
                Check::KeyRefused => !self.key_taken,
                _ => false,
            };
            if settled {
                break;
            }
        }
        Ok(self.target(best, &missed))
    }

    /// Asks at one place, with one spelling of the key after the other while they are refused. The text is
    /// why.
    async fn at<C: Clock>(
        &self,
        session: &mut Session<'_, C>,
        place: &Candidate,
    ) -> Result<(Check, Variant, String), String> {
        let mut last = (Check::KeyRefused, Variant::None, String::new());
        for auth in &self.variants {
            let call = Call {
                step: Step::Format,
                wire: self.wire,
                auth: *auth,
                url: place.url.clone(),
                body: Some(check::body()),
                model: None,
                notes: Vec::new(),
            };
            let outcome = session.send(&call).await;
            let check = check::read(self.wire, &outcome);
            session.conclude(&call, &check.said());
            if let Check::Unreachable(reason) = check {
                return Err(reason);
            }
            let refused = check == Check::KeyRefused;
            let said = match (&check, &outcome) {
                // The provider's own words say more than that it was refused.
                (Check::KeyRefused | Check::NoCredit, Outcome::Answer(answer)) => answer.said(),
                _ => check.said(),
            };
            last = (check, *auth, said);
            if !refused {
                break;
            }
        }
        Ok(last)
    }

    /// Where a redirect leads, unless it leaves the host: a key goes nowhere that its owner did not name.
    fn follow(&self, place: &Candidate, to: &str) -> Result<Candidate, String> {
        let to = place.url.join(to).map_err(|_| "it redirects to something that is no URL".to_owned())?;
        let safe = to.scheme() == place.url.scheme() || to.scheme() == "https";
        let same_port = to.port_or_known_default() == place.url.port_or_known_default()
            || (place.url.port().is_none() && to.port().is_none());
        if to.host() != place.url.host() || !safe || !same_port {
            return Err(format!(
                "it redirects to {}, another host, which was not asked: enter that one",
                shown(&to)
            ));
        }
        Candidate::moved(&to, self.wire)
            .ok_or_else(|| format!("it redirects to {}, which is no endpoint of this format", shown(&to)))
    }

    fn target(self, best: Option<Best>, missed: &[String]) -> Option<Target> {
        let first = self.places.into_iter().next()?;
        let auth = self.variants.first().copied().unwrap_or(Variant::None);
        let nothing = || Best {
            standing: Standing::Absent,
            place: first,
            auth,
            why: format!("nothing at {}", missed.join(", ")),
        };
        let Best { standing, place, auth, why } = best.unwrap_or_else(nothing);
        Some(Target {
            wire: self.wire,
            place,
            standing,
            why,
            auth,
            auth_proven: false,
            variants: self.variants,
            refused: Vec::new(),
        })
    }
}

/// The first of the best: places come in the order of their likelihood.
fn keep(best: &mut Option<Best>, new: Best) {
    if best.as_ref().is_none_or(|old| new.standing > old.standing) {
        *best = Some(new);
    }
}

fn standing(check: &Check) -> Standing {
    match check {
        Check::Speaks { sure: true } | Check::TakesAnything => Standing::Speaks,
        Check::NoCredit => Standing::NoCredit,
        Check::Speaks { sure: false } | Check::Busy | Check::TimedOut | Check::Unclear(_) => {
            Standing::Unclear
        }
        Check::KeyRefused => Standing::KeyRefused,
        Check::NoPath | Check::Moved(_) => Standing::Absent,
        Check::Unreachable(_) => Standing::Unreachable,
    }
}
