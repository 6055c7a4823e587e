//! Why an operation was not applied, as its caller is told.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::fineract::{code_of, first_error};

/// Codes of refusals that pass by themselves, and why: the same request, sent anew, can succeed later though nobody does
/// anything. Every other refusal asks for another request, or for somebody to act first.
const RETRYABLE: [(&str, &str); 8] = [
    (
        "error.msg.clients.activationDate.in.the.future",
        "the day will come, on Fineract's calendar",
    ),
    (
        "error.msg.clients.submittedOnDate.in.the.future",
        "the day will come, on Fineract's calendar",
    ),
    (
        "error.msg.loan.submittal.cannot.be.a.future.date",
        "the day will come, on Fineract's calendar",
    ),
    (
        "error.msg.loan.approval.cannot.be.a.future.date",
        "the day will come, on Fineract's calendar",
    ),
    (
        "error.msg.loan.disbursal.cannot.be.a.future.date",
        "the day will come, on Fineract's calendar",
    ),
    (
        "error.msg.loan.reject.cannot.be.a.future.date",
        "the day will come, on Fineract's calendar",
    ),
    (
        "error.msg.loan.transaction.cannot.be.a.future.date",
        "the day will come, on Fineract's calendar",
    ),
    ("gateway.taken-back", "what did not answer in time will"),
];

/// Longest code that goes into logs and tries.
const CODE_LENGTH_MAX: usize = 256;

/// A refusal: Fineract's, or the gateway's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Fineract answered with an error.
    Fineract {
        /// HTTP status.
        status: u16,
        /// Fineract's error body.
        body: Value,
        /// What stands under the reference of a booking that Fineract refused because of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        booked: Option<Box<AlreadyBooked>>,
    },
    /// The gateway itself refused.
    Gateway {
        /// The HTTP status that says it best.
        status: u16,
        /// A code that begins with `gateway.`.
        code: String,
        /// One sentence.
        message: String,
    },
}

/// What was booked earlier under the same reference: a UTR, or an external id of the caller's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlreadyBooked {
    /// The operation that booked it, if it is the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_id: Option<String>,
    /// Its amount, if it is not the one asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Value>,
    /// Its day (`dd MMMM yyyy`), if it is not the one asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Value>,
}

/// The code of a refusal whose reference is booked already.
pub const ALREADY_BOOKED: &str = "gateway.already-booked";
const BOOKED: &str =
    "The reference (UTR or externalTransactionId) is booked on this loan already; nothing was booked again.";

impl Failure {
    /// A refusal of Fineract's.
    pub const fn fineract(status: u16, body: Value) -> Self {
        Self::Fineract {
            status,
            body,
            booked: None,
        }
    }

    /// A refusal of the gateway's own; `code` begins with `gateway.`.
    pub fn gateway(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self::Gateway {
            status,
            code: code.to_owned(),
            message: message.into(),
        }
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Fineract { status, .. } | Self::Gateway { status, .. } => *status,
        }
    }

    /// The stable code.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Fineract { booked: Some(_), .. } => Some(ALREADY_BOOKED),
            Self::Fineract { body, .. } => code_of(body),
            Self::Gateway { code, .. } => Some(code),
        }
    }

    /// The code for logs and tries, if it has a code's form; a text in its place may be about somebody.
    pub fn plain_code(&self) -> Option<&str> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-'<>=".contains(&byte);
        self.code()
            .filter(|code| code.len() <= CODE_LENGTH_MAX && code.bytes().all(plain))
    }

    /// `failure_response`: Fineract's error body, or one of its shape.
    pub fn response(&self) -> Value {
        match self {
            Self::Fineract { body, .. } => body.clone(),
            Self::Gateway { status, code, message } => json!({
                "httpStatusCode": status.to_string(),
                "errors": [{"defaultUserMessage": message, "userMessageGlobalisationCode": code}],
            }),
        }
    }

    /// `error_message`, as documented.
    pub fn message(&self) -> String {
        match self {
            Self::Fineract { status, .. } => format!("Fineract returned {status}"),
            Self::Gateway { message, .. } => format!("Gateway refused: {message}"),
        }
    }

    /// `error`: the code, the most specific sentence, the parameter.
    pub fn error(&self) -> Value {
        let mut error = Map::new();
        error.insert("code".to_owned(), self.code().into());
        match self {
            Self::Gateway { message, .. } => {
                error.insert("message".to_owned(), message.as_str().into());
            }
            Self::Fineract {
                booked: Some(booked), ..
            } => {
                error.insert("message".to_owned(), BOOKED.into());
                error.insert("booked".to_owned(), serde_json::to_value(booked).unwrap_or_default());
            }
            Self::Fineract { body, booked: None, .. } => {
                let specific = first_error(body).unwrap_or(body);
                error.insert(
                    "message".to_owned(),
                    sentence(specific).or_else(|| sentence(body)).into(),
                );
                if let Some(parameter) = text(specific, "parameterName") {
                    error.insert("parameter".to_owned(), parameter.into());
                }
            }
        }
        let retryable = RETRYABLE.iter().any(|(code, _)| self.code() == Some(code));
        error.insert("retryable".to_owned(), retryable.into());
        Value::Object(error)
    }
}

