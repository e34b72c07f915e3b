//! JSON as the crate reads it, beside serde_json: what is whole and what is not, and what the pieces are.

use super::choices::Choices;
use super::frames::frame;
use beckon::wire::json::{array, boolean, number, object, string};
use serde_json::Value;

/// The bytes are JSON, or choices that make some.
pub fn json(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let text = match choices.byte() {
        0..=15 => String::from_utf8_lossy(choices.rest()).into_owned(),
        16 => deep(&mut choices),
        _ => frame(&mut choices),
    };
    let (mut fields, mut items) = (Vec::new(), Vec::new());
    let is_object = object(&text, &mut |name, value| fields.push((name.to_owned(), value))).is_some();
    let is_array = array(&text, &mut |value| items.push(value)).is_some();
    // serde_json has no half letters, and numbers and depths that it does not read into values.
    let expected = match serde_json::from_str::<Value>(&text) {
        Ok(expected) => expected,
        Err(error) if error.is_data() => return,
        Err(error) => {
            let reason = error.to_string();
            let serdes_own = ["surrogate", "hex escape", "number out of range", "recursion limit"];
            let own = serdes_own.iter().any(|limit| reason.contains(limit));
            return assert!(own || !is_object && !is_array, "{text:?}: {reason}");
        }
    };
    assert_eq!((is_object, is_array), (expected.is_object(), expected.is_array()), "{text:?}");
    match &expected {
        Value::Object(expected) => {
            for (name, value) in expected {
                let (_, last) = fields.iter().rfind(|(field, _)| field == name).unwrap();
                is(last, value);
            }
            assert!(fields.iter().all(|(name, _)| expected.contains_key(name)), "{text:?}");
        }
        Value::Array(expected) => {
            assert_eq!(items.len(), expected.len());
            items.iter().zip(expected).for_each(|(text, value)| is(text, value));
        }
        _ => {}
    }
}

/// A piece is the text of this value, and nothing else.
fn is(text: &str, value: &Value) {
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), *value, "{text:?}");
    assert_eq!(text.trim(), text);
    assert_eq!(string(text).as_deref(), value.as_str(), "{text:?}");
    assert_eq!(number(text), value.as_u64(), "{text:?}");
    assert_eq!(boolean(text), value.as_bool(), "{text:?}");
}

/// Deeper than any recursion would go; now and then something is missing.
fn deep(choices: &mut Choices<'_>) -> String {
    let depth = choices.below(20_000);
    let whole = choices.once_in(2);
    let text = format!("{}{}", r#"[{"a":"#.repeat(depth), "}]".repeat(if whole { depth } else { depth / 2 }));
    let text = if whole { text.replacen(":}", ":0}", 1) } else { text };
    let read = array(&text, &mut |_| {}).is_some();
    assert_eq!(read, whole && depth > 0, "{depth} deep");
    text
}
