//! The commands that ask a node something.

use std::io::{IsTerminal as _, Read};
use std::path::Path;

use node::BUNDLE_MAGIC;
use node::import::MAX_FILE;
use node::{
    CircleJson, CircleLink, ClockJson, FoundInput, HiddenJson, ImportInput, ImportJson, InviteJson,
    ListingInput, ListingJson, MAX_PHOTO_FILE, MemberJson, NearbyJson, PeerJson, PhotoInput, PhotoJson,
    PurgedJson, Qr, StatusJson, encoded,
};
use serde::de::DeserializeOwned;
use serde_json::json;
use zeroize::Zeroize as _;

use crate::args::{Circle, Clock, Details, Export, Import, List, Question, Write};
use crate::client::{Ask, Client};
use crate::failure::Failure;
use crate::{bundle, exchanges, keys, matching, profile, show, whole};

/// What a command prints.
pub(crate) struct Printed {
    /// For a program.
    pub(crate) json: String,
    /// For a person.
    pub(crate) text: String,
    /// What is wrong although something was done: said on the standard error, and the exit code is 1.
    pub(crate) problem: Option<String>,
}

impl Drop for Printed {
    fn drop(&mut self) {
        // Why: these may be the words of a key.
        self.json.zeroize();
        self.text.zeroize();
    }
}

pub(crate) type Done = Result<Printed, Failure>;

