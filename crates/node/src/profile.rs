//! Who the member is, as it tells its circles: the same in each of them.

use catalogue::hours::OpeningHours;
use record::{Body, CircleId, Key, Kind, MemberId, Profile, Slot, Timestamp, Verified};
use serde::{Deserialize, Serialize};

use crate::error::NodeError;
use crate::handle::Handle;
use crate::input::{filled, read_place, yes_or_no};
use crate::service::Service;

/// What a member tells of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileJson {
    /// The member: a `did:key`.
    pub member: String,
    /// What people call it; empty if it never said.
    pub name: String,
    /// A few words.
    #[serde(default)]
    pub text: String,
    /// The codes of the languages that it speaks.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Roughly where it is: an H3 cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell: Option<String>,
    /// When it can be met, as `OpenStreetMap` writes `opening_hours`.
    #[serde(default)]
    pub hours: String,
    /// Whether it wants shown what it gave and received.
    #[serde(default)]
    pub tally: bool,
}

/// What is to be changed of one's profile: what is missing stays, what is empty is taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProfileInput {
    /// What people call the member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Codes of languages, with spaces or commas between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub languages: Option<String>,
    /// Roughly where: `LAT,LON` or a cell. Only a cell of some five square kilometres is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// When the member can be met: `Mo-Fr 10:00-18:00; Sa 10:00-13:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// `yes` or `no`: whether it is shown what the member gave and received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tally: Option<String>,
}

impl Handle {
    /// What this node's member tells of itself.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn profile(&self) -> Result<ProfileJson, NodeError> {
        self.on_node(|service| Ok(service.profile_json(service.own_profile()?.as_ref()))).await
    }

    /// Tells all circles something else.
    ///
    /// # Errors
    /// If a field is out of bounds, no circle is kept, or the store fails.
    pub async fn change_profile(&self, input: ProfileInput) -> Result<ProfileJson, NodeError> {
        self.on_node(move |service| service.change_profile(&input)).await
    }
}

impl Service {
    fn profile_slot(author: MemberId) -> Slot {
        Slot { author, kind: Kind::profile(), key: Key::from_bytes([0; 16]) }
    }

    /// What a member tells a circle of itself.
    pub(crate) fn profile_of(
        &self,
        circle: CircleId,
        member: MemberId,
    ) -> Result<Option<Profile>, NodeError> {
        let body = self.body_in(circle, &Self::profile_slot(member))?;
        Ok(if let Some(Body::Profile(profile)) = body { Some(profile) } else { None })
    }

    /// What the own member said of itself last, in whatever circle.
    fn own_profile(&self) -> Result<Option<Profile>, NodeError> {
        let (me, mut newest) = (self.identity.member(), None);
        let slot = Self::profile_slot(me);
        for circle in self.read(|view| view.order.clone()) {
            let held = self.catalogue(circle)?.in_slot(&slot).map(|held| held.header().revision);
            newest = newest.max(held.map(|revision| (revision, circle)));
        }
        newest.map_or(Ok(None), |(_, circle)| self.profile_of(circle, me))
    }

    /// When the own member can be met; nothing if it tells no hours that can be read.
    pub(crate) fn own_hours(&self) -> Result<Option<OpeningHours>, NodeError> {
        Ok(self.own_profile()?.and_then(|profile| profile.hours.parse().ok()))
    }

    /// The profile that a circle has yet to be told.
    pub(crate) fn profile_record(
        &self,
        circle: CircleId,
        now: Timestamp,
    ) -> Result<Option<Verified>, NodeError> {
        // After a restore what peers know may be newer.
        if !self.has_heard(circle) {
            return Ok(None);
        }
        let mut profile = self.own_profile()?;
        if let Some(name) = &self.member {
            let called = match profile {
                Some(known) => Profile { name: name.clone(), ..known }.checked()?,
                None => Profile::named(name)?,
            };
            profile = Some(called);
        }
        let me = self.identity.member();
        let Some(profile) = profile else { return Ok(None) };
        if self.profile_of(circle, me)?.as_ref() == Some(&profile) {
            return Ok(None);
        }
        self.sign(circle, &Self::profile_slot(me), &Body::Profile(profile), now).map(Some)
    }

    fn change_profile(&mut self, input: &ProfileInput) -> Result<ProfileJson, NodeError> {
        let circles = self.read(|view| view.order.clone());
        if circles.is_empty() {
            return Err(NodeError::NoCircle);
        }
        for circle in &circles {
            self.must_have_heard(*circle)?;
        }
        let name = filled(&input.name).or(self.member.as_deref()).map(str::to_owned);
        let mut profile = match (self.own_profile()?, &name) {
            (Some(known), _) => known,
            (None, Some(name)) => Profile::named(name)?,
            (None, None) => {
                let text = "say what you are called first: commonshelf profile --name NAME";
                return Err(NodeError::Invalid(text.into()));
            }
        };
        if let Some(name) = name {
            profile.name = name;
        }
        if let Some(text) = &input.text {
            profile.text.clone_from(text);
        }
        if let Some(codes) = &input.languages {
            let codes = codes.split([' ', ',']).filter(|code| !code.is_empty());
            profile.languages = codes.map(str::parse).collect::<Result<_, _>>()?;
        }
        if let Some(place) = &input.place {
            profile.cell = if place.trim().is_empty() { None } else { Some(read_place(place)?) };
        }
        if let Some(hours) = &input.hours {
            if !hours.trim().is_empty() {
                hours.parse::<OpeningHours>().map_err(|error| NodeError::Invalid(error.to_string()))?;
            }
            profile.hours.clone_from(hours);
        }
        if let Some(shown) = yes_or_no(&input.tally)? {
            profile.tally = shown;
        }
        let profile = profile.checked()?;
        let now = self.clock.to_sign()?;
        let slot = Self::profile_slot(self.identity.member());
        self.member = Some(profile.name.clone());
        for circle in circles {
            if self.profile_of(circle, slot.author)?.as_ref() != Some(&profile) {
                let record = self.sign(circle, &slot, &Body::Profile(profile.clone()), now)?;
                self.write(circle, vec![record])?;
            }
        }
        Ok(self.profile_json(Some(&profile)))
    }

    fn profile_json(&self, profile: Option<&Profile>) -> ProfileJson {
        let member = self.identity.member().to_string();
        let Some(profile) = profile else { return ProfileJson { member, ..ProfileJson::default() } };
        ProfileJson {
            member,
            name: profile.name.clone(),
            text: profile.text.clone(),
            languages: profile.languages.iter().map(|language| language.code().to_owned()).collect(),
            cell: profile.cell.map(|cell| cell.to_string()),
            hours: profile.hours.clone(),
            tally: profile.tally,
        }
    }
}
