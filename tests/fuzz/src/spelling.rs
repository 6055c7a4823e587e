//! The same JSON in other words: members in another order, numbers, texts and blanks written otherwise.

use std::fmt::Write as _;

use fastrand::Rng;
use serde_json::Value;

/// Exponents that are far from where counting them ends.
const EXPONENT_DIGITS_MAX: usize = 6;

/// Writes the value as another program might.
pub(crate) fn respelled(value: &Value, chance: &mut Rng) -> String {
    let mut out = String::new();
    write(value, chance, &mut out);
    out
}

fn write(value: &Value, chance: &mut Rng, out: &mut String) {
    if chance.u8(..8) == 0 {
        out.push_str(["", " ", "\n", "\t\r\n"][chance.usize(..4)]);
    }
    match value {
        Value::Null | Value::Bool(_) => out.push_str(&value.to_string()),
        Value::Number(number) => out.push_str(&number_of(&number.to_string(), chance)),
        Value::String(text) => write_text(text, chance, out),
        Value::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write(element, chance, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            chance.shuffle(&mut members);
            out.push('{');
            for (index, (name, member)) in members.into_iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write_text(name, chance, out);
                out.push(':');
                write(member, chance, out);
            }
            out.push('}');
        }
    }
}

fn number_of(text: &str, chance: &mut Rng) -> String {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        let forms: &[&str] = match text {
            "0" | "-0" => &["", ".0", "e0", "E+00"],
            _ if text.contains('.') => &["", "0", "e0"],
            _ => &["", ".0", "e0", "E+00", "0e-1"],
        };
        return format!("{text}{}", forms[chance.usize(..forms.len())]);
    };
    if exponent.len() > EXPONENT_DIGITS_MAX {
        return text.to_owned();
    }
    let zeros = if mantissa.contains('.') { "0" } else { ".00" };
    format!("{mantissa}{}E{exponent}", ["", zeros][chance.usize(..2)])
}

fn write_text(text: &str, chance: &mut Rng, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        // A replacement character as such is what is left of bytes that were not UTF-8.
        let plain = !matches!(character, '"' | '\\' | '\u{fffd}') && character >= ' ';
        if plain && chance.u8(..16) > 0 {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}").unwrap();
        }
    }
    out.push('"');
}