/// Asks a question.
pub(crate) fn run(client: &Client, question: Question) -> Done {
    match question {
        Question::Offer(write) if write.private => matching::keep(client, write, "offer"),
        Question::Need(write) if write.private => matching::keep(client, write, "need"),
        Question::Offer(write) => self::write(client, write, "offer"),
        Question::Need(write) => self::write(client, write, "need"),
        Question::Edit(edit) => {
            let path = listing_path(&edit.listing.text());
            let photos = if edit.no_photos { Some(Vec::new()) } else { give_photos(client, &edit.details)? };
            let ask = Ask::new("PATCH", path).json(&ListingInput { photos, ..edit.input() });
            answer(client, ask, |listing: ListingJson| show::listing(&listing))
        }
        Question::Withdraw(one) => {
            let ask = Ask::new("DELETE", listing_path(&one.text()));
            answer(client, ask, |listing: ListingJson| format!("Withdrawn: {}\n", listing.title))
        }
        Question::Show(one) => {
            let ask = Ask::get(listing_path(&one.text()));
            answer(client, ask, |listing: ListingJson| show::listing(&listing))
        }
        Question::List(List { private: true, .. }) => matching::private(client),
        Question::List(List { private: false, filter }) => {
            let ask = Ask::get("/listings").query(&filter.input());
            answer(client, ask, |listings: Vec<ListingJson>| show::listings(listings.iter()))
        }
        Question::Search(search) => matching::search(client, search),
        Question::Matches(asked) => matching::matches(client, &asked),
        Question::Why { need, offer } => matching::why(client, &need, offer.as_deref()),
        Question::Kinds => matching::kinds(client),
        Question::Exchange(command) => exchanges::run(client, command),
        Question::Profile(profile) => profile::run(client, profile),
        Question::Import(import) => self::import(client, &import),
        Question::Export(Export { all: Some(file), .. }) => whole::export(client, &file),
        Question::Export(Export { bundle: Some(file), since, filter, .. }) => {
            bundle::export(client, &file, filter.input().circle.as_deref(), since.as_deref())
        }
        Question::Export(Export { bundle: None, filter, .. }) => {
            let lines = client.text(Ask::get("/export").query(&filter.input()))?;
            Ok(Printed { json: lines.clone(), text: lines, problem: None })
        }
        Question::Peers => answer(client, Ask::get("/peers"), |peers: Vec<PeerJson>| show::peers(&peers)),
        Question::Purge => {
            let ask = Ask::new("POST", "/purge");
            answer(client, ask, |purged: PurgedJson| show::purged(&purged))
        }
        Question::Hide { listing: Some(listing) } => {
            let ask = Ask::new("POST", "/hidden").json(&json!({ "listing": listing }));
            answer(client, ask, |thing: HiddenJson| show::hidden(&[thing]))
        }
        Question::Hide { listing: None } => {
            answer(client, Ask::get("/hidden"), |things: Vec<HiddenJson>| show::hidden(&things))
        }
        Question::Unhide { key } => {
            let ask = Ask::new("DELETE", format!("/hidden/{}", encoded(&key)));
            answer(client, ask, |thing: HiddenJson| {
                format!("Not hidden any more: {}. It comes back from nodes that have it.\n", thing.key)
            })
        }
        Question::Status => answer(client, Ask::get("/status"), |status: StatusJson| show::status(&status)),
        Question::Clock(Clock::Show) => {
            answer(client, Ask::get("/clock"), |clock: ClockJson| show::clock(&clock))
        }
        Question::Clock(Clock::Confirm) => {
            let ask = Ask::new("POST", "/clock/confirm");
            answer(client, ask, |clock: ClockJson| show::clock(&clock))
        }
        Question::Circle(Circle::Members { circle }) => {
            let ask = Ask::get("/members").query(&json!({ "circle": circle }));
            answer(client, ask, |members: Vec<MemberJson>| show::members(&members))
        }
        Question::Circle(Circle::Admit(about)) => {
            let ask = Ask::new("POST", "/members/admit").json(&about.input(None));
            answer(client, ask, |member: MemberJson| show::members(&[member]))
        }
        Question::Circle(Circle::ShutOut { about, reason }) => {
            let ask = Ask::new("POST", "/members/shut-out").json(&about.input(reason));
            answer(client, ask, |member: MemberJson| show::members(&[member]))
        }
        Question::Circle(Circle::Vouch(about)) => {
            let ask = Ask::new("POST", "/members/vouch").json(&about.input(None));
            answer(client, ask, |member: MemberJson| show::members(&[member]))
        }
        Question::Circle(Circle::Renew { circle }) => {
            let ask = Ask::new("POST", "/circles/renew").json(&json!({ "circle": circle }));
            answer(client, ask, |circle: CircleJson| show::circle(&circle))
        }
        Question::Circle(Circle::Found { name, quota, write, read, vouches }) => {
            let input = FoundInput { name, quota, write, read, vouches, once: false };
            let ask = Ask::new("POST", "/circles").json(&input);
            answer(client, ask, |circle: CircleJson| show::circle(&circle))
        }
        Question::Circle(Circle::Join { target }) => {
            let ask = Ask::new("POST", "/circles/join").json(&json!({ "target": target }));
            let link = target.parse::<CircleLink>().ok();
            answer(client, ask, |circle: CircleJson| show::joined(&circle, link.as_ref(), client.runs()))
        }
        Question::Circle(Circle::Invite { circle, admit, svg }) => {
            invite(client, circle.as_deref(), admit, svg.as_deref())
        }
        Question::Circle(Circle::List { nearby: true }) => {
            answer(client, Ask::get("/circles/nearby"), |circles: Vec<NearbyJson>| show::nearby(&circles))
        }
        Question::Circle(Circle::List { nearby: false }) => {
            answer(client, Ask::get("/circles"), |circles: Vec<CircleJson>| show::circles(&circles))
        }
        Question::Key(command) => keys::key(client, command),
        Question::Grant(command) => keys::grant(client, command),
    }
}

/// Shows an invitation: on a terminal with its code, and as a picture in a file if that is asked for.
fn invite(client: &Client, circle: Option<&str>, admit: bool, svg: Option<&Path>) -> Done {
    let circle = json!({ "circle": circle });
    let ask = match admit {
        true => Ask::new("POST", "/circles/invite").json(&circle),
        false => Ask::get("/circles/invite").query(&circle),
    };
    let json = client.text(ask)?;
    let invite: InviteJson = parsed(&json)?;
    let code = Qr::of(&invite.link)?;
    if let Some(path) = svg {
        let picture = code.svg(&format!("Invitation to {}", invite.name));
        std::fs::write(path, picture)
            .map_err(|error| Failure::new(format!("{} can not be written: {error}", path.display())))?;
    }
    let code = std::io::stdout().is_terminal().then(|| code.terminal());
    let text = show::invite(&invite, code.as_deref());
    Ok(Printed { json: format!("{}\n", json.trim_end()), text, problem: None })
}

