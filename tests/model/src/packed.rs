//! A state as a number: all that a search keeps of it.

use crate::case::{Answer, Before, Settled};
use crate::engine::ANSWERS;
use crate::state::{Errand, Message, Operation, Posted, Queue, Row, Run, Sequence, State, Who, Worker};

/// The bits of a worker.
const WORKER: u32 = 24;
/// The bits of a row, if there is one.
const ROW: u32 = 17;
/// The bits of a message, if there is one.
const MESSAGE: u32 = 5;

/// A number in which every member has its place, so that different states are different numbers.
#[derive(Default)]
struct Bits {
    bits: u128,
    width: u32,
}

impl Bits {
    fn put(&mut self, value: u8, width: u32) {
        debug_assert!(u32::from(value) < 1 << width, "{value} in {width} bits");
        self.bits = self.bits << width | u128::from(value);
        self.width += width;
        debug_assert!(self.width <= u128::BITS, "{} bits", self.width);
    }

    /// What goes before, filled up to a width from the place where it began.
    fn fill(&mut self, began: u32, width: u32) {
        debug_assert!(self.width <= began + width, "{} bits", self.width - began);
        self.bits <<= began + width - self.width;
        self.width = began + width;
    }

    fn flag(&mut self, value: bool) {
        self.put(u8::from(value), 1);
    }

    fn operation(&mut self, operation: Operation) {
        self.put(operation, 1);
    }

    fn who(&mut self, who: Option<Who>) {
        self.put(who.map_or(0, |who| who + 1), 2);
    }

    fn sequence(&mut self, sequence: Option<Sequence>) {
        self.put(sequence.map_or(0, |sequence| sequence + 1), 3);
    }

    fn posted(&mut self, posted: &Posted) {
        let Posted {
            caller,
            keyed,
            repeated,
            late_insert,
            original,
            resent,
            row,
            keys,
            cut_off,
            effects,
        } = posted;
        self.put(*caller as u8, 3);
        self.flag(*keyed);
        self.flag(*repeated);
        self.flag(*late_insert);
        self.sequence(*original);
        self.flag(*resent);
        match row {
            Some(row) => self.row(row),
            None => self.fill(self.width, ROW),
        }
        for key in keys {
            self.put(*key as u8, 3);
        }
        self.flag(*cut_off);
        self.put(*effects, 2);
    }

    fn row(&mut self, row: &Row) {
        let Row {
            state,
            owner,
            maybe_sent,
            epoch,
            spent,
            stuck,
            sequence,
            accepted,
        } = row;
        self.put(*state as u8 + 1, 3);
        self.who(*owner);
        self.flag(*maybe_sent);
        self.put(*epoch, 2);
        self.put(*spent, 2);
        self.put(*stuck as u8, 2);
        self.sequence(*sequence);
        self.put(*accepted, 2);
    }

    fn queue(&mut self, queue: &Queue) {
        let Queue { messages, held_by } = queue;
        for message in messages {
            match message {
                Some(Message { operation, original }) => {
                    self.put(operation + 1, 2);
                    self.sequence(*original);
                }
                None => self.fill(self.width, MESSAGE),
            }
        }
        self.who(*held_by);
    }

    fn worker(&mut self, worker: &Worker) {
        let began = self.width;
        match worker {
            Worker::Idle => {}
            Worker::Looking { errand, sequence } => {
                self.put(1, 3);
                self.errand(*errand);
                self.sequence(*sequence);
            }
            Worker::Noting(errand) => {
                self.put(2, 3);
                self.errand(*errand);
            }
            Worker::Claiming { errand, target } => {
                self.put(3, 3);
                self.errand(*errand);
                self.operation(*target);
            }
            Worker::Claimed(run) => {
                self.put(4, 3);
                self.run(*run);
            }
            Worker::Asking { run, executing } => {
                self.put(5, 3);
                self.run(*run);
                self.flag(*executing);
            }
            Worker::Reading { run, answer } => {
                self.put(6, 3);
                self.run(*run);
                self.answer(*answer);
            }
            Worker::Settling { run, settled } => {
                self.put(7, 3);
                self.run(*run);
                self.settled(*settled);
            }
        }
        self.fill(began, WORKER);
    }

    fn errand(&mut self, Errand { operation, sequence }: Errand) {
        self.operation(operation);
        self.sequence(sequence);
    }

    fn run(&mut self, Run { errand, target, before }: Run) {
        let Before {
            maybe_sent,
            epoch,
            spent,
            stuck,
            cut_off,
        } = before;
        self.operation(errand);
        self.operation(target);
        self.flag(maybe_sent);
        self.put(epoch, 2);
        self.put(spent, 2);
        self.put(stuck as u8, 2);
        self.flag(cut_off);
    }

    fn answer(&mut self, answer: Answer) {
        let place = (0..)
            .zip(ANSWERS)
            .find_map(|(place, known)| (known == answer).then_some(place));
        self.put(place.unwrap_or_default(), 5);
    }

    fn settled(&mut self, settled: Settled) {
        let Settled {
            state,
            maybe_sent,
            epoch,
            spent,
            stuck,
            anew,
        } = settled;
        self.put(state as u8, 3);
        self.flag(maybe_sent);
        self.put(epoch, 2);
        self.put(spent, 2);
        self.put(stuck as u8, 2);
        self.flag(anew);
    }
}

impl Worker {
    /// A number that tells what it does.
    pub(crate) fn packed(&self) -> u128 {
        let mut bits = Bits::default();
        bits.worker(self);
        bits.bits
    }
}

/// A number that no other state has, in three words.
pub(crate) type Packed = [u64; 3];

impl State {
    pub(crate) fn packed(&self) -> Packed {
        let Self {
            subject_exists,
            ordered,
            operations,
            queue,
            workers,
        } = self;
        let mut bits = Bits::default();
        bits.flag(*subject_exists);
        bits.flag(*ordered);
        for posted in operations {
            bits.posted(posted);
        }
        bits.queue(queue);
        let mut doing = Bits::default();
        for worker in workers {
            doing.worker(worker);
        }
        [bits.bits as u64, (bits.bits >> u64::BITS) as u64, doing.bits as u64]
    }
}
