//! The body of a charter: a circle's name and rules.

use std::collections::{BTreeMap, BTreeSet};

use crate::body::{BodyError, Map};
use crate::cbor::Value;
use crate::cell::Cell;
use crate::envelope::Verified;
use crate::fields::Fields;
use crate::grant::GrantRole;
use crate::header::Key;
use crate::id::{CircleId, RecordId};
use crate::keys::{MemberId, PublicKey, SecretKey};
use crate::limits::{MAX_NAME, MAX_STEWARDS, MAX_VOUCHES};
use crate::listing::{Language, Terms, between, line_within, words};
use crate::seal::Seal;
use crate::text::tidy_line;
use crate::time::Timestamp;

words! {
    /// Who may write into a circle.
    WritePolicy, "way to become a member" {
        /// Anybody; who was not taken in counts as a stranger.
        Open = "open",
        /// Whom a steward took in.
        Invited = "invited",
        /// Also those for whom enough members vouch.
        Vouched = "vouched",
    }
}

words! {
    /// Who may read a circle.
    ReadPolicy, "kind of reader" {
        /// Anybody.
        Anyone = "anyone",
        /// Who was given the read secret.
        Members = "members",
    }
}

/// How many slots a circle keeps: numbers that all its nodes must share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// The newest slots of one author in class `control`; of a steward, not counting whom it took in or
    /// shut out.
    pub control: u32,
    /// The newest admissions and removals of one steward.
    pub members: u32,
    /// The newest slots of one author in class `content`.
    pub content: u32,
    /// The newest slots of one author in each other class.
    pub rest: u32,
    /// The newest slots of all strangers together in a class.
    pub strangers: u32,
}

impl Default for Quotas {
    /// Room for a large shop, and for a town of small ones.
    fn default() -> Self {
        Self { control: 64, members: 5_000, content: 2_000, rest: 1_000, strangers: 20_000 }
    }
}

/// A steward's signature under a charter that follows another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The steward.
    pub steward: MemberId,
    /// Over [`Charter::approval_bytes`], by a device of the steward's. It brings its grant, so that nothing
    /// that the steward does to its keys later undoes what the circle decided.
    pub seal: Seal,
}

/// Sets the signatures of approvals apart from all others.
const APPROVAL_PURPOSE: &str = "commonshelf/approval/1";

/// A circle's name and rules: the body of a record of kind `charter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charter {
    /// What people call it, 1 to 80 characters.
    pub name: String,
    /// Roughly where it is.
    pub cell: Option<Cell>,
    /// The languages of its people, the first one first.
    pub languages: Vec<Language>,
    /// The forms of exchange that it wants.
    pub forms: Vec<Terms>,
    /// How much it keeps.
    pub quotas: Quotas,
    /// Whom it trusts with its rules; at least one.
    pub stewards: Vec<MemberId>,
    /// Who may write.
    pub write: WritePolicy,
    /// How many members have to vouch for a newcomer, 1 to 16: with [`WritePolicy::Vouched`] alone.
    pub vouches: Option<u32>,
    /// Who may read.
    pub read: ReadPolicy,
    /// The charter that this one follows; none for a founding charter.
    pub parent: Option<RecordId>,
    /// Former stewards whom the circle no longer believes: whom they took in is out, unless a steward takes
    /// them in again.
    pub distrusted: Vec<MemberId>,
    /// The signatures of more than half of the parent's stewards; none in a founding charter.
    pub approvals: Vec<Approval>,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

impl Charter {
    /// The charter of an open circle of gifts and loans with one steward.
    ///
    /// # Errors
    /// A [`BodyError`] when the name is empty or too long.
    pub fn founding(name: &str, steward: MemberId) -> Result<Self, BodyError> {
        let name = tidy_line(name);
        line_within("name", &name, 1, MAX_NAME)?;
        Ok(Self {
            name,
            cell: None,
            languages: Vec::new(),
            forms: vec![Terms::Gift, Terms::Loan],
            quotas: Quotas::default(),
            stewards: vec![steward],
            write: WritePolicy::Open,
            vouches: None,
            read: ReadPolicy::Anyone,
            parent: None,
            distrusted: Vec::new(),
            approvals: Vec::new(),
            other: Map::new(),
        })
    }

    /// The key of the slot of a charter that follows another one. It follows from what the stewards
    /// approve, so that nothing else can take a charter's slot.
    #[must_use]
    pub fn key(&self, circle: CircleId, revision: Timestamp) -> Key {
        Key::derive("commonshelf/charter/1", &[&self.approval_bytes(circle, revision)])
    }

    /// What stewards sign who approve this charter, to be published in a circle at a revision.
    #[must_use]
    pub fn approval_bytes(&self, circle: CircleId, revision: Timestamp) -> Vec<u8> {
        let bare = Self { approvals: Vec::new(), ..self.clone() };
        Value::List(vec![
            Value::Bytes(circle.as_bytes().to_vec()),
            Value::Uint(revision.millis()),
            Value::Map(bare.to_map()),
        ])
        .encode()
    }

    /// A steward's approval, made with a device's key under its grant.
    #[must_use]
    pub fn approve(
        &self,
        circle: CircleId,
        revision: Timestamp,
        steward: MemberId,
        grant: &Verified,
        device: &SecretKey,
    ) -> Approval {
        let bytes = self.approval_bytes(circle, revision);
        Approval { steward, seal: Seal::sign(APPROVAL_PURPOSE, &bytes, grant, device) }
    }

