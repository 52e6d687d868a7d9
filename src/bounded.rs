//! Tables that do not grow without end.

use std::{borrow::Borrow, collections::BTreeMap};

/// Makes room for an entry under `key`: in a table that is full, the one that is first by `at` goes, unless `key` has
/// an entry already.
pub(crate) fn make_room<K, Q, T, A>(entries: &mut BTreeMap<K, T>, max: usize, key: &Q, at: impl Fn(&T) -> A)
where
    K: Ord + Clone + Borrow<Q>,
    Q: Ord + ?Sized,
    A: Ord,
{
    if entries.len() >= max
        && !entries.contains_key(key)
        && let Some(first) = entries.iter().min_by_key(|(_, entry)| at(entry)).map(|(key, _)| key.clone())
    {
        entries.remove::<K>(&first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_goes_for_a_new_key_only() {
        let mut entries = BTreeMap::from([("a".to_owned(), 2), ("b".to_owned(), 1)]);
        make_room(&mut entries, 3, "c", |at| *at);
        make_room(&mut entries, 2, "a", |at| *at);
        assert_eq!(entries.len(), 2);
        make_room(&mut entries, 2, "c", |at| *at);
        assert_eq!(entries.into_keys().collect::<Vec<_>>(), ["a"]);
    }
}
