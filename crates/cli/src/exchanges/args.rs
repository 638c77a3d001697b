//! The words of exchanges: how a person asks, promises and hands over at the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::args::Reference;

/// What is said in an exchange, and what is asked about exchanges.
#[derive(Debug, Subcommand)]
pub(crate) enum Exchange {
    /// Ask for what somebody offers, or volunteer for what somebody needs
    Request(Request),
    /// Promise it to whoever asked
    Promise(Promise),
    /// Say no to whoever asked
    Decline(Reasoned),
    /// Take back what you asked for or promised
    Cancel(Reasoned),
    /// Write something to the other
    Message {
        #[command(flatten)]
        one: One,
        /// The words
        #[arg(required = true)]
        text: Vec<String>,
    },
    /// Propose a time, or say that the proposed one suits you; or write it into a file for a calendar
    Time(Time),
    /// Say that it lies ready
    Ready(One),
    /// Say that you handed it over
    Handover(Handover),
    /// Say that you have it
    Receipt(One),
    /// Say that you brought back what you borrowed, or that what you lent is back
    Return {
        #[command(flatten)]
        one: One,
        /// The condition that it is in
        #[arg(long, value_name = "TEXT")]
        condition: Option<String>,
    },
    /// Ask to keep it longer, or let the borrower keep it longer
    Renew {
        #[command(flatten)]
        one: One,
        /// Until when: 2w or a date
        #[arg(long, visible_alias = "due", value_name = "WHEN")]
        until: Option<String>,
    },
    /// Say that the other did not turn up
    Missed(One),
    /// Answer to that: yes, it is so, or no
    OwnUp(Answer),
    /// Say thanks
    Thanks(Reasoned),
    /// Say whether the receipt may be published; it is if both want that
    Public(Answer),
    /// Tell all others who asked for the same thing that somebody else gets it
    TellOthers(Reasoned),
    /// Let this node decide from now on what you promise, in place of your other device
    TakeOver(One),
    /// Draw who gets it, once the draw is closed; or check what came out: `draw verify LISTING`
    Draw(Draw),
    /// What the circle's published receipts add up to
    Tally(Tally),
    /// List your exchanges, or show one with all that was said
    Exchanges(List),
}

/// Which exchange.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The exchange's id, or the beginning of one: `exchanges` shows them
    #[arg(value_name = "EXCHANGE")]
    pub(crate) exchange: String,
}

#[derive(Debug, Args)]
pub(crate) struct Request {
    #[command(flatten)]
    pub(crate) listing: Reference,
    /// How many
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) count: Option<String>,
    /// Words for whom you ask
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// For somebody without a node who stands beside you: what they are called
    #[arg(long, value_name = "NAME")]
    pub(crate) guest: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Promise {
    #[command(flatten)]
    pub(crate) one: One,
    /// How many, if not all that were asked for
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) count: Option<String>,
    /// Until when the promise stands: 3d or a date
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
    /// Where it can be fetched; only the other reads it
    #[arg(long, value_name = "TEXT")]
    pub(crate) place: Option<String>,
    /// When you would hand it over: "2026-12-01 17:00", by this machine's clock
    #[arg(long, value_name = "WHEN")]
    pub(crate) time: Option<String>,
    /// When a loan has to be back: 2w or a date
    #[arg(long, value_name = "WHEN")]
    pub(crate) due: Option<String>,
    /// Words for the other
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// Let this node decide from now on, in place of your other device
    #[arg(long)]
    pub(crate) take_over: bool,
}

