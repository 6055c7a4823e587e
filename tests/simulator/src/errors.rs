//! Refusals in Fineract's own shapes.

use serde_json::{Map, Value, json};

use crate::release::Release;

const INTEGRITY_DEVELOPER: &str = "The request caused a data integrity issue to be fired by the database.";

/// Why a command or a read was refused; [`Failure::body`] gives Fineract's words.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// 400 with every fault of the parameters (also the state errors that Fineract reports as such).
    Validation(Vec<Fault>),
    /// 403: a rule of the domain; one fault.
    Domain(Fault),
    /// 403: the database refused.
    Integrity(Fault),
    /// 403: the user may not.
    NotAuthorized(String),
    /// 409: somebody else changed the same thing at the same time.
    Conflict(Clash),
    /// 503: not now.
    Unavailable(Fault),
    /// 404: something that the request names does not exist.
    NotFound(Fault),
    /// 400: the body is not a JSON object.
    Malformed(String),
    /// 500: an exception that nothing maps; its message appears only when the key is replayed.
    Crash(String),
}

/// How two changes of the same thing met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clash {
    /// The other one was written in between.
    Version,
    /// Each waited for the other.
    Deadlock,
}

/// One element of `errors`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    code: Box<str>,
    text: Box<str>,
    parameter: Option<Box<str>>,
    value: Option<Box<Value>>,
    args: Vec<Value>,
    wording: Wording,
}

/// Faults whose parts the development line places otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wording {
    Plain,
    /// develop gives the first argument, a parameter's name, as `defaultUserMessage`.
    Shifted,
    /// develop shifts name and value by one place.
    InvalidLocale,
}

impl Fault {
    /// A fault of a named parameter.
    pub(crate) fn of(parameter: impl Into<String>, code: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            code: code.into().into(),
            text: text.into().into(),
            parameter: Some(parameter.into().into()),
            value: None,
            args: Vec::new(),
            wording: Wording::Plain,
        }
    }

    /// A fault of no parameter in particular: Fineract writes `id`.
    pub(crate) fn general(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self::of("id", code, text)
    }

    /// A fault reported by the database, which names no parameter.
    pub(crate) fn of_database(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            parameter: None,
            ..Self::of("", code, text)
        }
    }

    /// With arguments; `null` prints as `{}`.
    pub(crate) fn with(mut self, args: impl IntoIterator<Item = Value>) -> Self {
        self.args.extend(args);
        self
    }

    /// With the refused value.
    pub(crate) fn valued(mut self, value: Value) -> Self {
        self.value = Some(Box::new(value));
        self
    }

    /// A parameter that Fineract does not know.
    pub(crate) fn unsupported(parameter: &str) -> Self {
        let text = format!("The parameter {parameter} is not supported.");
        Self::of(parameter, "error.msg.parameter.unsupported", text)
            .with([json!(parameter)])
            .shifted()
    }

    /// With the first argument, a parameter's name, as `defaultUserMessage` on develop.
    pub(crate) fn shifted(self) -> Self {
        Self {
            wording: Wording::Shifted,
            ..self
        }
    }

    /// A locale whose language does not exist.
    pub(crate) fn invalid_locale(locale: &str) -> Self {
        let text = format!("The parameter `locale` has an invalid language value {locale} .");
        let fault = Self::of("locale", "validation.msg.invalid.locale.format", text);
        Self {
            wording: Wording::InvalidLocale,
            ..fault.with([json!(locale)])
        }
    }

    fn body(&self, release: Release, database: bool) -> Value {
        let develop = release.is_develop();
        let mut developer = &*self.text;
        let mut default = &*self.text;
        let mut parameter = self.parameter.as_deref();
        let mut args = self.args.as_slice();
        match self.wording {
            Wording::Plain if develop && database => developer = INTEGRITY_DEVELOPER,
            Wording::Plain => {}
            Wording::Shifted if develop => {
                if let Some((first, rest)) = args.split_first() {
                    default = first.as_str().unwrap_or_default();
                    args = rest;
                }
            }
            Wording::InvalidLocale if develop => {
                default = "locale";
                parameter = self.args.first().and_then(Value::as_str);
                args = &[];
            }
            Wording::Shifted | Wording::InvalidLocale => {}
        }
        let mut body = Map::new();
        body.insert("developerMessage".into(), json!(developer));
        body.insert("defaultUserMessage".into(), json!(default));
        body.insert("userMessageGlobalisationCode".into(), json!(self.code));
        if let Some(parameter) = parameter {
            body.insert("parameterName".into(), json!(parameter));
        }
        if let Some(value) = &self.value {
            body.insert("value".into(), Value::clone(value));
        }
        let args = args.iter().map(|arg| {
            if arg.is_null() {
                json!({})
            } else {
                json!({ "value": arg })
            }
        });
        body.insert("args".into(), args.collect());
        Value::Object(body)
    }
}

