//! `quota-aware-weighted-rr`: how much of its share a target keeps.

use crate::route::hints::Room;

/// Smallest part of its share that a target with room keeps: it must be asked now and then.
const LEAST: f64 = 0.01;

/// 1 for a target with everything left, down to `LEAST` in proportion to the share of its tightest bucket
/// that remains.
pub fn factor(rooms: &[Room]) -> f64 {
    rooms.iter().map(Room::ratio).fold(1.0, f64::min).max(LEAST)
}

/// 1 for a target that has not failed since its last success; half for one failure, a third for two.
pub fn health(failures: u32) -> f64 {
    1.0 / (1.0 + f64::from(failures))
}
