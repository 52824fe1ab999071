//! For the fuzzer: what is inside and takes any text.

use crate::context::{Context, Loaded, Selection};
use crate::fault::ConfigFault;
use crate::load;
use crate::syntax;

/// The value of a text in JSON5; `None` where it is none.
pub fn json5(text: &str) -> Option<serde_json::Value> {
    syntax::parse(text).ok().map(|node| node.to_json())
}

/// The value of a text in YAML; `None` where it is none.
pub fn yaml(text: &str) -> Option<serde_json::Value> {
    syntax::yaml::parse(text).ok().map(|node| node.to_json())
}

/// The apps of a text in the format that the end of `origin` names.
pub fn load(
    text: &str,
    origin: &str,
    context: &Context,
    selection: &Selection<'_>,
) -> Result<Loaded, ConfigFault> {
    load::load_text(text, origin, context, selection)
}