impl Failure {
    /// 400 for a single fault.
    pub(crate) fn invalid(fault: Fault) -> Self {
        Self::Validation(vec![fault])
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Validation(_) | Self::Malformed(_) => 400,
            Self::Domain(_) | Self::Integrity(_) | Self::NotAuthorized(_) => 403,
            Self::NotFound(_) => 404,
            Self::Conflict(_) => 409,
            Self::Unavailable(_) => 503,
            Self::Crash(_) => 500,
        }
    }

    /// The body as Fineract stores it; of a crash, what a replay shows.
    pub(crate) fn body(&self, release: Release) -> Value {
        match self {
            Self::Validation(faults) => {
                let faults = faults.iter().map(|fault| fault.body(release, false)).collect();
                envelope(
                    self.status(),
                    "The request was invalid. This typically will happen due to validation errors which are provided.",
                    "Validation errors exist.",
                    "validation.msg.validation.errors.exist",
                    faults,
                )
            }
            Self::Domain(fault) => envelope(
                self.status(),
                "Request was understood but caused a domain rule violation.",
                "Errors contain reason for domain rule violation.",
                "validation.msg.domain.rule.violation",
                vec![fault.body(release, false)],
            ),
            Self::Integrity(fault) => envelope(
                self.status(),
                INTEGRITY_DEVELOPER,
                &fault.text,
                &fault.code,
                vec![fault.body(release, true)],
            ),
            Self::NotFound(fault) => envelope(
                self.status(),
                "The requested resource is not available.",
                "The requested resource is not available.",
                "error.msg.resource.not.found",
                vec![fault.body(release, false)],
            ),
            Self::NotAuthorized(text) => envelope(
                self.status(),
                "The user associated with credentials passed on this request does not have sufficient privileges to perform this action.",
                "Insufficient privileges to perform this action.",
                "error.msg.not.authorized",
                vec![Fault::general("error.msg.not.authorized", text.as_str()).body(release, false)],
            ),
            Self::Conflict(clash) => {
                let (on, code) = match clash {
                    Clash::Version => ("query [unknown]", "query"),
                    Clash::Deadlock => ("lock", "lock"),
                };
                let text = format!(
                    "The server is currently unable to handle the request due to concurrent modification  on {on}, please try again"
                );
                json!({
                    "developerMessage": text,
                    "httpStatusCode": "409",
                    "defaultUserMessage": text,
                    "userMessageGlobalisationCode": format!("error.msg.platform.service.{code}.conflict"),
                })
            }
            Self::Unavailable(fault) => {
                let text = "The server is currently unable to handle the request , please try after some time.";
                let code = "error.msg.platform.service.unavailable";
                envelope(self.status(), text, text, code, vec![fault.body(release, false)])
            }
            Self::Malformed(message) => json!({
                "developerMessage": message,
                "defaultUserMessage": message,
                "userMessageGlobalisationCode": "error.msg.invalid.request.body",
                "parameterName": "id",
                "args": [],
            }),
            Self::Crash(message) => json!({ "Exception": message }),
        }
    }
}

fn envelope(status: u16, developer: &str, default: &str, code: &str, errors: Vec<Value>) -> Value {
    json!({
        "developerMessage": developer,
        "httpStatusCode": status.to_string(),
        "defaultUserMessage": default,
        "userMessageGlobalisationCode": code,
        "errors": errors,
    })
}
