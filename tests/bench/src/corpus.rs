//! A circle of made-up members whose listings are those of the demo's tables, over and over.

use std::time::{SystemTime, UNIX_EPOCH};

use catalogue::Catalogue;
use record::{
    Body, Cell, Charter, CircleId, Grant, GrantRole, Hash, Key, Listing, Map, MemberId, Record, SecretKey,
    Side, Statement, Timestamp, Value, Verified,
};

use crate::Outcome;

/// The moment at which everything happens where no clock runs: in the middle of a day.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// This moment, for what a node with the system's clock takes in.
pub(crate) fn now() -> Outcome<Timestamp> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Timestamp::from_millis(u64::try_from(since.as_millis())?))
}

/// How many records each member has, about.
const RECORDS_OF_ONE: usize = 100;

/// A table of the demo, and in which columns a listing's words are.
struct Table {
    bytes: &'static [u8],
    side: Side,
    language: &'static str,
    title: &'static str,
    text: &'static [&'static str],
    category: &'static str,
}

macro_rules! table {
    ($file:literal, $side:ident, $language:literal, $title:literal, $text:expr, $category:literal) => {
        Table {
            bytes: include_bytes!(concat!("../../../crates/cli/demo/", $file)),
            side: Side::$side,
            language: $language,
            title: $title,
            text: &$text,
            category: $category,
        }
    };
}

/// Where they come from: `crates/cli/demo/SOURCES.md`.
const TABLES: [Table; 7] = [
    table!("leihlokal.csv", Offer, "de", "name", ["brand", "type", "package", "description"], "category"),
    table!("library.csv", Offer, "en", "name", ["description"], "category"),
    table!("give_away_shop.csv", Offer, "en", "name", ["gender", "size_range"], "category"),
    table!("hygiene_bank.csv", Offer, "en", "name", [], "category"),
    table!(
        "repair_cafe_needs_de.csv",
        Need,
        "de",
        "product_category",
        ["brand", "problem"],
        "product_category"
    ),
    table!(
        "repair_cafe_needs_nl.csv",
        Need,
        "nl",
        "product_category",
        ["brand", "problem"],
        "product_category"
    ),
    table!("neighbours.csv", Need, "de", "title", ["description"], "category"),
];

struct Member {
    root: MemberId,
    device: SecretKey,
    grant: Verified,
}

/// The circle, its members, and what they write.
pub(crate) struct Corpus {
    circle: CircleId,
    now: Timestamp,
    founding: Verified,
    members: Vec<Member>,
    listings: Vec<Listing>,
}

impl Corpus {
    /// A circle with room for this many records, and as many members as write so much; its founding and the
    /// members' grants are from just before `now`.
    pub(crate) fn new(records: usize, now: Timestamp) -> Outcome<Self> {
        let steward = secret("root", 0);
        let mut charter = Charter::founding("Gartenstraße", steward.public().into())?;
        charter.quotas.strangers = u32::MAX;
        let founding = Statement {
            author: steward.public().into(),
            circle: CircleId::FOUNDING,
            key: key("charter", 0),
            revision: now.minus_millis(1),
        }
        .sign(&Body::Charter(charter), &secret("device", 0))?;
        let circle = CircleId::founded_by(founding.id());
        let members = records.div_ceil(RECORDS_OF_ONE);
        let members: Result<_, _> = (0..members).map(|number| Member::new(circle, number, now)).collect();
        Ok(Self { circle, now, founding, members: members?, listings: listings()? })
    }

    /// The circle with its charter and nothing else.
    pub(crate) fn catalogue(&self) -> Outcome<Catalogue> {
        let mut catalogue = Catalogue::new(self.circle);
        catalogue.insert(&self.founding, self.now)?;
        Ok(catalogue)
    }

    /// The circle's name.
    pub(crate) const fn circle(&self) -> CircleId {
        self.circle
    }

    /// The founding charter.
    pub(crate) const fn founding(&self) -> &Verified {
        &self.founding
    }