/// Something that needs no words, and may have some.
#[derive(Debug, Args)]
pub(crate) struct Reasoned {
    #[command(flatten)]
    pub(crate) one: One,
    /// The words, if you like
    pub(crate) text: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Time {
    #[command(flatten)]
    pub(crate) one: One,
    /// When: "2026-12-01 17:00", by this machine's clock; without it the proposed time suits you
    pub(crate) when: Option<String>,
    /// Write the time into this file, for a calendar; - is the standard output
    #[arg(long, value_name = "FILE", conflicts_with = "when")]
    pub(crate) ics: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Handover {
    #[command(flatten)]
    pub(crate) one: One,
    /// The pick-up code that was shown or said: with it this is the receipt, too
    #[arg(long)]
    pub(crate) code: Option<String>,
    /// The condition that it is in
    #[arg(long, value_name = "TEXT")]
    pub(crate) condition: Option<String>,
    /// On terms of hours: how many minutes it took
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) minutes: Option<String>,
    /// What it weighs in all
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) grams: Option<String>,
    /// How many, if not all that were promised
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) count: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Answer {
    #[command(flatten)]
    pub(crate) one: One,
    /// Whether it is so
    #[arg(value_enum)]
    pub(crate) answer: YesNo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum YesNo {
    Yes,
    No,
}

impl YesNo {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
        }
    }
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Draw {
    /// One of your own listings: its id or key, or the beginning of one
    #[arg(required = true)]
    pub(crate) listing: Option<String>,
    #[command(subcommand)]
    pub(crate) verify: Option<Verify>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verify {
    /// Check that a draw was fair, as far as whoever asked can see it
    Verify {
        /// The listing's id or key, or the beginning of one
        listing: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Tally {
    /// Of this circle
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) circle: Option<String>,
    /// With the receipts themselves, so that anybody can count again (with --json)
    #[arg(long)]
    pub(crate) receipts: bool,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// One exchange, with all that was said: its id, or the beginning of one
    #[arg(conflicts_with_all = ["all", "listing", "waiting"])]
    pub(crate) exchange: Option<String>,
    /// Those that are over, too
    #[arg(long)]
    pub(crate) all: bool,
    /// Only those about this listing
    #[arg(long, value_name = "LISTING")]
    pub(crate) listing: Option<String>,
    /// What waits for you instead, the most pressing first
    #[arg(long, conflicts_with_all = ["all", "listing"])]
    pub(crate) waiting: bool,
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command, Question};

    fn parsed(line: &str) -> Result<Exchange, String> {
        let words = line.split_whitespace().map(|word| word.replace('_', " "));
        let cli = Cli::try_parse_from(std::iter::once("commonshelf".to_owned()).chain(words));
        let command = cli.map_err(|error| error.to_string())?.command;
        let Command::Ask(Question::Exchange(exchange)) = command else { return Err(format!("{command:?}")) };
        Ok(exchange)
    }

    #[test]
    fn every_command_of_an_exchange_is_understood() {
        for line in [
            "request 3fa2",
            "request 3fa2 --count 2 --message for_Saturday --guest Ada",
            "request 3fa2 --count -1",
            "promise 01ab",
            "promise 01ab --count 1 --until 3d --place Yard --time 2026-12-01_17:00 --due 2w --message gladly --take-over",
            "decline 01ab",
            "decline 01ab it is broken",
            "cancel 01ab",
            "message 01ab see you then",
            "time 01ab",
            "time 01ab 2026-12-01_17:00",
            "time 01ab --ics -",
            "ready 01ab",
            "handover 01ab --code KX72M4 --condition scratched --minutes 90 --grams 1200 --count 1",
            "receipt 01ab",
            "return 01ab --condition clean",
            "renew 01ab --until 1w",
            "renew 01ab --due 1w",
            "missed 01ab",
            "take-over 01ab",
            "tell-others 01ab",
            "tell-others 01ab sorry it is gone",
            "own-up 01ab yes",
            "public 01ab no",
            "thanks 01ab",
            "thanks 01ab that was kind",
            "exchanges",
            "exchanges 01ab",
            "exchanges --all --listing 3fa2",
            "exchanges --waiting",
            "draw 3fa2",
            "draw verify 3fa2",
            "tally --circle Garden --receipts",
        ] {
            assert!(parsed(line).is_ok(), "{line}: {:?}", parsed(line));
        }
    }

    #[test]
    fn what_makes_no_sense_is_wrong_usage() {
        for line in [
            "request",
            "message 01ab",
            "own-up 01ab",
            "own-up 01ab maybe",
            "time 01ab 2026-12-01_17:00 --ics a.ics",
            "exchanges 01ab --all",
            "exchanges --waiting --all",
            "draw",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn words_need_no_quotes() {
        let Ok(Exchange::Message { one, text }) = parsed("message 01ab see you then") else { panic!() };
        assert_eq!((one.exchange.as_str(), text.join(" ").as_str()), ("01ab", "see you then"));
    }
}
