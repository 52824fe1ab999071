//! What the fault suite and the services it starts have in common.

pub mod lines;
