//! Who one is, as one tells one's circles.

use std::fmt::Write as _;

use clap::Args;
use node::{ProfileInput, ProfileJson};

use crate::client::{Ask, Client};
use crate::commands::{Done, answer};
use crate::exchanges::args::YesNo;
use crate::show::line;

/// What one tells of oneself: what is not named stays, and what is empty ("") is taken out.
#[derive(Debug, Args)]
pub(crate) struct Profile {
    /// What neighbours call you
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A few words
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// The languages that you speak: "de en tr"
    #[arg(long, value_name = "CODES")]
    languages: Option<String>,
    /// Roughly where you are: others see an area of about 5 km²
    #[arg(long, value_name = "LAT,LON|CELL", allow_hyphen_values = true)]
    place: Option<String>,
    /// When you can be met, as OpenStreetMap has it: "Mo-Fr 15:00-18:00; Sa 10:00-13:00"
    #[arg(long, value_name = "HOURS")]
    hours: Option<String>,
    /// Whether others are shown what you gave and received
    #[arg(long, value_enum, value_name = "yes|no")]
    tally: Option<YesNo>,
}

impl Profile {
    /// What is to be changed; nothing if it is only to be shown.
    pub(crate) fn input(self) -> Option<ProfileInput> {
        let Self { name, text, languages, place, hours, tally } = self;
        let tally = tally.map(|answer| answer.word().to_owned());
        let input = ProfileInput { name, text, languages, place, hours, tally };
        (input != ProfileInput::default()).then_some(input)
    }
}

/// Shows it, or changes it.
pub(crate) fn run(client: &Client, profile: Profile) -> Done {
    let ask = match profile.input() {
        Some(input) => Ask::new("PATCH", "/profile").json(&input),
        None => Ask::get("/profile"),
    };
    answer(client, ask, |profile: ProfileJson| show(&profile))
}

fn show(profile: &ProfileJson) -> String {
    let mut out = String::new();
    let name = if profile.name.is_empty() { "(no name yet: --name NAME)" } else { &profile.name };
    line!(out, "{name}");
    let facts = [
        ("", profile.text.clone()),
        ("languages  ", profile.languages.join(" ")),
        ("roughly at  ", profile.cell.clone().unwrap_or_default()),
        ("can be met  ", profile.hours.clone()),
    ];
    for (what, said) in facts {
        if !said.is_empty() {
            line!(out, "  {what}{said}");
        }
    }
    let shown = if profile.tally { "shown to others" } else { "not shown to others" };
    line!(out, "  what you gave and received  {shown}");
    line!(out, "  {}", profile.member);
    out
}
