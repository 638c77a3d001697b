//! What pages and commands ask of exchanges.

use super::json::{ActInput, DrawJson, ExchangeJson, RequestInput, WaitingJson};
use crate::error::NodeError;
use crate::handle::Handle;

impl Handle {
    /// Asks for an offered thing, or volunteers to fill a need. It is durable when this returns, and leaves within
    /// seconds.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub async fn request(&self, listing: String, input: RequestInput) -> Result<ExchangeJson, NodeError> {
        self.on_node(move |service| service.request(&listing, &input)).await
    }

    /// Says something in an exchange. It is durable when this returns, and leaves within seconds.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub async fn act(&self, exchange: String, input: ActInput) -> Result<ExchangeJson, NodeError> {
        self.on_node(move |service| service.act_in(&exchange, &input)).await
    }

    /// The exchanges, those in which something was said last first; only those that are not over, unless `all`, and
    /// only of one listing, if one is named.
    ///
    /// # Errors
    /// If there is no such listing, or the node is stopping.
    pub async fn exchanges(&self, all: bool, of: Option<String>) -> Result<Vec<ExchangeJson>, NodeError> {
        self.on_node(move |service| {
            service.prove_all()?;
            service.exchanges(all, of.as_deref())
        })
        .await
    }

    /// One exchange, by its id or a unique beginning of it.
    ///
    /// # Errors
    /// If there is none, or several.
    pub async fn exchange(&self, id: String) -> Result<ExchangeJson, NodeError> {
        self.on_node(move |service| {
            service.prove_all()?;
            service.exchange(&id)
        })
        .await
    }

    /// What waits for the member, what is most pressing first.
    ///
    /// # Errors
    /// If the node is stopping.
    pub async fn waiting(&self) -> Result<Vec<WaitingJson>, NodeError> {
        self.on_node(|service| Ok(service.waiting())).await
    }

    /// The agreed time of an exchange for a calendar (RFC 5545).
    ///
    /// # Errors
    /// If there is no such exchange, or no time is proposed.
    pub async fn calendar(&self, id: String) -> Result<String, NodeError> {
        self.on_node(move |service| service.calendar(&id)).await
    }

    /// Draws one of the member's own listings, once it is closed. It happens by itself some minutes later.
    ///
    /// # Errors
    /// If it is not to be drawn, or can still be asked for.
    pub async fn draw(&self, listing: String) -> Result<DrawJson, NodeError> {
        self.on_node(move |service| service.draw(&listing)).await
    }

    /// What came out of a draw, and whether it is true as far as this node's member can check it.
    ///
    /// # Errors
    /// If there is no such listing.
    pub async fn check_draw(&self, listing: String) -> Result<DrawJson, NodeError> {
        self.on_node(move |service| service.draw_of(&listing)).await
    }
}
