//! What each key means: its type as a JSON schema, its default and its meaning, for the schema and
//! the reference.

#[cfg(test)]
mod check;
mod entries;
#[cfg(test)]
mod page;
mod schema;

pub use schema::schema;

use entries::ENTRIES;

/// What the reference says of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The key's usual spelling.
    pub(crate) name: &'static str,
    /// Its type: a JSON schema, as text.
    pub(crate) schema: &'static str,
    /// What holds when it is left out, for people; empty for nothing.
    pub(crate) default: &'static str,
    /// What it is for: one sentence or two, in Markdown.
    pub(crate) meaning: &'static str,
}

#[cfg(test)]
mod tests;
