//! Every way in which a small world can go, up to a depth.
//!
//! Depth first, with a memory of what was seen with how many steps left, so nothing within the depth is passed over.
//! An own search because what is searched are the real `Ledger` and `Holder`: they clone, but do not compare, and
//! estimates of demand, which are kept so high that they do not matter, must not tell states apart.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    hash::{DefaultHasher, Hash, Hasher},
};

use super::world::{Op, World};

/// What was seen of a world.
#[derive(Default)]
pub(super) struct Seen {
    with_left: HashMap<u64, usize>,
    pub(super) steps: u64,
}

impl Seen {
    pub(super) fn states(&self) -> usize {
        self.with_left.len()
    }
}

/// What went wrong, and the way there.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) what: String,
    pub(super) way: Vec<Op>,
}

pub(super) fn explore(world: &World, left: usize, seen: &mut Seen) -> Result<(), Wrong> {
    match seen.with_left.entry(key(world)) {
        std::collections::hash_map::Entry::Occupied(mut known) => {
            if *known.get() >= left {
                return Ok(());
            }
            known.insert(left);
        }
        std::collections::hash_map::Entry::Vacant(unknown) => {
            unknown.insert(left);
        }
    }
    if left == 0 {
        return Ok(());
    }
    for op in world.ops() {
        let mut next = world.clone();
        seen.steps += 1;
        let followed = next.apply(op).map_err(|what| Wrong { what, way: Vec::new() });
        followed.and_then(|()| explore(&next, left - 1, seen)).map_err(|mut wrong| {
            wrong.way.insert(0, op);
            wrong
        })?;
    }
    Ok(())
}

/// The same for worlds that go on in the same way.
fn key(world: &World) -> u64 {
    let mut hash = Hashing(DefaultHasher::new());
    (world.now, world.budget).hash(&mut hash.0);
    write!(hash, "{:?}{:?}", world.object(), world.truth).unwrap();
    let mut text = String::new();
    write!(text, "{:?}", world.isolates).unwrap();
    for (index, part) in text.split("demand: Demand {").enumerate() {
        hash.write_str(if index == 0 { part } else { part.split_once('}').unwrap().1 }).unwrap();
    }
    // On its way, in any order.
    let mut wire: Vec<u64> = world
        .wire
        .iter()
        .map(|message| {
            let mut hash = Hashing(DefaultHasher::new());
            write!(hash, "{message:?}").unwrap();
            hash.0.finish()
        })
        .collect();
    wire.sort_unstable();
    wire.hash(&mut hash.0);
    hash.0.finish()
}

struct Hashing(DefaultHasher);

impl fmt::Write for Hashing {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}
