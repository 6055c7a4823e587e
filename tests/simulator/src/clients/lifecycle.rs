//! What else happens to clients: activation, closing, deletion.

use serde_json::json;

use super::{ClientStatus, check_dates};
use crate::{
    bank::{Applied, Bank, Now, client_not_found},
    errors::{Failure, Fault},
    fields::Fields,
    validation::Checks,
};

impl Bank {
    /// `POST clients/…?command=activate`.
    pub(crate) fn activate_client(&mut self, id: u64, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        fields.only("locale dateFormat activationDate")?;
        let activated_on = fields.date("activationDate")?;
        let mut checks = Checks::of("client");
        checks.mandatory("activationDate", activated_on.is_some());
        checks.finish()?;
        let mut client = self.client(id)?.clone();
        if client.status == ClientStatus::Active {
            let text = "Cannot activate client. Client is already active.";
            return Err(Failure::invalid(Fault::of(
                "activationDate",
                "error.msg.clients.already.active",
                text,
            )));
        }
        check_dates(client.submitted_on, activated_on, now)?;
        client.status = ClientStatus::Active;
        client.closed = None;
        client.activated_on = activated_on;
        client.activated_by = now.by;
        self.save_client(client)
    }

    /// `POST clients/…?command=close`.
    pub(crate) fn close_client(&mut self, id: u64, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        fields.only("locale dateFormat closureDate closureReasonId")?;
        let closed_on = fields.date("closureDate")?;
        let reason = fields.id("closureReasonId")?;
        let mut checks = Checks::of("client");
        checks.mandatory("closureDate", closed_on.is_some());
        checks.mandatory("closureReasonId", reason.is_some());
        checks.finish()?;
        let mut client = self.client(id)?.clone();
        if self
            .loans
            .values()
            .any(|loan| loan.client == id && loan.status.is_open())
        {
            let text = "Client cannot be closed because of non-closed loans.";
            return Err(Failure::Domain(Fault::general(
                "error.msg.client.close.loan.non-closed",
                text,
            )));
        }
        client.status = ClientStatus::Closed;
        client.closed = closed_on.map(|on| (on, now.by));
        let applied = self.save_client(client)?;
        Ok(Applied {
            without_office: true,
            ..applied
        })
    }

    /// `DELETE clients/…`: only while pending.
    pub(crate) fn delete_client(&mut self, id: u64) -> Result<Applied, Failure> {
        let client = self.client(id)?;
        if client.status != ClientStatus::Pending {
            let text = format!("Client with identifier {id} cannot be deleted as it is not in Pending state.");
            let fault = Fault::general("error.msg.clients.cannot.be.deleted", text);
            return Err(Failure::Domain(fault.with([json!(id)])));
        }
        let removed = self.clients.remove(&id).ok_or_else(|| client_not_found(json!(id)))?;
        Ok(removed.applied())
    }
}
