//! Invitations that take a member in: tokens that this node gave out, and those that it was given.

use catalogue::Belonging;
use protocol::{Input, Knock, PeerId, SessionId, Token};
use record::{CircleId, Hash, WritePolicy};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::belonging::MemberInput;
use crate::error::NodeError;
use crate::handle::Handle;
use crate::identity::random;
use crate::link::CircleLink;
use crate::service::Service;

/// How long a token is good, in days.
pub const TOKEN_DAYS: u64 = 14;
/// How many tokens a node remembers that it gave out; the oldest are forgotten first.
const MAX_GIVEN: usize = 200;
/// How many it remembers that it was given.
const MAX_HELD: usize = 16;
/// Under which names they lie in the store.
pub(crate) const GIVEN: &str = "tokens-given";
pub(crate) const HELD: &str = "tokens-held";

/// A token that this node gave out. The token itself is not kept.
#[derive(Serialize, Deserialize)]
struct Given {
    digest: String,
    circle: String,
    until: u64,
    /// Whom it let in.
    member: Option<String>,
}

/// A token that this node was given, and the peers that may have given it.
#[derive(Serialize, Deserialize)]
struct Held {
    token: String,
    circle: String,
    peers: Vec<String>,
}

impl Handle {
    /// The invitation into a circle of which a steward takes members in: the first who joins by it is taken in by this
    /// node, if that is within [`TOKEN_DAYS`].
    ///
    /// # Errors
    /// If this node's member is no steward, if anybody may write in the circle anyhow, or the store fails.
    pub async fn invitation_to_write(&self, circle: Option<String>) -> Result<CircleLink, NodeError> {
        let link = self.invitation(circle).await?;
        let token = self.on_node(move |service| service.give_token(link.circle)).await?;
        Ok(CircleLink { token: Some(token), ..link })
    }
}

impl Service {
    fn give_token(&mut self, circle: CircleId) -> Result<Token, NodeError> {
        self.must_be_steward(circle)?;
        if self.catalogue(circle)?.charter().is_some_and(|charter| charter.write == WritePolicy::Open) {
            return Err(NodeError::Invalid(
                "anybody may write in this circle: invite without --admit".to_owned(),
            ));
        }
        let now = self.clock.to_sign()?;
        let token = Token::from_bytes(random()?);
        let mut given = self.kept::<Given>(GIVEN)?;
        given.retain(|given| given.until > now.millis());
        let surplus = (given.len() + 1).saturating_sub(MAX_GIVEN);
        given.drain(..surplus);
        let until = now.plus_days(TOKEN_DAYS).millis();
        given.push(Given { digest: digest(&token), circle: circle.to_string(), until, member: None });
        self.keep_all(GIVEN, &given)?;
        Ok(token)
    }

    /// Keeps a token until the node that gave it has answered.
    pub(crate) fn hold_token(&mut self, link: &CircleLink) -> Result<(), NodeError> {
        let Some(token) = &link.token else { return Ok(()) };
        let circle = link.circle.to_string();
        let mut held = self.kept::<Held>(HELD)?;
        held.retain(|held| held.circle != circle);
        let surplus = (held.len() + 1).saturating_sub(MAX_HELD);
        held.drain(..surplus);
        let peers = link.peers.iter().filter_map(|address| address.peer()).map(|peer| peer.to_string());
        held.push(Held { token: token_text(token), circle, peers: peers.collect() });
        self.keep_all(HELD, &held)
    }

    /// Knocks at a peer with which a round of the circle has ended, if it may have given a token for that.
    pub(crate) fn knock(&mut self, peer: &PeerId, circle: CircleId) -> Result<(), NodeError> {
        let (text, name) = (circle.to_string(), peer.to_string());
        let held = self.kept::<Held>(HELD)?;
        let from = |held: &&Held| held.circle == text && held.peers.contains(&name);
        let Some(token) = held.iter().find(from).and_then(|held| read_token(&held.token)) else {
            return Ok(());
        };
        let member = self.identity.member();
        let knock = Knock { circle, member, token };
        if self.is_in(&knock) {
            return self.forget_token(circle);
        }
        let now = self.time();
        let outputs = self.protocol.handle(Input::Knock { peer: peer.clone(), knock }, now);
        self.act(outputs);
        Ok(())
    }

