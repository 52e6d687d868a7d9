//! What happens when. Of two things at the same time, the one that was planned first comes first.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use crate::play::Event;

#[derive(Default)]
pub(crate) struct Agenda {
    entries: BinaryHeap<Reverse<Entry>>,
    planned: u64,
}

struct Entry {
    at_us: u64,
    number: u64,
    event: Event,
}

impl Agenda {
    pub(crate) fn add(&mut self, at_us: u64, event: Event) {
        self.planned += 1;
        self.entries.push(Reverse(Entry { at_us, number: self.planned, event }));
    }

    pub(crate) fn next(&mut self) -> Option<(u64, Event)> {
        let Reverse(Entry { at_us, event, .. }) = self.entries.pop()?;
        Some((at_us, event))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at_us, self.number).cmp(&(other.at_us, other.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}