/// Where a listing is.
pub(crate) fn listing_path(reference: &str) -> String {
    // Why: an empty reference would ask for all listings.
    let reference = if reference.trim().is_empty() { " " } else { reference };
    format!("/listings/{}", encoded(reference))
}

/// Asks, and shows the answer.
pub(crate) fn answer<T: DeserializeOwned>(
    client: &Client,
    ask: Ask<'_>,
    show: impl FnOnce(T) -> String,
) -> Done {
    let json = client.text(ask)?;
    let typed = parsed(&json)?;
    Ok(Printed { json: format!("{}\n", json.trim_end()), text: show(typed), problem: None })
}

/// What the node answered.
pub(crate) fn parsed<T: DeserializeOwned>(json: &str) -> Result<T, Failure> {
    serde_json::from_str(json).map_err(|error| {
        Failure::new(format!("the node answers in a way that this version does not know: {error}"))
    })
}

fn write(client: &Client, write: Write, side: &str) -> Done {
    let photos = give_photos(client, &write.details)?;
    let ask = Ask::new("POST", "/listings").json(&ListingInput { photos, ..write.input(side) });
    answer(client, ask, |listing: ListingJson| show::listing(&listing))
}

/// Gives photos to the node; none if there are none.
fn give_photos(client: &Client, details: &Details) -> Result<Option<Vec<PhotoInput>>, Failure> {
    let mut photos = Vec::new();
    for (at, path) in details.photos.iter().enumerate() {
        let mut ask = Ask::new("POST", "/photos");
        ask.body = read(path, MAX_PHOTO_FILE, "let the camera make smaller photos")?;
        let given: PhotoJson = parsed(&client.text(ask).map_err(|failure| failure.about(path))?)?;
        photos.push(PhotoInput { photo: given.photo, alt: details.alts.get(at).cloned() });
    }
    Ok((!photos.is_empty()).then_some(photos))
}

fn import(client: &Client, import: &Import) -> Done {
    let failed =
        |error: std::io::Error| Failure::new(format!("{} can not be read: {error}", import.file.display()));
    let (mut source, length): (Box<dyn Read + Send>, _) = if import.file == Path::new("-") {
        (Box::new(std::io::stdin()), None)
    } else {
        let file = std::fs::File::open(&import.file).map_err(failed)?;
        let length = file.metadata().ok().map(|about| about.len());
        (Box::new(file), length)
    };
    let mut begin = Vec::new();
    source.by_ref().take(BUNDLE_MAGIC.len() as u64).read_to_end(&mut begin).map_err(failed)?;
    if begin == BUNDLE_MAGIC {
        return bundle::import(client, import, std::io::Cursor::new(begin).chain(source), length);
    }
    let mut table = begin;
    source.take(MAX_FILE as u64 + 1).read_to_end(&mut table).map_err(failed)?;
    if table.len() > MAX_FILE {
        return Err(Failure::new(format!("{} is larger than 32 MiB: split it", import.file.display())));
    }
    let input = ImportInput {
        map: import.map.clone(),
        side: import.side.clone(),
        terms: import.terms.clone(),
        language: import.language.clone(),
        category: import.category.clone(),
        file_name: import.file.file_name().map(|name| name.to_string_lossy().into_owned()),
        circle: import.circle.clone(),
        dry_run: import.dry_run,
    };
    let mut ask = Ask::new("POST", "/import").query(&input);
    ask.body = table;
    answer(client, ask, |report: ImportJson| show::import(&report))
}

fn read(path: &Path, most: usize, instead: &str) -> Result<Vec<u8>, Failure> {
    let failed =
        |error: &std::io::Error| Failure::new(format!("{} can not be read: {error}", path.display()));
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| failed(&error))?;
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() > most {
        let mib = most / (1024 * 1024);
        return Err(Failure::new(format!("{} is larger than {mib} MiB: {instead}", path.display())));
    }
    Ok(bytes)
}
