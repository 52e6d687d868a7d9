//! How many reservations an isolate may hold of a provider.

use serde_json::Value;

use super::super::document::malformed;
use super::super::field::{self, Field, Object};
use super::ProviderChange;
use crate::cli::failure::Failure;

/// What is to change about one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Is(u64),
    /// The member goes.
    Default,
}

pub(super) fn apply(provider: &mut Object, change: &ProviderChange) -> Result<(), Failure> {
    let numbers = [(field::LEASES_MAX, change.leases_max), (field::LEASES_TTL_MS, change.leases_ttl_ms)];
    let named: Vec<(Field, Number)> =
        numbers.into_iter().filter_map(|(field, number)| Some((field, number?))).collect();
    if named.is_empty() {
        return Ok(());
    }
    let leases = field::LEASES.object_mut(provider).ok_or_else(|| malformed("leases"))?;
    for (field, number) in named {
        match number {
            Number::Is(number) => field.set(leases, number),
            Number::Default => drop(field.remove(leases)),
        }
    }
    if field::LEASES.get(provider).and_then(Value::as_object).is_some_and(Object::is_empty) {
        field::LEASES.remove(provider);
    }
    Ok(())
}
