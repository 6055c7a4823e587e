//! Reading the parameters of a body the way Fineract does: text and numbers interchangeably, by the body's own locale
//! and date format.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use time::Date;

use crate::{
    dates,
    errors::{Failure, Fault},
    numbers,
};

/// Languages of ISO 639-1; a locale of any other is refused.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy \
    da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii \
    ik in io is it iu iw ja ji jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk \
    ml mn mo mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se \
    sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh \
    yi yo za zh zu";

/// What a body without a usable JSON object is answered with.
pub(crate) const NO_BODY: &str = "The JSON provided in the body of the request is invalid or missing.";

/// The parameters of one body.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// Every parameter that is not among the words of `supported` is a fault.
    pub(crate) fn only(&self, supported: &str) -> Result<(), Failure> {
        let unknown = self.0.keys().filter(|name| !has_word(supported, name));
        let faults: Vec<_> = unknown.map(|name| Fault::unsupported(name)).collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Failure::Validation(faults))
        }
    }

    /// Whether the parameter was sent, if only as `null`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The parameter, unless absent or `null`.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// The parameter as text; numbers and booleans are texts, too.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The text, unless it is blank.
    pub(crate) fn nonblank(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.trim().is_empty())
    }

    /// The text as the entity of a new client keeps it: without what Java's `trim` takes away at both ends.
    pub(crate) fn trimmed(&self, name: &str) -> Option<String> {
        let text = self.nonblank(name)?;
        Some(text.trim_matches(|c: char| c <= ' ').to_owned())
    }

    /// Everything but `true` is false.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.text(name)
            .map(|text| text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("yes"))
    }

    /// The language of the body's locale. A locale that is no locale is an error at once.
    fn language(&self) -> Result<Option<(String, String)>, Failure> {
        let Some(locale) = self.nonblank("locale") else {
            return Ok(None);
        };
        let language = locale.split('_').next().unwrap_or_default().to_ascii_lowercase();
        if has_word(LANGUAGES, &language) {
            Ok(Some((language, locale)))
        } else {
            Err(Failure::invalid(Fault::invalid_locale(&locale)))
        }
    }

    /// An id, which needs no locale; text that is no number crashes Fineract.
    pub(crate) fn id(&self, name: &str) -> Result<Option<i64>, Failure> {
        let Some(text) = self.nonblank(name) else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|_| Failure::Crash(format!("For input string: \"{text}\"")))
    }

    /// A whole number that is read with the locale.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Failure> {
        let Some(text) = self.nonblank(name) else {
            return Ok(None);
        };
        let Some((language, locale)) = self.language()? else {
            return Err(missing_locale(name));
        };
        let digits = ungrouped(&text, &language);
        digits.parse().map(Some).map_err(|_| {
            let sentence =
                format!("The parameter `{name}` has value: {text} which is invalid integer value for provided locale of [{locale}].");
            Failure::invalid(
                Fault::of(name, "validation.msg.invalid.integer.format", sentence)
                    .valued(json!(text))
                    .with([json!(text), json!(locale)]),
            )
        })
    }

    /// A whole number that is read without a locale.
    pub(crate) fn plain_integer(&self, name: &str) -> Result<Option<i64>, Failure> {
        let Some(text) = self.nonblank(name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            let sentence = format!("The parameter `{name}` has value: {text} which is invalid integer.");
            Failure::invalid(
                Fault::of(name, "validation.msg.invalid.integer", sentence)
                    .valued(json!(text))
                    .with([json!(text)]),
            )
        })
    }

    /// A decimal; as text it is read with the locale, as a JSON number as it is.
    pub(crate) fn decimal(&self, name: &str) -> Result<Option<Decimal>, Failure> {
        if let Some(Value::Number(number)) = self.get(name) {
            return Ok(numbers::decimal(&number.to_string()).or(Some(Decimal::MAX)));
        }
        let Some(text) = self.nonblank(name) else {
            return Ok(None);
        };
        let Some((language, locale)) = self.language()? else {
            return Err(missing_locale(name));
        };
        let digits = ungrouped(&text, &language);
        let plain = !digits.contains(['e', 'E']);
        numbers::decimal(&digits).filter(|_| plain).map(Some).ok_or_else(|| {
            let sentence =
                format!("The parameter `{name}` has value: {text} which is invalid decimal value for provided locale of [{locale}].");
            Failure::invalid(
                Fault::of(name, "validation.msg.invalid.decimal.format", sentence)
                    .valued(json!(text))
                    .with([json!(text), json!(locale)]),
            )
        })
    }

    /// A date, read with the body's date format and locale.
    pub(crate) fn date(&self, name: &str) -> Result<Option<Date>, Failure> {
        let Some(text) = self.nonblank(name) else {
            return Ok(None);
        };
        let language = self.language()?;
        let pattern = self.nonblank("dateFormat");
        let mut faults = Vec::new();
        if pattern.is_none() {
            let sentence = format!("The parameter `{name}` requires a `dateFormat` parameter to be passed with it.");
            faults.push(Fault::of(name, "validation.msg.missing.dateFormat.parameter", sentence));
        }
        if language.is_none() {
            faults.push(missing_locale_fault(name));
        }
        let (Some(pattern), Some((language, locale))) = (pattern, language) else {
            return Err(Failure::Validation(faults));
        };
        dates::parse(&pattern, &text, &language).map(Some).ok_or_else(|| {
            let sentence = format!(
                "The parameter `{name}` is invalid based on the dateFormat: `{pattern}` and locale: `{locale}` provided:"
            );
            Failure::invalid(
                Fault::of(name, "validation.msg.invalid.dateFormat.format", sentence)
                    .with([Value::Null, json!(pattern)]),
            )
        })
    }
}

/// Whether `word` is among the blank-separated `words`.
pub(crate) fn has_word(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|known| known == word)
}

fn missing_locale_fault(name: &str) -> Fault {
    let sentence = format!("The parameter `{name}` requires a `locale` parameter to be passed with it.");
    Fault::of(name, "validation.msg.missing.locale.parameter", sentence)
}

fn missing_locale(name: &str) -> Failure {
    Failure::invalid(missing_locale_fault(name))
}

/// The digits without the English thousands separator: `10,000` is ten thousand in locale `en`.
fn ungrouped(text: &str, language: &str) -> String {
    if language == "en" {
        text.replace(',', "")
    } else {
        text.to_owned()
    }
}
