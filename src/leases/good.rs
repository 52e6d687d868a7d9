//! When targets last succeeded in this isolate.
//!
//! An object hears of a success only while the target has failed. A failure says how long ago the last success was,
//! so that two are not taken for two in a row which have others between them.

use std::collections::BTreeMap;

use crate::{
    bounded::make_room,
    ledger::{HEALTH_MAX, message::Target},
    time::Millis,
};

/// By provider. Of each, as many targets as its object has the health of.
#[derive(Clone, Debug, Default)]
pub(super) struct Good(BTreeMap<String, BTreeMap<Target, Millis>>);

impl Good {
    pub(super) fn note(&mut self, now: Millis, provider: &str, target: &Target) {
        let targets = match self.0.get_mut(provider) {
            Some(targets) => targets,
            None => self.0.entry(provider.to_owned()).or_default(),
        };
        if let Some(at) = targets.get_mut(target) {
            *at = now; // as nearly always
            return;
        }
        make_room(targets, HEALTH_MAX, target, |at| *at);
        targets.insert(target.clone(), now);
    }

    /// Once: who is told of it does not count it again.
    pub(super) fn take(&mut self, provider: &str, target: &Target) -> Option<Millis> {
        self.0.get_mut(provider)?.remove(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_795_338_000_000);

    #[test]
    fn the_last_success_is_known_once_and_to_its_provider() {
        let (mut good, target) = (Good::default(), Target("m@openai".to_owned()));
        good.note(NOW, "p", &target);
        good.note(NOW.after(5), "p", &target);
        assert_eq!(good.take("q", &target), None);
        assert_eq!(good.take("p", &target), Some(NOW.after(5)));
        assert_eq!(good.take("p", &target), None);
    }

    #[test]
    fn the_oldest_makes_room() {
        let target = |index: usize| Target(format!("m{index}@openai"));
        let mut good = Good::default();
        for index in 0..=HEALTH_MAX {
            good.note(NOW.after(index as u64), "p", &target(index));
        }
        assert_eq!(good.take("p", &target(0)), None);
        assert!((1..=HEALTH_MAX).all(|index| good.take("p", &target(index)).is_some()));
    }
}
