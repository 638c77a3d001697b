//! A member's devices among themselves: one decides, the others pass on to it what the person said, in letters to
//! the member itself, until it answers. It may be away for days; so all that waits is said whole, each time.

use std::collections::BTreeMap;

use catalogue::exchange::Party;
use record::{CircleId, ExchangeId, Timestamp};
use serde::{Deserialize, Serialize};

use super::json::{ActInput, ExchangeJson};
use super::kept::Kept;
use crate::error::NodeError;
use crate::service::Service;

/// How many bytes wait at most in one exchange: they fit into one letter, beside the member's own key.
const MAX_PASSED: usize = 3_500;
/// How many of a member's devices are answered; those that passed something on last.
const MAX_DEVICES: usize = 8;

/// What one device tells the others of an exchange.
#[derive(Serialize, Deserialize)]
struct Passed {
    exchange: String,
    /// The device that tells it: its key.
    device: String,
    /// What it would like done, the first first, and when that was said: Unix milliseconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    acts: Vec<(u64, ActInput)>,
    /// By device, what this one did of what that one passed on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    done: BTreeMap<String, Done>,
}

/// What was done of what a device passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done {
    /// All that was said up to then: Unix milliseconds.
    pub(crate) until: u64,
    /// Why the last of it could not be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
}

/// Something that another device of the member passed on.
pub(super) struct ToDo {
    /// When it was said: Unix milliseconds.
    when: u64,
    at: (ExchangeId, Party),
    device: String,
    input: ActInput,
}

impl Service {
    fn device(&self) -> String {
        data_encoding::HEXLOWER.encode(self.identity.node.public().as_bytes())
    }

    /// Passes on what was said here, since another device decides.
    pub(super) fn pass_on(
        &mut self,
        at: (ExchangeId, Party),
        input: &ActInput,
    ) -> Result<ExchangeJson, NodeError> {
        let mut kept = self.kept_at(at)?.clone();
        let last = kept.pass.last().map(|(when, _)| *when);
        let now = self.clock.to_sign()?;
        let now = last.map_or(now, |last| now.max(last.plus_millis(1)));
        // Why compared: a button that is pressed twice says one thing.
        if kept.pass.last().is_none_or(|(_, last)| last != input) {
            kept.pass.push((now, input.clone()));
        }
        if self.passed(at, &kept)?.len() > MAX_PASSED {
            return Err(NodeError::Invalid(
                "much waits for your other device already: connect it, or decide here with --take-over"
                    .into(),
            ));
        }
        (kept.unpassed, kept.problem) = (true, None);
        self.put_kept(at, kept)?;
        self.leave_soon(at)?;
        self.exchange_json_at(at)
    }

    /// What this device has to tell the member's others of an exchange.
    pub(super) fn passed(&self, at: (ExchangeId, Party), kept: &Kept) -> Result<Vec<u8>, NodeError> {
        let passed = Passed {
            exchange: at.0.to_string(),
            device: self.device(),
            acts: kept.pass.iter().map(|(when, input)| (when.millis(), input.clone())).collect(),
            done: kept.done.clone(),
        };
        serde_json::to_vec(&passed).map_err(|error| NodeError::Invalid(error.to_string()))
    }

    /// Takes in what another device of the member tells. False: it is of an exchange that is not known here yet.
    pub(super) fn take_passed(&mut self, circle: CircleId, bytes: &[u8]) -> Result<bool, NodeError> {
        let Passed { exchange, device, acts, done } = serde_json::from_slice(bytes)
            .map_err(|_| NodeError::Invalid("another version passed something on".into()))?;
        let own = self.device();
        if device == own {
            return Ok(true);
        }
        let at = match self.find_exchange(&exchange) {
            Ok(at) => at,
            Err(NodeError::NoSuchExchange(_)) => return Ok(false),
            Err(other) => return Err(other),
        };
        if let Some(done) = done.get(&own) {
            self.take_done(at, done)?;
        }
        if self.decides(circle)? != self.identity.node.public() {
            return Ok(true);
        }
        let acts = acts.into_iter().map(|(when, input)| ToDo { when, at, device: device.clone(), input });
        self.exchanges.to_do.extend(acts);
        Ok(true)
    }

    /// Does what other devices passed on, in the order in which it was said, whichever exchange it was said in: letters
    /// of one moment come in any order.
    pub(super) fn do_all_passed(&mut self) {
        let mut to_do = std::mem::take(&mut self.exchanges.to_do);
        to_do.sort_by_key(|one| one.when);
        for ToDo { when, at, device, input } in to_do {
            if let Err(error) = self.do_passed(at, &device, when, &input) {
                tracing::warn!(%error, exchange = %at.0, "what was passed on was not done");
            }
        }
    }

    /// The device that decides has answered.
    fn take_done(&mut self, at: (ExchangeId, Party), done: &Done) -> Result<(), NodeError> {
        let mut kept = self.kept_at(at)?.clone();
        let waiting = kept.pass.len();
        kept.pass.retain(|(when, _)| when.millis() > done.until);
        if kept.pass.len() == waiting {
            return Ok(());
        }
        kept.problem.clone_from(&done.problem);
        self.put_kept(at, kept)
    }

    /// Does what another device passed on, once.
    fn do_passed(
        &mut self,
        at: (ExchangeId, Party),
        device: &str,
        when: u64,
        input: &ActInput,
    ) -> Result<(), NodeError> {
        let mut kept = self.kept_at(at)?.clone();
        if kept.done.get(device).is_some_and(|done| done.until >= when) {
            return Ok(());
        }
        // Why before it is done: what is done twice may promise twice.
        kept.done.insert(device.to_owned(), Done { until: when, problem: None });
        if kept.done.len() > MAX_DEVICES {
            let oldest =
                kept.done.iter().min_by_key(|(_, done)| done.until).map(|(device, _)| device.clone());
            oldest.map(|oldest| kept.done.remove(&oldest));
        }
        kept.unpassed = true;
        self.put_kept(at, kept)?;
        // Whether the other one, or this one, was to decide was its matter.
        let input = ActInput { take_over: false, ..input.clone() };
        let Err(problem) = self.act_at(at, &input) else { return Ok(()) };
        tracing::debug!(%problem, exchange = %at.0, "what another device passed on can not be done");
        let mut kept = self.kept_at(at)?.clone();
        if let Some(done) = kept.done.get_mut(device) {
            done.problem = Some(problem.to_string());
        }
        self.put_kept(at, kept)
    }

    /// This device decides now: what it would have passed on is said here, or not at all.
    pub(super) fn forget_passed(&mut self, at: (ExchangeId, Party)) -> Result<(), NodeError> {
        let kept = self.kept_at(at)?;
        if kept.pass.is_empty() && kept.problem.is_none() {
            return Ok(());
        }
        // What the others have yet to be told stays to be told.
        let kept = Kept { pass: Vec::new(), problem: None, ..kept.clone() };
        self.put_kept(at, kept)
    }
}

/// As it lies in a note.
pub(super) fn times(acts: Vec<(u64, ActInput)>) -> Vec<(Timestamp, ActInput)> {
    acts.into_iter().map(|(when, input)| (Timestamp::from_millis(when), input)).collect()
}
