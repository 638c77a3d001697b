//! Why a node could not do what it was asked: sentences for the person who asked.

use protocol::{Doubt, StoreError};
use record::{BodyError, MemberId, NumberError, ThingNumber, Timestamp, WordsError};

use crate::import::ImportError;

/// What kind of failure it is: exit codes and HTTP statuses follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// What was given can not be used as it is.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// It is there, but this may not be done with it, or not now.
    Refused,
    /// The disk or the store does not do its part.
    Storage,
    /// The node is stopping, another one owns the folder, or the date is in doubt.
    Unavailable,
}

/// Why a node could not do what it was asked. Each is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// A field of a listing, circle or profile is out of bounds.
    #[error("{0}")]
    Field(#[from] BodyError),
    /// Something else that was given can not be used.
    #[error("{0}")]
    Invalid(String),
    /// A file that can not be imported.
    #[error("{0}")]
    Import(#[from] ImportError),
    /// No listing has this id, key or beginning.
    #[error("there is no listing {0}: `list` shows what there is")]
    NoSuchListing(String),
    /// No listing has this photo.
    #[error("there is no photo {0}: a listing takes photos that were sent to /api/v1/photos within the hour")]
    NoSuchPhoto(String),
    /// Many photos were given, and no listings for them.
    #[error("many photos wait for their listings: write these first, or wait an hour")]
    TooManyPhotos,
    /// Several have it.
    #[error("{count} listings begin with {reference}: give more of the id")]
    Ambiguous {
        /// What was given.
        reference: String,
        /// How many.
        count: usize,
    },
    /// Nothing on the shelf has this number.
    #[error(
        "nothing here has the number {0}: it was given away or withdrawn, or what its owner wrote has not arrived yet"
    )]
    NoSuchNumber(ThingNumber),
    /// What looks like a number is none.
    #[error("{0}")]
    NoNumber(#[from] NumberError),
    /// Several things share a number.
    #[error("several things have the number {number}, so name the one by its key: {things}")]
    SharedNumber {
        /// The number.
        number: ThingNumber,
        /// The beginnings of their keys, and what they are called.
        things: String,
    },
    /// No circle has this id.
    #[error("this node keeps no circle {0}: `circle list` shows those that it keeps")]
    NoSuchCircle(String),
    /// Several circles have this name.
    #[error("several circles are called {0}: name one by its id (`circle list` shows them)")]
    SeveralSoCalled(String),
    /// The node is in no circle yet.
    #[error(
        "this node is in no circle yet: found one with `circle found NAME`, or join one with \
         `circle join nearby`"
    )]
    NoCircle,
    /// The circle's charter has not arrived.
    #[error(
        "the circle's charter has not arrived yet: wait until a node that keeps the circle is connected \
         (`peers` shows who is)"
    )]
    NoCharterYet,
    /// The listing is somebody else's.
    #[error("this listing is not yours: only its author can change it")]
    NotYours,
    /// The listing is the member's own, which a node does not hide.
    #[error("this listing is your own: `withdraw` takes it back everywhere")]
    YourOwn,
    /// Nothing of this key is hidden.
    #[error("this node hides nothing with the key {0}: `hide` without a listing shows what it hides")]
    NotHidden(String),
    /// Much is hidden.
    #[error("this node hides {0} things, and not more: show one again with `unhide` first")]
    TooMuchHidden(usize),
    /// Many private needs are kept.
    #[error(
        "this node keeps {0} private needs, and not more: withdraw one first (`list --private` shows them)"
    )]
    TooMuchPrivate(usize),
    /// Two things are no pair.
    #[error("these two are not a need and an offer of one circle: `matches` shows pairs")]
    NoPair,
    /// A pair of others.
    #[error("neither of these two is yours: only your own matches are dismissed")]
    NotYourPair,
    /// The author's quota is full.
    #[error(
        "the circle allows {limit} things for each member, and you have {used}: what is withdrawn makes \
         room after 180 days"
    )]
    Quota {
        /// How many there are.
        used: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The machine's clock is in doubt.
    #[error("{}", crate::clock::advice(.0))]
    Clock(Doubt),
    /// Nobody near keeps a circle.
    #[error("no circle was found nearby: check that another node is on this network, or join with a link")]
    NothingNearby,
    /// Several circles are near.
    #[error("several circles are nearby: choose one with `circle join ID` ({0})")]
    SeveralNearby(String),
    /// The node runs without a network.
    #[error("this needs a running node: start one with `commonshelf up`")]
    Offline,
    /// Another node owns the data folder.
    #[error(
        "the folder {folder} belongs to a running node{pid}: stop that one, or choose another folder with --data"
    )]
    Owned {
        /// The folder.
        folder: String,
        /// Its process, as ` (process 123)`, if known.
        pid: String,
    },
    /// The data folder can not be used.
    #[error(
        "the folder {folder} can not be used ({reason}): choose another with --data, or mend its permissions"
    )]
    Folder {
        /// The folder.
        folder: String,
        /// What the system says.
        reason: String,
    },
    /// The store failed.
    #[error("the store does not do its part: {0}")]
    Store(#[from] StoreError),
    /// A key file does not hold a key.
    #[error(
        "the file {0} does not hold a key: restore it from a backup, or move the folder away to begin anew"
    )]
    BadKey(String),
    /// The 24 words are not those of a key.
    #[error("{0}")]
    Words(#[from] WordsError),
    /// They are those of another key.
    #[error("these are the words of another member: this node's is {0}")]
    OtherWords(MemberId),
    /// Something needs the root key, and it is not here.
    #[error("your root key is not on this node: this needs your 24 words, on the standard input")]
    NoRoot,
    /// The words are asked for, and the root key is not here.
    #[error("your root key was taken off this node: the 24 words that you wrote down are what is left of it")]
    TakenOff,
    /// The folder holds things of another member.
    #[error("this folder already holds things of another member, {0}: restore into an empty one with --data")]
    NotEmpty(MemberId),
    /// A backup is restored into an empty folder.
    #[error(
        "the folder {0} holds a node already, which would be lost: choose an empty one with --data, or move that one \
         away"
    )]
    HoldsANode(String),
    /// A backup was not restored to the end.
    #[error("a backup was not restored into {0} to the end: do it again with `commonshelf restore FILE`")]
    Unfinished(String),
    /// What other nodes know of this member's things has not arrived yet.
    #[error(
        "this node was restored and has heard from no other one yet, and others may hold newer versions of \
         your things: connect first (`commonshelf up --join LINK`), or say that there is no other node with \
         `commonshelf key restore --alone`"
    )]
    NotHeard,
    /// The circle takes things only from members.
    #[error(
        "in this circle only members write: give a steward, or members who know you, your name {0}, so that \
         they take you in"
    )]
    NotMember(MemberId),
    /// The member was shut out of the circle.
    #[error("you were shut out of this circle: its stewards can say why, and take you in again")]
    ShutOut,
    /// A circle that only members read is joined by an invitation.
    #[error(
        "only members read this circle: join it first with an invitation (`circle join LINK`), and import then"
    )]
    MembersRead,
    /// A bundle that is sealed with a secret that is not here.
    #[error(
        "this bundle is sealed with a read secret of the circle that this node does not have: let a node of the \
         circle invite this one (`circle join LINK`), and import then"
    )]
    OtherSecret,
    /// Only stewards do that.
    #[error("only a steward of the circle takes members in and shuts them out")]
    NotSteward,
    /// Stewards are not shut out.
    #[error("a steward is not shut out by another one: that takes a new charter of the circle")]
    IsSteward,
    /// There is no read secret to be drawn.
    #[error("anyone may read this circle: there is no secret to renew")]
    OpenToAnyone,
    /// Only who shut a member out takes that back.
    #[error("another steward shut this member out, and alone can take that back")]
    RemovedByAnother,
    /// This node may not sign for its member.
    #[error(
        "this node holds no grant of yours in the circle, or one that has ended, and your root key is not \
         here: run `commonshelf grant add {0}` and type your 24 words"
    )]
    NoGrant(MemberId),
    /// This node may not sign for its member any more.
    #[error(
        "the key of this node was revoked, so it signs for you no more: move the data folder away, and begin \
         again with `commonshelf key restore`"
    )]
    Revoked,
    /// The key was revoked.
    #[error("the key {0} was revoked in this circle, which is final: let that device make a new one")]
    KeyRevoked(MemberId),
    /// No grant names this key.
    #[error("you have granted nothing to {0}: `commonshelf grant list` shows what you have")]
    NoSuchGrant(MemberId),
    /// A node can not take its own right to sign.
    #[error("{0} is this node's own key: revoke it on another device, else this one could not say so")]
    OwnKey(MemberId),
    /// No exchange has this id or beginning.
    #[error("there is no exchange {0}: `exchanges --all` shows what there is")]
    NoSuchExchange(String),
    /// Several have it.
    #[error("{count} exchanges begin with {reference}: give more of the id")]
    SeveralExchanges {
        /// What was given.
        reference: String,
        /// How many.
        count: usize,
    },
    /// What is said does not fit the exchange.
    #[error("{0}")]
    Act(catalogue::exchange::ActError),
    /// Nothing that can be said has this name.
    #[error("\"{0}\" is nothing that can be said in an exchange")]
    NoSuchAct(String),
    /// One's own listing.
    #[error("this listing is your own: others ask for it")]
    AskedYourself,
    /// More is asked for than is left.
    #[error("{left} are left, and you ask for {asked}")]
    FewerLeft {
        /// How many are left.
        left: u32,
        /// How many are asked for.
        asked: u32,
    },
    /// Too much is going on.
    #[error("too many exchanges are open: end some first")]
    TooManyExchanges,
    /// Guests ask only where anyone may write.
    #[error("in this circle only members ask: a steward, or members who know you, take you in")]
    NotOpen,
    /// It is too late to take part.
    #[error("the draw closed at {}: it is too late to ask", when(*.0))]
    DrawClosed(Timestamp),
    /// It is too early to draw.
    #[error("the draw is open until {}: it can be drawn then", when(*.0))]
    DrawOpen(Timestamp),
    /// The listing is given away in another way.
    #[error("this listing is not to be drawn: offer it with `--decide draw --closes WHEN`")]
    NoDraw,
    /// Another device of the member is bound to the draw.
    #[error("another device of yours is bound to this draw: let that one draw")]
    DrawnElsewhere,
    /// The network did not start.
    #[error("{0}")]
    Network(#[from] net::NetError),
    /// The system gives no randomness.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// The node has stopped.
    #[error("the node is stopping: start it again with `commonshelf up`")]
    Stopped,
}

