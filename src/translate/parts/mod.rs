//! Small things that several translations share; one idea a file.

pub mod cache;
pub mod estimate;
pub mod fields;
pub mod media;
pub mod schema;
pub mod thinking;
pub mod turns;