fn text<'a>(error: &'a Value, member: &str) -> Option<&'a str> {
    error
        .get(member)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// Newer releases shift the sentence of some errors from `defaultUserMessage` into `developerMessage` and leave a
/// single word behind.
fn sentence(error: &Value) -> Option<&str> {
    let message = text(error, "defaultUserMessage");
    message
        .filter(|message| message.contains(' '))
        .or_else(|| text(error, "developerMessage"))
        .or(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_members_and_the_specific_error() {
        let body = json!({"httpStatusCode": "403", "userMessageGlobalisationCode": "validation.msg.domain.rule.violation",
            "defaultUserMessage": "Errors contain reason for domain rule violation.",
            "errors": [{"developerMessage": "dev", "defaultUserMessage": "Too much money.",
                "userMessageGlobalisationCode": "error.msg.loan.x", "parameterName": "amount"}]});
        let failure = Failure::fineract(403, body.clone());
        assert_eq!(failure.message(), "Fineract returned 403");
        assert_eq!(failure.response(), body);
        let expected = json!({"code": "error.msg.loan.x", "message": "Too much money.", "parameter": "amount",
            "retryable": false});
        assert_eq!(failure.error(), expected);
    }

    #[test]
    fn what_is_booked_already_is_told_beside_fineracts_words() {
        let body = json!({"userMessageGlobalisationCode": "validation.msg.validation.errors.exist", "errors": [
            {"userMessageGlobalisationCode": "validation.msg.loan.transaction.externalId.value.must.be.unique",
                "parameterName": "externalId"}]});
        let booked = AlreadyBooked {
            tracking_id: Some("LOAN_REPAYMENT|0199".to_owned()),
            amount: Some(json!(99.5)),
            date: None,
        };
        let failure = Failure::Fineract {
            status: 400,
            body: body.clone(),
            booked: Some(Box::new(booked)),
        };
        assert_eq!(
            (failure.response(), failure.message()),
            (body, "Fineract returned 400".to_owned())
        );
        let expected = json!({"code": "gateway.already-booked", "message": BOOKED, "retryable": false,
            "booked": {"tracking_id": "LOAN_REPAYMENT|0199", "amount": 99.5}});
        assert_eq!(failure.error(), expected);
        let stored = serde_json::to_value(&failure).unwrap();
        assert_eq!(serde_json::from_value::<Failure>(stored).unwrap(), failure);
        let earlier = json!({"fineract": {"status": 400, "body": {}}});
        assert_eq!(
            serde_json::from_value::<Failure>(earlier).unwrap(),
            Failure::fineract(400, json!({}))
        );
    }

    #[test]
    fn only_what_can_pass_is_retryable() {
        let retryable = |code: &str| {
            let body = json!({"userMessageGlobalisationCode": "x", "errors": [{"userMessageGlobalisationCode": code}]});
            Failure::fineract(403, body).error()["retryable"].clone()
        };
        assert_eq!(retryable("error.msg.loan.disbursal.cannot.be.a.future.date"), true);
        assert_eq!(retryable("error.msg.client.duplicate.externalId"), false);
        assert_eq!(retryable("error.msg.client.id.invalid"), false);
        assert_eq!(
            Failure::gateway(400, "gateway.term-not-divisible", "x").error()["retryable"],
            false
        );
    }

    #[test]
    fn a_shifted_sentence_is_found() {
        let body = json!({"userMessageGlobalisationCode": "a", "errors": [{"developerMessage": "The sentence itself.",
            "defaultUserMessage": "externalId", "userMessageGlobalisationCode": "b"}]});
        assert_eq!(Failure::fineract(403, body).error()["message"], "The sentence itself.");
    }

    #[test]
    fn a_refusal_of_the_gateway_has_fineracts_shape() {
        let failure = Failure::gateway(404, "gateway.product-not-found", "There is no such product.");
        assert_eq!(failure.message(), "Gateway refused: There is no such product.");
        let expected = json!({"httpStatusCode": "404", "errors": [{"defaultUserMessage": "There is no such product.",
            "userMessageGlobalisationCode": "gateway.product-not-found"}]});
        assert_eq!(failure.response(), expected);
    }
}
