//! Hashes and random numbers, and what is made of them.

use ring::{digest, hmac};
use serde_json::Value;
use uuid::Uuid;

/// Where random bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// SHA-256 of parts, each preceded by its length, so that parts cannot be shifted into each other; of a single part it
/// is the plain hash.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        if parts.len() > 1 {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        }
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal digits.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|p| p.len() == 2)?, 16).ok())
        .collect()
}

/// The UUID (v8) of an operation whose caller named a key. Without the caller's salt nobody can compute it.
pub fn keyed_uuid(salt: &[u8], key: &str) -> Uuid {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, salt), key.as_bytes());
    uuid_of(tag.as_ref())
}

/// A UUID (v8) that follows from its parts.
pub fn derived_uuid(parts: &[&[u8]]) -> Uuid {
    uuid_of(&sha256(parts))
}

fn uuid_of(bytes: &[u8]) -> Uuid {
    let mut first = [0; 16];
    first.copy_from_slice(&bytes[..16]);
    uuid::Builder::from_custom_bytes(first).into_uuid()
}

/// The fingerprint of what a request asks for, as hexadecimal digits: equal for texts that differ in blanks, in the
/// order of members, or in how a number is written (1, 1.0, 1e0); `"1"` is another value.
pub fn fingerprint(operation: &str, data: &Value) -> String {
    let mut canonical = String::new();
    write_canonical(data, &mut canonical);
    hex(&sha256(&[operation.as_bytes(), canonical.as_bytes()]))
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => out.push_str(&value.to_string()),
        Value::Number(number) => out.push_str(&canonical_number(&number.to_string())),
        Value::Array(elements) => {
            out.push('[');
            for element in elements {
                write_canonical(element, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| name.as_str());
            out.push('{');
            for (name, member) in sorted {
                out.push_str(&Value::String(name.clone()).to_string());
                out.push(':');
                write_canonical(member, out);
                out.push(',');
            }
            out.push('}');
        }
    }
}

/// A JSON number as its significant digits and a power of ten, however it was written and however large it is.
fn canonical_number(text: &str) -> String {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let Ok(exponent) = exponent.parse::<i64>() else {
        return text.to_owned();
    };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return "0".to_owned();
    }
    let dropped = digits.len() - digits.trim_end_matches('0').len();
    let shift = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let power = exponent
        .saturating_sub(shift(fraction.len()))
        .saturating_add(shift(dropped));
    format!("{sign}{significant}e{power}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(json: &str) -> String {
        fingerprint("X", &crate::json::read(json.as_bytes()).unwrap())
    }

    #[test]
    fn the_fingerprint_is_over_what_is_meant() {
        for (a, b) in [
            ("{\"a\":1,\"b\":2}", "{ \"b\" : 2, \"a\" : 1 }"),
            ("1", "1.0"),
            ("1", "1e0"),
            ("100", "1E2"),
            ("100", "1.00e+2"),
            ("0.10", "1e-1"),
            ("0", "-0.00"),
            ("\"\\u0061\"", "\"a\""),
        ] {
            assert_eq!(print(a), print(b), "{a} {b}");
        }
        for (a, b) in [
            ("1", "\"1\""),
            ("1", "-1"),
            ("1", "10"),
            ("1e400", "1e401"),
            ("{\"a\":null}", "{}"),
            ("[1,2]", "[2,1]"),
            ("[[1],2]", "[[1,2]]"),
        ] {
            assert_ne!(print(a), print(b), "{a} {b}");
        }
        assert_ne!(fingerprint("X", &Value::Null), fingerprint("Y", &Value::Null));
    }

    #[test]
    fn derived_ids_follow_from_all_their_parts() {
        let id = keyed_uuid(b"salt", "key");
        assert_eq!(id, keyed_uuid(b"salt", "key"));
        assert_ne!(id, keyed_uuid(b"tlas", "key"));
        assert_eq!(id.get_version_num(), 8);
        assert_ne!(derived_uuid(&[b"ab", b"c"]), derived_uuid(&[b"a", b"bc"]));
    }

    #[test]
    fn hexadecimal_digits_are_read_back() {
        assert_eq!(hex(&[0, 171, 255]), "00abff");
        assert_eq!(from_hex("00abff"), Some(vec![0, 171, 255]));
        assert_eq!(from_hex("0"), None);
        assert_eq!(from_hex("zz"), None);
        assert_eq!(
            hex(&sha256(&[b"abc"]))[..16],
            *"ba7816bf8f01cfea",
            "FIPS 180-4, its first example"
        );
    }
}