    /// Somebody knocks here.
    pub(crate) fn knocked(&mut self, session: SessionId, knock: &Knock) {
        // What fails here is not the newcomer's fault: it knocks again after the next round.
        let admitted = self.lets_in(knock).inspect_err(|error| {
            tracing::warn!(%error, "somebody who was invited could not be taken in yet");
        });
        let admitted = admitted.ok();
        let now = self.time();
        let outputs = self.protocol.handle(Input::Answered { session, admitted }, now);
        self.act(outputs);
    }

    fn lets_in(&mut self, knock: &Knock) -> Result<bool, NodeError> {
        let now = self.clock.to_sign()?;
        let (circle, digest) = (knock.circle.to_string(), digest(&knock.token));
        let mut given = self.kept::<Given>(GIVEN)?;
        let fits =
            |given: &Given| given.digest == digest && given.circle == circle && given.until > now.millis();
        let member = knock.member.to_string();
        let Some(token) = given.iter_mut().find(|given| fits(given)) else { return Ok(false) };
        // An invitation is no pardon. Whoever was let in and did not hear of it knocks again.
        if self.is_removed(knock) || token.member.as_ref().is_some_and(|before| *before != member) {
            return Ok(false);
        }
        if token.member.replace(member.clone()).is_none() {
            // Written down first, so that it lets in one alone whatever happens now.
            self.keep_all(GIVEN, &given)?;
        }
        if !self.is_in(knock) {
            self.admit(&MemberInput { member, circle: Some(circle), reason: None })?;
        }
        Ok(true)
    }

    fn is_removed(&self, knock: &Knock) -> bool {
        let belonging = self.protocol.catalogue(knock.circle).map(|kept| kept.belonging(&knock.member));
        matches!(belonging, Some(Belonging::Removed { .. }))
    }

    fn is_in(&self, knock: &Knock) -> bool {
        let belonging = self.protocol.catalogue(knock.circle).map(|kept| kept.belonging(&knock.member));
        matches!(belonging, Some(Belonging::Steward | Belonging::Member))
    }

    /// The node that gave a token has answered.
    pub(crate) fn knock_answered(&mut self, circle: CircleId, admitted: bool) {
        if let Err(error) = self.forget_token(circle) {
            tracing::error!(%error, "a used invitation was not forgotten");
        }
        self.change(|view| {
            view.notices.remove("invitation");
            if !admitted {
                let said = "Your invitation does not let you write: it was used already, or has ended, or you \
                            were shut out. Ask a steward.";
                view.notices.insert("invitation", said.to_owned());
            }
        });
    }

    fn forget_token(&mut self, circle: CircleId) -> Result<(), NodeError> {
        let mut held = self.kept::<Held>(HELD)?;
        held.retain(|held| held.circle != circle.to_string());
        self.keep_all(HELD, &held)
    }

    fn kept<T: DeserializeOwned>(&mut self, name: &str) -> Result<Vec<T>, NodeError> {
        let json = self.protocol.store().meta(name)?;
        Ok(json.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default())
    }

    fn keep_all<T: Serialize>(&mut self, name: &str, all: &[T]) -> Result<(), NodeError> {
        let json = serde_json::to_vec(all).map_err(|error| NodeError::Invalid(error.to_string()))?;
        Ok(self.protocol.store().set_meta(name, &json)?)
    }
}

fn digest(token: &Token) -> String {
    Hash::derive("commonshelf/token/1", &[token.as_bytes()]).to_string()
}

/// A token as text: 32 hexadecimal digits.
pub(crate) fn token_text(token: &Token) -> String {
    data_encoding::HEXLOWER.encode(token.as_bytes())
}

/// A token out of its text.
pub(crate) fn read_token(text: &str) -> Option<Token> {
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok()?;
    Some(Token::from_bytes(bytes.as_slice().try_into().ok()?))
}
