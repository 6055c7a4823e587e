//! What a deployment decides about how operations are carried out.

use std::time::Duration;

use crate::bank::{Deployment, Timeouts};
use crate::pace::{CLIENT_GRACE, KEY_TRIES, Paces};

/// How long Fineract may be busy with a key before the key is given up, unless the deployment says otherwise.
pub const STUCK_KEY_AFTER: Duration = Duration::from_secs(10 * 60);
/// How long a claim holds, unless the deployment says otherwise.
pub const LEASE: Duration = Duration::from_secs(60);
/// How long results are kept, unless the deployment says otherwise.
pub const RETENTION: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The terms on which operations are carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// The deployment's values.
    pub deployment: Deployment,
    /// How long calls may take.
    pub timeouts: Timeouts,
    /// How long to wait before the next try.
    pub paces: Paces,
    /// How many keys an operation gets before it is refused with what was seen.
    pub key_tries: u32,
    /// How long after a loan was accepted its client may still come by itself.
    pub client_grace: Duration,
    /// How long Fineract may be busy with a key before the key is given up.
    pub stuck_key_after: Duration,
    /// How long a claim holds.
    pub lease: Duration,
    /// How long results are kept.
    pub retention: Duration,
}

impl Default for Terms {
    /// Those of a deployment that leaves the template's parameters as they are.
    fn default() -> Self {
        Self {
            deployment: Deployment {
                office_id: 1,
                legal_form_id: 1,
                payment_type_id: 1,
            },
            timeouts: Timeouts {
                lookup: Duration::from_secs(5),
                call: Duration::from_secs(20),
                reserve: Duration::from_secs(3),
            },
            paces: Paces::default(),
            key_tries: KEY_TRIES,
            client_grace: CLIENT_GRACE,
            stuck_key_after: STUCK_KEY_AFTER,
            lease: LEASE,
            retention: RETENTION,
        }
    }
}
