//! TOML, <https://toml.io/en/v1.0.0>, to the same values with places.

use super::scan::printed;
use super::{Field, Node, Object, SyntaxError, Value};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

/// Reads a text that is a TOML document.
pub(crate) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let root = DeTable::parse(text).map_err(|error| syntax_error(&error))?;
    let span = root.span();
    Ok(Node { span, value: Value::Object(object(root.get_ref())?) })
}

fn object(table: &DeTable<'_>) -> Result<Object, SyntaxError> {
    let field = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        Ok((name.to_string(), Field { key: key.span(), node: node(value)? }))
    };
    table.iter().map(field).collect()
}

fn node(value: &Spanned<DeValue<'_>>) -> Result<Node, SyntaxError> {
    let span = value.span();
    let value = match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Integer(number) => {
            let digits = number.as_str();
            let number = i128::from_str_radix(digits, number.radix())
                .map_err(|_| too_large(&span, digits))?;
            #[expect(clippy::cast_precision_loss, reason = "the exact digits stand beside it")]
            let near = number as f64;
            Value::Number(near, number.to_string())
        }
        DeValue::Float(number) => {
            let digits = number.as_str();
            let number: f64 = digits.parse().map_err(|_| too_large(&span, digits))?;
            Value::Number(number, printed(number))
        }
        // Variables of an environment are text, and nothing else takes a date.
        DeValue::Datetime(moment) => Value::String(moment.to_string()),
        DeValue::Array(items) => {
            Value::Array(items.iter().map(node).collect::<Result<_, SyntaxError>>()?)
        }
        DeValue::Table(table) => Value::Object(object(table)?),
    };
    Ok(Node { span, value })
}

fn too_large(span: &Range<usize>, digits: &str) -> SyntaxError {
    SyntaxError { span: span.clone(), message: format!("the number {digits} is too large") }
}

fn syntax_error(error: &Error) -> SyntaxError {
    // The first line says what, the others what was expected instead.
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    SyntaxError { span: error.span().unwrap_or(0..0), message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn apps_are_tables() {
        let text = "
            [[apps]]
            name = 'api'
            script = \"./api.js\"
            instances = 0x10
            autorestart = true
            args = ['--port', '3000']
            started = 1979-05-27
            [apps.env]
            PORT = 3_000
            RATE = 1.50
            [[apps]]
            name = 'web'
        ";
        assert_eq!(
            parse(text).unwrap().to_json(),
            json!({ "apps": [
                {
                    "name": "api",
                    "script": "./api.js",
                    "instances": 16,
                    "autorestart": true,
                    "args": ["--port", "3000"],
                    "started": "1979-05-27",
                    "env": { "PORT": 3000, "RATE": 1.5 },
                },
                { "name": "web" },
            ] })
        );
    }

    #[test]
    fn places_are_kept() {
        let text = "[app]\nname = 'ä'\nport = 3000\n";
        let root = parse(text).unwrap();
        let Value::Object(fields) = &root.value else { panic!("{root:?}") };
        let Value::Object(app) = &fields["app"].node.value else { panic!("{root:?}") };
        assert_eq!(&text[app["port"].key.clone()], "port");
        assert_eq!(&text[app["port"].node.span.clone()], "3000");
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        for (text, at) in [("name = \n", 7), ("a = 1\na = 2\n", 6), ("[apps\n", 5)] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.span.start, at, "{text:?}: {error:?}");
            assert!(!error.message.is_empty());
        }
    }
}
