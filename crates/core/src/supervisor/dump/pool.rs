//! What is shared, each under a number of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Numbers for shared values. A value that is in it is not freed, so that its address stays its own.
#[derive(Clone, Debug)]
pub(super) struct Pool<T> {
    numbers: BTreeMap<usize, u64>,
    entries: BTreeMap<u64, Entry<T>>,
    last: u64,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    value: Arc<T>,
    users: usize,
    told: bool,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { numbers: BTreeMap::new(), entries: BTreeMap::new(), last: 0 }
    }
}

impl<T> Pool<T> {
    /// The number of a value, which has one user more; and whether it is new here.
    pub(super) fn take(&mut self, value: &Arc<T>) -> (u64, bool) {
        let address = Arc::as_ptr(value).addr();
        if let Some(number) = self.numbers.get(&address)
            && let Some(entry) = self.entries.get_mut(number)
        {
            entry.users += 1;
            return (*number, false);
        }
        let number = self.last + 1;
        self.put(number, Entry { value: Arc::clone(value), users: 1, told: false });
        (number, true)
    }

    /// Adds a value that was read, under the number it had.
    pub(super) fn restore(&mut self, number: u64, value: Arc<T>) {
        self.put(number, Entry { value, users: 0, told: true });
    }

    /// One that was read, with one user more.
    pub(super) fn share(&mut self, number: u64) -> Option<Arc<T>> {
        let entry = self.entries.get_mut(&number)?;
        entry.users += 1;
        Some(Arc::clone(&entry.value))
    }

    /// A value has one user less.
    pub(super) fn release(&mut self, number: u64) {
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.users = entry.users.saturating_sub(1);
        }
    }

    /// Those that are used and not yet told.
    pub(super) fn tell_new(&mut self) -> Vec<(u64, Arc<T>)> {
        let new = self.entries.iter_mut().filter(|(_, entry)| entry.users > 0 && !entry.told);
        new.map(|(number, entry)| {
            entry.told = true;
            (*number, Arc::clone(&entry.value))
        })
        .collect()
    }

    /// Forgets those that nobody uses any more; `true` for those that were told.
    pub(super) fn drop_unused(&mut self) -> Vec<(u64, bool)> {
        let unused = |(number, entry): (&u64, &Entry<T>)| {
            (entry.users == 0).then_some((*number, entry.told))
        };
        let gone: Vec<(u64, bool)> = self.entries.iter().filter_map(unused).collect();
        for (number, _) in &gone {
            if let Some(entry) = self.entries.remove(number) {
                self.numbers.remove(&Arc::as_ptr(&entry.value).addr());
            }
        }
        gone
    }

    fn put(&mut self, number: u64, entry: Entry<T>) {
        self.last = self.last.max(number);
        self.numbers.insert(Arc::as_ptr(&entry.value).addr(), number);
        self.entries.insert(number, entry);
    }
}
