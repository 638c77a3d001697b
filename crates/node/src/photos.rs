//! Photos at a node: which there are, which are fetched, and which make room for others.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use protocol::limits::MAX_BLOB;
use protocol::{Blob, BlobInput, BlobOutput, Input};
use record::limits::{MAX_PHOTOS, MAX_THUMB};
use record::{Hash, Listing, Photo};
use serde::{Deserialize, Serialize};
use store::BlobFiles;
use tokio::sync::oneshot;

use crate::error::NodeError;
use crate::folder::Folder;
use crate::json::PhotoJson;
use crate::photo::Prepared;
use crate::service::Service;
use crate::view::Place;

/// Where photos lie, below the data folder.
pub(crate) const FOLDER: &str = "photos";
/// How many bytes the photos of others may have together with this member's own.
const ROOM: u64 = 512 * 1024 * 1024;
/// When there is no room, so much is made at once.
const ROOM_TO_MAKE: u64 = ROOM / 32;
/// How long a photo that was given waits for its listing, in ticks of a second.
pub(crate) const PATIENCE: u32 = 60 * 60;
/// How many of them wait at a time.
const MAX_GIVEN: usize = 64;
/// How many wait for one photo to arrive.
const MAX_WAITING: usize = 64;

/// A photo of a listing, by the name that it got when it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PhotoInput {
    /// Its SHA-256: 64 hexadecimal digits.
    pub photo: String,
    /// What can be seen on it, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
}

/// The photos of a node, as its thread knows them.
pub(crate) struct Photos {
    pub(crate) files: Arc<BlobFiles>,
    /// Given, and perhaps in no listing yet.
    given: BTreeMap<Hash, Given>,
    /// Who waits for one to arrive.
    waiting: BTreeMap<Hash, Vec<oneshot::Sender<()>>>,
    /// What was given to a peer last.
    served: Option<(Hash, Vec<u8>)>,
}

struct Given {
    photo: Photo,
    since: u32,
}

impl Photos {
    pub(crate) fn open(folder: &Folder) -> Result<Self, NodeError> {
        Ok(Self {
            files: Arc::new(files(folder)?),
            given: BTreeMap::new(),
            waiting: BTreeMap::new(),
            served: None,
        })
    }

    fn is_given(&self, hash: Hash) -> bool {
        self.given.values().any(|given| given.photo.photo == hash || given.photo.thumb == hash)
    }
}

/// Which blobs make room for so many bytes, of all that there are, the least used first: no own ones, and thumbnails
/// last.
fn given_up(all: Vec<Blob>, mut surplus: u64, is_own: impl Fn(Hash) -> bool) -> Vec<Blob> {
    let (thumbs, photos): (Vec<_>, Vec<_>) = all.into_iter().partition(|blob| blob.size <= MAX_THUMB);
    let mut given_up = Vec::new();
    for blob in photos.into_iter().chain(thumbs) {
        if surplus == 0 {
            break;
        }
        if !is_own(blob.hash) {
            surplus = surplus.saturating_sub(blob.size.into());
            given_up.push(blob);
        }
    }
    given_up
}

/// The files of a folder's photos.
pub(crate) fn files(folder: &Folder) -> Result<BlobFiles, NodeError> {
    let path = folder.path().join(FOLDER);
    BlobFiles::open(&path)
        .map_err(|error| NodeError::Folder { folder: path.display().to_string(), reason: error.to_string() })
}

fn blobs(photo: &Photo) -> [Blob; 2] {
    let thumb = Blob { hash: photo.thumb, size: photo.thumb_size };
    [Blob { hash: photo.photo, size: photo.size }, thumb]
}

impl Service {
    /// Tells the protocol which photos lie here, before it reads the records that refer to them.
    pub(crate) fn tell_photos(&mut self) {
        self.blob_input(BlobInput::Here(self.photos.files.all()));
    }

    /// Once the records were read: goes on with what was begun.
    pub(crate) fn resume_photos(&mut self) {
        match self.photos.files.parts() {
            Ok(parts) => {
                for (blob, bytes) in parts {
                    if self.protocol.referring(blob.hash).next().is_some() {
                        self.blob_input(BlobInput::Begun { blob, bytes });
                    } else {
                        self.photos.files.forget_part(blob);
                    }
                }
            }
            Err(error) => self.photos_failed(&error),
        }
    }

