//! Where requests come from, and how far that is from the object.

use std::{f64::consts::TAU, ops::Range};

use crate::random::Random;

/// Shortest and longest round trip, ms: inside a metropolis, and to the other side of the world.
const RTT_MS: (f64, f64) = (5.0, 250.0);

/// Where people live: weight, degrees of latitude and longitude.
const REGIONS: [(f64, [f64; 2], [f64; 2]); 5] = [
    (0.35, [25.0, 50.0], [-125.0, -70.0]),
    (0.30, [37.0, 60.0], [-10.0, 40.0]),
    (0.22, [0.0, 45.0], [70.0, 145.0]),
    (0.08, [-35.0, 5.0], [-75.0, -35.0]),
    (0.05, [-40.0, -12.0], [115.0, 178.0]),
];

/// The object was first called from here: Frankfurt.
const OBJECT: (f64, f64) = (50.1, 8.7);

/// A data centre.
pub(crate) struct Site {
    pub(crate) rtt_ms: f64,
    /// Share of the requests, at the same local hour.
    weight: f64,
    longitude: f64,
    isolates: Range<usize>,
    /// Shares of its isolates, summed up.
    shares: Vec<f64>,
}

pub(crate) struct World {
    pub(crate) sites: Vec<Site>,
    /// Site of each isolate.
    pub(crate) site_of: Vec<usize>,
}

/// What a world is made of.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) sites: usize,
    pub(crate) isolates: usize,
    /// The k-th isolate of a site gets a share of 1/k to the power of this; 0: all get the same.
    pub(crate) skew: f64,
}

impl World {
    pub(crate) fn new(plan: Plan, random: &mut Random) -> Self {
        let weights: Vec<f64> = (1..=plan.sites).map(|rank| (rank as f64).powf(-0.9)).collect();
        let total: f64 = weights.iter().sum();
        let mut world = Self { sites: Vec::new(), site_of: Vec::new() };
        for (index, weight) in weights.into_iter().map(|weight| weight / total).enumerate() {
            let (latitude, longitude) = place(random);
            let first = world.site_of.len();
            let count = (weight * plan.isolates as f64).round().max(1.0) as usize;
            world.site_of.extend(std::iter::repeat_n(index, count));
            let mut sum = 0.0;
            let share = |rank: usize| {
                sum += (rank as f64).powf(-plan.skew);
                sum
            };
            let shares = (1..=count).map(share).collect();
            let distance = distance(OBJECT, (latitude, longitude));
            let rtt_ms = RTT_MS.0 + (RTT_MS.1 - RTT_MS.0) * distance;
            world.sites.push(Site { rtt_ms, weight, longitude, isolates: first..first + count, shares });
        }
        world
    }

    /// Shares of the sites at an hour of the day in UTC, summed up; their sum is below 1 at any hour.
    pub(crate) fn shares(&self, hour: f64, diurnal: bool) -> Vec<f64> {
        let mut sum = 0.0;
        let share = |site: &Site| {
            sum += site.weight * if diurnal { site.activity(hour) } else { 1.0 };
            sum
        };
        self.sites.iter().map(share).collect()
    }

    /// An isolate, by shares of the sites.
    pub(crate) fn isolate(&self, shares: &[f64], random: &mut Random) -> usize {
        let site = &self.sites[pick(shares, random)];
        site.isolates.start + pick(&site.shares, random)
    }
}

impl Site {
    /// Least at three in the morning, most at three in the afternoon.
    fn activity(&self, hour: f64) -> f64 {
        let local = hour + self.longitude / 15.0;
        0.55 + 0.45 * ((local - 15.0) / 24.0 * TAU).cos()
    }

    /// One way, µs: half a round trip, up to a fifth later, and now and then a retransmission later.
    pub(crate) fn way_us(&self, random: &mut Random) -> u64 {
        let jitter = 1.0 + 0.2 * random.next();
        let spike = if random.chance(0.005) { 3.0 } else { 1.0 };
        (self.rtt_ms * 500.0 * jitter * spike) as u64
    }
}

fn pick(sums: &[f64], random: &mut Random) -> usize {
    let draw = random.next() * sums.last().copied().unwrap_or(0.0);
    sums.partition_point(|sum| *sum <= draw).min(sums.len() - 1)
}

fn place(random: &mut Random) -> (f64, f64) {
    let mut draw = random.next();
    let region = REGIONS.iter().find(|(share, ..)| {
        draw -= share;
        draw < 0.0
    });
    let (_, latitude, longitude) = region.unwrap_or(&REGIONS[0]);
    let mut between = |range: &[f64; 2]| range[0] + (range[1] - range[0]) * random.next();
    (between(latitude), between(longitude))
}

/// Along the surface, 1 being the other side.
fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (lat_a, lat_b) = (a.0.to_radians(), b.0.to_radians());
    let longitudes = (a.1 - b.1).to_radians();
    let cosine = lat_a.sin() * lat_b.sin() + lat_a.cos() * lat_b.cos() * longitudes.cos();
    cosine.clamp(-1.0, 1.0).acos() / (TAU / 2.0)
}