/// A moment as messages tell it.
fn when(moment: Timestamp) -> String {
    let minutes = moment.millis() / 60_000;
    format!("{} {:02}:{:02} UTC", moment.date(), minutes / 60 % 24, minutes % 60)
}

impl NodeError {
    /// No listing has the photo of this name, whatever the name is.
    pub(crate) fn no_photo(name: &str) -> Self {
        Self::NoSuchPhoto(name.chars().take(64).collect())
    }

    /// Whether it says that no listing is called so.
    #[must_use]
    pub const fn is_no_listing(&self) -> bool {
        matches!(self, Self::NoSuchListing(_) | Self::NoSuchNumber(_) | Self::NoNumber(_))
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Field(_)
            | Self::Invalid(_)
            | Self::Import(_)
            | Self::Ambiguous { .. }
            | Self::SharedNumber { .. }
            | Self::Words(_)
            | Self::NoPair
            | Self::SeveralExchanges { .. }
            | Self::NoSuchAct(_)
            | Self::NoDraw
            | Self::OtherWords(_) => ErrorKind::Invalid,
            Self::NoSuchListing(_)
            | Self::NoSuchNumber(_)
            | Self::NoNumber(_)
            | Self::NoSuchPhoto(_)
            | Self::NoSuchCircle(_)
            | Self::NoSuchGrant(_)
            | Self::NotHidden(_)
            | Self::NoSuchExchange(_)
            | Self::NothingNearby => ErrorKind::NotFound,
            Self::NoCircle
            | Self::NoCharterYet
            | Self::NotYours
            | Self::YourOwn
            | Self::Act(_)
            | Self::AskedYourself
            | Self::FewerLeft { .. }
            | Self::TooManyExchanges
            | Self::NotOpen
            | Self::DrawClosed(_)
            | Self::DrawOpen(_)
            | Self::DrawnElsewhere
            | Self::TooMuchHidden(_)
            | Self::TooMuchPrivate(_)
            | Self::NotYourPair
            | Self::TooManyPhotos
            | Self::Quota { .. }
            | Self::SeveralNearby(_)
            | Self::SeveralSoCalled(_)
            | Self::NoRoot
            | Self::TakenOff
            | Self::NotEmpty(_)
            | Self::HoldsANode(_)
            | Self::Unfinished(_)
            | Self::NotHeard
            | Self::NotMember(_)
            | Self::MembersRead
            | Self::OtherSecret
            | Self::ShutOut
            | Self::NotSteward
            | Self::IsSteward
            | Self::OpenToAnyone
            | Self::RemovedByAnother
            | Self::NoGrant(_)
            | Self::Revoked
            | Self::KeyRevoked(_)
            | Self::OwnKey(_) => ErrorKind::Refused,
            Self::Store(_) | Self::Folder { .. } | Self::BadKey(_) | Self::Random(_) => ErrorKind::Storage,
            Self::Clock(_) | Self::Offline | Self::Owned { .. } | Self::Network(_) | Self::Stopped => {
                ErrorKind::Unavailable
            }
        }
    }
}
