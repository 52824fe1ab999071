//! YAML 1.2, <https://yaml.org/spec/1.2.2>, to the same values with places.
//!
//! Plain words are read by the core schema, as PM2 reads them: `yes` and `on` are texts. Merge keys
//! (`<<: *base`) of YAML 1.1 are honoured, as files for PM2 lean on them.

mod scalar;

use super::{Field, Node, Object, SyntaxError, Value};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};
use std::collections::BTreeMap;
use std::ops::Range;

/// More values than any config has; what aliases repeat counts each time. Keeps a few lines from
/// becoming gigabytes.
const VALUES_MAX: usize = 100_000;
/// Deeper than any config; keeps a hostile file from exhausting the stack.
const DEPTH_MAX: usize = 128;

/// Reads a text that is one YAML document.
pub(crate) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let mut offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    offsets.push(text.len());
    let mut reader =
        Reader { parser: Parser::new_from_str(text), offsets, anchors: BTreeMap::new(), values: 0 };
    reader.document()
}

/// A document as it is read.
struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// Where each character begins: the parser counts characters.
    offsets: Vec<usize>,
    anchors: BTreeMap<usize, Node>,
    values: usize,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Node, SyntaxError> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
                Event::DocumentStart(_) if root.is_none() => {
                    let (event, span) = self.next()?;
                    root = Some(self.node(event, span, 0)?);
                }
                Event::StreamEnd => {
                    return root.ok_or_else(|| self.error(span, "there is nothing in it"));
                }
                _ => return Err(self.error(span, "a second document begins here")),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), SyntaxError> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.scan_error(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, SyntaxError> {
        self.values += 1;
        if depth > DEPTH_MAX {
            return Err(self.error(span, "nested too deep"));
        }
        if self.values > VALUES_MAX {
            return Err(self.error(span, "more values than a config may have"));
        }
        let (anchor, node) = match event {
            Event::Alias(anchor) => return self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = style != ScalarStyle::Plain
                    || tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
                let value =
                    if is_text { Value::String(text.into_owned()) } else { scalar::value(&text) };
                (anchor, Node { span: self.range(span), value })
            }
            Event::SequenceStart(anchor, _) => (anchor, self.sequence(span, depth)?),
            Event::MappingStart(anchor, _) => (anchor, self.mapping(span, depth)?),
            _ => return Err(self.error(span, "a value is missing here")),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<Node, SyntaxError> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(self.error(span, "it stands within what it repeats"));
        };
        self.values += count(node);
        if self.values > VALUES_MAX {
            return Err(self.error(span, "more values than a config may have"));
        }
        Ok(node.clone())
    }

    fn sequence(&mut self, start: Span, depth: usize) -> Result<Node, SyntaxError> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Node { span: self.between(start, span), value: Value::Array(items) });
            }
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn mapping(&mut self, start: Span, depth: usize) -> Result<Node, SyntaxError> {
        let mut fields = Object::new();
        let mut merged = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                for (name, field) in merged {
                    fields.entry(name).or_insert(field);
                }
                return Ok(Node { span: self.between(start, span), value: Value::Object(fields) });
            }
            let Event::Scalar(name, style, ..) = event else {
                return Err(self.error(span, "a key must be a word"));
            };
            let key = self.range(span);
            let (event, at) = self.next()?;
            let node = self.node(event, at, depth + 1)?;
            if name == "<<" && style == ScalarStyle::Plain {
                self.merge(node, at, &mut merged)?;
            } else if fields.insert(name.to_string(), Field { key, node }).is_some() {
                return Err(self.error(span, &format!("the key `{name}` is there twice")));
            }
        }
    }

    /// What a merge key brings; of several the first counts.
    fn merge(
        &self,
        node: Node,
        span: Span,
        merged: &mut Vec<(String, Field)>,
    ) -> Result<(), SyntaxError> {
        match node.value {
            Value::Object(fields) => merged.extend(fields),
            Value::Array(items) => {
                for item in items {
                    let Value::Object(fields) = item.value else {
                        return Err(self.error(span, "`<<` takes a mapping or a list of them"));
                    };
                    merged.extend(fields);
                }
            }
            _ => return Err(self.error(span, "`<<` takes a mapping or a list of them")),
        }
        Ok(())
    }

    fn range(&self, span: Span) -> Range<usize> {
        self.offset(span.start.index())..self.offset(span.end.index())
    }

    fn between(&self, start: Span, end: Span) -> Range<usize> {
        self.offset(start.start.index())..self.offset(end.end.index())
    }

    fn offset(&self, characters: usize) -> usize {
        let last = self.offsets.last().copied().unwrap_or(0);
        self.offsets.get(characters).copied().unwrap_or(last)
    }

    fn error(&self, span: Span, message: &str) -> SyntaxError {
        SyntaxError { span: self.range(span), message: message.to_owned() }
    }

    fn scan_error(&self, error: &ScanError) -> SyntaxError {
        let at = self.offset(error.marker().index());
        SyntaxError { span: at..at, message: error.info().to_owned() }
    }
}

/// How many values there are in one.
fn count(node: &Node) -> usize {
    1 + match &node.value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(|field| count(&field.node)).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
