//! Translation between formats.

mod contract;