    /// Forgets what no record refers to any more.
    pub(crate) fn tidy_photos(&mut self) {
        // Why: without its charter, or while the date is in doubt, a circle does not show all that it has.
        if self.protocol.circles().all(|circle| circle.charter().is_some()) && self.clock.json().sure {
            for blob in self.photos.files.all() {
                let referred = self.protocol.referring(blob.hash).next().is_some();
                if !referred && !self.photos.is_given(blob.hash) {
                    self.photos.files.remove(blob.hash);
                    self.blob_input(BlobInput::Gone(blob));
                }
            }
        }
    }

    fn blob_input(&mut self, input: BlobInput) {
        let now = self.time();
        let outputs = self.protocol.handle(Input::Blob(input), now);
        self.act(outputs);
    }

    /// Carries out what the protocol wants with blobs.
    pub(crate) fn blob_output(&mut self, output: BlobOutput) {
        match output {
            BlobOutput::Open { peer, session } => {
                self.command(net::Command::OpenForBlobs { peer, session });
            }
            BlobOutput::Read { session, blob, offset, length } => {
                // Why: a blob is asked for part by part, and its hash is over all of it.
                if self.photos.served.as_ref().is_none_or(|(served, _)| *served != blob.hash) {
                    self.photos.served = self.photos.files.read(blob.hash).map(|bytes| (blob.hash, bytes));
                }
                if self.photos.served.is_none() && !self.photos.files.has(blob.hash) {
                    self.blob_input(BlobInput::Gone(blob));
                }
                let part = offset as usize..offset.saturating_add(length) as usize;
                let served = self.photos.served.as_ref();
                let bytes = served.and_then(|(_, whole)| whole.get(part).map(<[u8]>::to_vec));
                self.blob_input(BlobInput::Read { session, bytes });
            }
            BlobOutput::Part { blob, offset, bytes } => {
                if let Err(error) = self.photos.files.put_part(blob, offset, &bytes) {
                    self.photos_failed(&error);
                }
            }
            BlobOutput::Whole { blob, bytes } => {
                if let Err(error) = self.photos.files.put(blob, &bytes, false, self.clock.now()) {
                    self.photos_failed(&error);
                    self.blob_input(BlobInput::Gone(blob));
                }
                for waiting in self.photos.waiting.remove(&blob.hash).unwrap_or_default() {
                    // Whoever waited may have gone.
                    let _ = waiting.send(());
                }
                self.make_room();
            }
            BlobOutput::Discard(blob) => self.photos.files.forget_part(blob),
            BlobOutput::Unreferred(blob) => {
                self.photos.files.forget_part(blob);
                // What an edit took off may be put on again; what waits for its listing stays as well.
                if self.photos.is_given(blob.hash) || self.protocol.referring(blob.hash).next().is_some() {
                    self.blob_input(BlobInput::Here(vec![blob]));
                } else {
                    self.photos.files.remove(blob.hash);
                }
            }
        }
    }

    fn photos_failed(&self, error: &io::Error) {
        tracing::error!(%error, "a photo could not be kept");
        self.change(|view| {
            view.notices.insert("photos", format!("A photo could not be kept: {}.", store::disk(error)));
        });
    }

    /// Gives up photos of others, first those that nobody looked at for the longest time; thumbnails last.
    fn make_room(&mut self) {
        let bytes = self.photos.files.bytes();
        if bytes <= ROOM {
            return;
        }
        let surplus = bytes.saturating_sub(ROOM.saturating_sub(ROOM_TO_MAKE));
        for blob in given_up(self.photos.files.all(), surplus, |hash| self.is_own(hash)) {
            self.photos.files.remove(blob.hash);
            self.blob_input(BlobInput::Gone(blob));
        }
    }

    /// Whether a photo is this member's own, in a listing or before.
    fn is_own(&self, hash: Hash) -> bool {
        let own = |(circle, id)| {
            let place = Place { circle, id };
            self.read(|view| view.entry(&place).is_some_and(|entry| entry.author == view.me))
        };
        self.photos.is_given(hash) || self.protocol.referring(hash).any(own)
    }

    /// Takes a photo for a listing that will be written next. It is durable when this returns.
    pub(crate) fn give_photo(&mut self, prepared: &Prepared) -> Result<PhotoJson, NodeError> {
        let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(MAX_BLOB);
        let photo = Photo {
            photo: Hash::of(&prepared.photo),
            size: size(&prepared.photo),
            thumb: Hash::of(&prepared.thumb),
            thumb_size: size(&prepared.thumb),
            alt: String::new(),
        };
        if self.photos.given.len() >= MAX_GIVEN && !self.photos.given.contains_key(&photo.photo) {
            return Err(NodeError::TooManyPhotos);
        }
        for (blob, bytes) in blobs(&photo).into_iter().zip([&prepared.photo, &prepared.thumb]) {
            let kept = self.photos.files.put(blob, bytes, true, self.clock.now());
            kept.map_err(|error| NodeError::Store(protocol::StoreError(store::disk(&error))))?;
        }
        let json = PhotoJson::of(&photo);
        let here = blobs(&photo).to_vec();
        self.photos.given.insert(photo.photo, Given { photo, since: self.ticks });
        self.blob_input(BlobInput::Here(here));
        Ok(json)
    }