    /// The grants of all members, and listings up to this many records: the newest first, over 100 days.
    pub(crate) fn records(&self, count: usize) -> impl Iterator<Item = Outcome<Verified>> {
        let grants = self.members.iter().map(|member| Ok(member.grant.clone()));
        let listings = (self.members.len()..count).map(move |number| {
            let age = number.saturating_mul(100 * 24 * 60 * 60 * 1000) / count;
            self.listing(number, self.now.minus_millis(age as u64))
        });
        grants.chain(listings)
    }

    /// The grants of all members.
    pub(crate) fn grants(&self) -> impl Iterator<Item = &Verified> {
        self.members.iter().map(|member| &member.grant)
    }

    /// A listing of one member or another.
    pub(crate) fn listing(&self, number: usize, revision: Timestamp) -> Outcome<Verified> {
        let member = &self.members[number % self.members.len()];
        let listing = self.listings[number % self.listings.len()].clone();
        let statement =
            Statement { author: member.root, circle: self.circle, key: key("listing", number), revision };
        Ok(statement.sign(&Body::Listing(listing), &member.device)?)
    }

    /// One listing of each line of the tables.
    pub(crate) fn of_each_line(&self) -> impl Iterator<Item = Outcome<Verified>> {
        (0..self.listings.len()).map(|number| self.listing(number, self.now))
    }
}

impl Member {
    fn new(circle: CircleId, number: usize, now: Timestamp) -> Outcome<Self> {
        let (root, device) = (secret("root", number), secret("device", number));
        let signer = device.public();
        let grant = Statement {
            author: root.public().into(),
            circle,
            key: Grant::key(&signer),
            revision: now.minus_millis(1),
        };
        let body = Grant { signer, role: GrantRole::Device, until: now.plus_days(365), other: Map::new() };
        let grant = grant.sign(&Body::Grant(body), &root)?;
        Ok(Self { root: root.public().into(), device, grant })
    }
}

/// A record as it travels: the list of its envelope and its body.
pub(crate) fn to_wire(record: &Verified) -> Vec<u8> {
    let Record { envelope, body } = record.to_record();
    Value::List(vec![Value::Bytes(envelope), body.map_or(Value::Null, Value::Bytes)]).encode()
}

/// Reads what [`to_wire`] wrote.
pub(crate) fn from_wire(bytes: &[u8]) -> Outcome<Record> {
    let Value::List(parts) = Value::decode(bytes)? else { return Err("no record".into()) };
    let [Value::Bytes(envelope), Value::Bytes(body)] =
        <[Value; 2]>::try_from(parts).map_err(|_| "no pair")?
    else {
        return Err("a record without its body".into());
    };
    Ok(Record { envelope, body: Some(body) })
}

fn listings() -> Outcome<Vec<Listing>> {
    let mut listings = Vec::new();
    for table in &TABLES {
        let mut reader = csv::Reader::from_reader(table.bytes);
        let columns = reader.headers()?.clone();
        for row in reader.into_records() {
            let row = row?;
            let cell = |name: &str| {
                let at = columns.iter().position(|column| column == name);
                at.and_then(|at| row.get(at)).filter(|cell| *cell != "-").unwrap_or_default()
            };
            let text: Vec<&str> =
                table.text.iter().map(|name| cell(name)).filter(|cell| !cell.is_empty()).collect();
            let mut listing = Listing::new(table.side, cell(table.title));
            listing.text = text.join("\n");
            listing.category = cell(table.category).to_owned();
            listing.language = Some(table.language.parse()?);
            listing.cell = Some(Cell::containing(49.0, 8.4)?);
            listings.push(listing.checked()?);
        }
    }
    Ok(listings)
}

fn secret(what: &str, number: usize) -> SecretKey {
    SecretKey::from_seed(Hash::derive(what, &[&number.to_be_bytes()]).as_bytes())
}

fn key(what: &str, number: usize) -> Key {
    Key::derive(what, &[&number.to_be_bytes()])
}
