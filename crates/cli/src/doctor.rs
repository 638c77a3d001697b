//! `commonshelf doctor`: what is wrong with a node's data, and how to mend it.

use std::path::Path;

use clap::Args;
use node::{AsideJson, CureInput, HealthJson, NodeError};

use crate::client::{Ask, Client};
use crate::commands::{Done, Printed, parsed};
use crate::failure::{Failure, NOT_FOUND};

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Mend what can be mended; otherwise nothing is changed
    #[arg(long)]
    repair: bool,
    /// Write the records anew if that saves room
    #[arg(long)]
    compact: bool,
}

/// Who tells how a folder is.
enum Told {
    Looked(Box<HealthJson>),
    By(Client),
}

pub(crate) fn run(folder: &Path, args: &Doctor) -> Done {
    let Doctor { repair, compact } = *args;
    if !folder.exists() {
        let message = format!(
            "there is no node in {}: `commonshelf up` makes one, and --data names another folder",
            folder.display()
        );
        return Err(Failure { code: NOT_FOUND, message });
    }
    let health = if repair || compact {
        let client = Client::open(folder)?;
        let cured = client.text(Ask::new("POST", "/health").json(&CureInput { repair, compact }));
        client.close();
        parsed(&cured?)?
    } else {
        let look =
            |folder: &Path| -> Result<Told, NodeError> { Ok(Told::Looked(Box::new(node::look(folder)?))) };
        match Client::find(folder, look, Told::By)? {
            Told::Looked(health) => *health,
            Told::By(client) => parsed(&client.text(Ask::get("/health"))?)?,
        }
    };
    let json = serde_json::to_string(&health).map_err(|error| Failure::new(error.to_string()))?;
    let problem = (!health.well).then(|| health.advice.join("\n"));
    Ok(Printed { json: format!("{json}\n"), text: shown(&health), problem })
}

fn shown(health: &HealthJson) -> String {
    let mut lines: Vec<String> = Vec::new();
    let runs = if health.running { "the node runs" } else { "the node does not run" };
    lines.push(format!("{}: {runs}", health.folder));
    lines.push(match health.layout {
        Some(layout) => format!(
            "records   can be read (layout {layout}): {} on the disk, {} of it counts",
            size(health.disk),
            size(health.live)
        ),
        None => "records   can not be read as they are".to_owned(),
    });
    if health.damaged > 0 {
        lines.push(format!("          {} are damaged", health.damaged));
    }
    for circle in &health.circles {
        let name = if circle.name.is_empty() { &circle.id } else { &circle.name };
        lines.push(format!("          {name}: {}", circle.records));
    }
    lines.push(match &health.journal {
        Some(journal) => {
            let torn = match journal.torn {
                0 => String::new(),
                torn => format!(", {torn} bytes at its end were being written when power went"),
            };
            let damaged = if journal.damaged > 0 {
                format!("{} bytes are damaged", journal.damaged)
            } else {
                "whole".to_owned()
            };
            format!(
                "journal   {}: {} things of your own, {damaged}{torn}",
                size(journal.bytes),
                journal.records
            )
        }
        None => "journal   is not there".to_owned(),
    });
    let keys = if health.exposed.is_empty() { "only you can read them" } else { "others can read some" };
    lines.push(format!("keys      {keys}"));
    for AsideJson { folder, date, bytes } in &health.aside {
        lines.push(format!(
            "aside     on {date} damaged records were set aside: {} in {folder} (`commonshelf purge` deletes them)",
            size(*bytes)
        ));
    }
    lines.extend(health.mended.iter().map(|mended| format!("mended    {mended}")));
    if !health.fetching.is_empty() {
        lines.push(format!("fetching  what others wrote in {}", health.fetching.join(", ")));
    }
    lines.extend(health.left_over.iter().map(|file| format!("left over {file}")));
    if let Some(free) = health.free {
        lines.push(format!("disk      {} are free", size(free)));
    }
    lines.push(format!("clock     {}", if health.clock.sure { "is plausible" } else { "is in doubt" }));
    lines.extend(health.done.iter().map(|done| format!("done      {done}")));
    if health.well {
        lines.push("All is well.".to_owned());
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Bytes for a person.
fn size(bytes: u64) -> String {
    let kib = bytes as f64 / 1024.0;
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{kib:.0} KiB"),
        _ => format!("{:.1} MiB", kib / 1024.0),
    }
}
