//! `POST loans?command=calculateLoanSchedule`: the schedule of a loan that is not kept.

use serde_json::Value;

use super::{books::Books, schedule_view};
use crate::{
    bank::{Bank, Now},
    errors::Failure,
    fields::Fields,
};

impl Bank {
    /// The schedule; every number that it took is given back.
    pub(crate) fn preview_loan(&mut self, fields: Fields<'_>, now: Now) -> Result<Value, Failure> {
        let numbers = self.numbers();
        let loan = self.new_loan(fields, now);
        self.restore_numbers(numbers);
        let loan = loan?;
        Ok(schedule_view::preview(
            &loan,
            &Books::of(&loan),
            self.release,
            now.today,
        ))
    }
}