    /// Who approves this charter, with which device: the approvals whose signatures and grants hold.
    #[must_use]
    pub fn approved_by(&self, circle: CircleId, revision: Timestamp) -> BTreeMap<MemberId, PublicKey> {
        let bytes = self.approval_bytes(circle, revision);
        let holds = |approval: &Approval| {
            let checked = approval.seal.check(APPROVAL_PURPOSE, &bytes, approval.steward, circle, revision);
            let device = checked.ok().filter(|(_, role)| *role == GrantRole::Device);
            device.map(|(signer, _)| (approval.steward, signer))
        };
        self.approvals.iter().filter_map(holds).collect()
    }

    pub(crate) fn to_map(&self) -> Map {
        let mut fields = Fields::with(self.other.clone());
        fields.put_text("name", &self.name);
        if let Some(cell) = self.cell {
            fields.put_uint("cell", cell.index());
        }
        let words = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect::<Vec<_>>();
        fields
            .put_texts_unless_empty("languages", &words(self.languages.iter().map(Language::code).collect()));
        fields.put_texts_unless_empty("forms", &words(self.forms.iter().map(|form| form.word()).collect()));
        let mut quotas = Fields::with(Map::new());
        quotas.put_uint("control", self.quotas.control.into());
        quotas.put_uint("members", self.quotas.members.into());
        quotas.put_uint("content", self.quotas.content.into());
        quotas.put_uint("rest", self.quotas.rest.into());
        quotas.put_uint("strangers", self.quotas.strangers.into());
        fields.put("quotas", Value::Map(quotas.into_map()));
        let members = |members: &[MemberId]| {
            Value::List(members.iter().map(|member| Value::Bytes(member.as_bytes().to_vec())).collect())
        };
        fields.put("stewards", members(&self.stewards));
        fields.put_text("write", self.write.word());
        if let Some(vouches) = self.vouches {
            fields.put_uint("vouches", vouches.into());
        }
        fields.put_text("read", self.read.word());
        if let Some(parent) = self.parent {
            fields.put("parent", Value::Bytes(parent.as_bytes().to_vec()));
        }
        if !self.distrusted.is_empty() {
            fields.put("distrusted", members(&self.distrusted));
        }
        if !self.approvals.is_empty() {
            fields.put("approvals", Value::List(self.approvals.iter().map(Approval::to_value).collect()));
        }
        fields.into_map()
    }

    pub(crate) fn from_map(map: Map) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map);
        let name = fields.take_text("name")?;
        line_within("name", &name, 1, MAX_NAME)?;
        let cell = fields.take_optional_uint("cell")?.map(Cell::from_index).transpose()?;
        let languages = parse_all(&fields.take_texts("languages")?)?;
        let forms = parse_all(&fields.take_texts("forms")?)?;
        let mut numbers = fields.take_map("quotas")?.ok_or(BodyError::Missing("quotas"))?;
        let quotas = Quotas {
            control: numbers.take_u32("control")?,
            members: numbers.take_u32("members")?,
            content: numbers.take_u32("content")?,
            rest: numbers.take_u32("rest")?,
            strangers: numbers.take_u32("strangers")?,
        };
        numbers.nothing_else("quotas")?;
        let stewards = fields.take_list("stewards", member)?;
        if stewards.is_empty() {
            return Err(BodyError::Empty("list of stewards"));
        }
        if stewards.len() > MAX_STEWARDS {
            return Err(BodyError::TooMany("stewards"));
        }
        no_one_twice("stewards", &stewards)?;
        let write = fields.take_text("write")?.parse()?;
        let vouches = fields.take_optional_u32("vouches")?;
        match (write, vouches) {
            (WritePolicy::Vouched, Some(vouches)) => between("vouches", vouches, 1, MAX_VOUCHES)?,
            (WritePolicy::Vouched, None) => return Err(BodyError::Missing("vouches")),
            (WritePolicy::Open | WritePolicy::Invited, Some(_)) => {
                return Err(BodyError::WrongType("vouches"));
            }
            (WritePolicy::Open | WritePolicy::Invited, None) => {}
        }
        let read = fields.take_text("read")?.parse()?;
        let parent = fields.take_optional_bytes("parent")?.map(RecordId::from_bytes);
        let distrusted = fields.take_list("distrusted", member)?;
        no_one_twice("distrusted", &distrusted)?;
        let approvals = fields.take_list("approvals", Approval::from_value)?;
        Ok(Self {
            name,
            cell,
            languages,
            forms,
            quotas,
            stewards,
            write,
            vouches,
            read,
            parent,
            distrusted,
            approvals,
            other: fields.into_map(),
        })
    }
}

impl Approval {
    fn to_value(&self) -> Value {
        let mut fields = Fields::with(Map::new());
        fields.put("steward", Value::Bytes(self.steward.as_bytes().to_vec()));
        fields.put("seal", self.seal.to_value());
        Value::Map(fields.into_map())
    }

    fn from_value(value: Value) -> Option<Self> {
        let Value::Map(map) = value else { return None };
        let mut fields = Fields::with(map);
        let approval = Self {
            steward: fields.take_member("steward").ok()?,
            seal: Seal::take(&mut fields, "seal").ok()?,
        };
        fields.nothing_else("approvals").ok()?;
        Some(approval)
    }
}

fn member(value: Value) -> Option<MemberId> {
    let Value::Bytes(bytes) = value else { return None };
    MemberId::from_bytes(bytes.try_into().ok()?).ok()
}

/// A majority of stewards counts each of them once.
fn no_one_twice(field: &'static str, members: &[MemberId]) -> Result<(), BodyError> {
    let different: BTreeSet<&MemberId> = members.iter().collect();
    if different.len() == members.len() { Ok(()) } else { Err(BodyError::Repeated(field)) }
}

fn parse_all<T: std::str::FromStr<Err = BodyError>>(words: &[String]) -> Result<Vec<T>, BodyError> {
    words.iter().map(|word| word.parse()).collect()
}