    /// Forgets photos that were given and came into no listing for so many ticks.
    pub(crate) fn forget_given(&mut self, patience: u32) {
        let ticks = self.ticks;
        let late = |given: &Given| ticks.wrapping_sub(given.since) >= patience;
        let late: Vec<Photo> =
            self.photos.given.values().filter(|given| late(given)).map(|given| given.photo.clone()).collect();
        for photo in late {
            self.photos.given.remove(&photo.photo);
            for blob in blobs(&photo) {
                if !self.photos.is_given(blob.hash) && self.protocol.referring(blob.hash).next().is_none() {
                    self.photos.files.remove(blob.hash);
                    self.blob_input(BlobInput::Gone(blob));
                }
            }
        }
    }

    /// The photos that a listing shall have: given before, or those that it has.
    pub(crate) fn chosen_photos(
        &self,
        chosen: Option<&[PhotoInput]>,
        old: &Listing,
    ) -> Result<Vec<Photo>, NodeError> {
        let Some(chosen) = chosen else { return Ok(old.photos.clone()) };
        if chosen.len() > MAX_PHOTOS {
            return Err(record::BodyError::TooManyPhotos.into());
        }
        let named = |input: &PhotoInput| {
            let hash = Hash::from_hex(&input.photo);
            let given = hash.and_then(|hash| self.photos.given.get(&hash)).map(|given| &given.photo);
            let had = || old.photos.iter().find(|photo| Some(photo.photo) == hash);
            let mut photo = given.or_else(had).cloned().ok_or_else(|| NodeError::no_photo(&input.photo))?;
            if let Some(alt) = &input.alt {
                photo.alt = record::tidy_line(alt);
            }
            Ok(photo)
        };
        chosen.iter().map(named).collect()
    }

    /// What listings name by a hash: more than one only if they lie about its size.
    fn referred(&self, hash: Hash) -> BTreeSet<Blob> {
        let places = self.protocol.referring(hash).map(|(circle, id)| Place { circle, id });
        self.read(|view| {
            let entries = places.filter_map(|place| view.entry(&place));
            let photos = entries.flat_map(|entry| entry.listing.photos.iter().flat_map(blobs));
            photos.filter(|blob| blob.hash == hash).collect()
        })
    }

    /// Lets a photo be fetched; the receiver hears when it is here.
    pub(crate) fn look_at(&mut self, hash: Hash) -> Result<oneshot::Receiver<()>, NodeError> {
        if self.protocol.referring(hash).next().is_none() {
            return Err(NodeError::no_photo(&hash.to_string()));
        }
        let (tell, told) = oneshot::channel();
        if self.photos.files.has(hash) {
            // It has come meanwhile; whoever asked listens.
            let _ = tell.send(());
            return Ok(told);
        }
        // Its file may have been damaged.
        for blob in self.referred(hash) {
            self.blob_input(BlobInput::Gone(blob));
        }
        for waiting in self.photos.waiting.values_mut() {
            waiting.retain(|waiting| !waiting.is_closed());
        }
        self.photos.waiting.retain(|_, waiting| !waiting.is_empty());
        let waiting = self.photos.waiting.entry(hash).or_default();
        if waiting.len() < MAX_WAITING {
            waiting.push(tell);
        }
        self.blob_input(BlobInput::LookedAt(hash));
        Ok(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photos_of_others_make_room_the_least_used_first_and_thumbnails_last() {
        let blob = |name: &str, size| Blob { hash: Hash::of(name.as_bytes()), size };
        let [old, own, new] = ["old", "own", "new"].map(|name| blob(name, 100_000));
        let [thumb, own_thumb] = ["thumb", "own thumb"].map(|name| blob(name, 10_000));
        let all = || vec![thumb, old, own, own_thumb, new];
        let given_up = |surplus| given_up(all(), surplus, |hash| [own.hash, own_thumb.hash].contains(&hash));
        assert_eq!(given_up(0), []);
        assert_eq!(given_up(1), [old]);
        assert_eq!(given_up(100_001), [old, new]);
        assert_eq!(given_up(200_001), [old, new, thumb]);
        assert_eq!(given_up(u64::MAX), [old, new, thumb], "and never one's own");
    }
}
