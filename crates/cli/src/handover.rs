//! The part of the demo in which two neighbours meet: one asks for what fits its need, the other promises it and hands
//! it over, in sealed letters that all nodes carry and no other can read.

use std::time::{Duration, Instant};

use node::{ActInput, ExchangeJson, Handle, NodeError, PairJson, RequestInput};

use crate::failure::Failure;

/// How long a letter may take.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(200);

/// A neighbour of the demo.
pub(crate) struct Neighbour<'a> {
    pub(crate) name: &'a str,
    pub(crate) handle: &'a Handle,
}

/// Lets two neighbours meet over the first pair that both have a node; tells what happens. Nothing if there is none.
pub(crate) async fn show(
    neighbours: &[Neighbour<'_>],
    pairs: &[PairJson],
    say: &dyn Fn(String) -> Result<(), Failure>,
) -> Result<Option<ExchangeJson>, Failure> {
    let mut members = Vec::new();
    for neighbour in neighbours {
        members.push((neighbour.handle.profile().await?.member, neighbour));
    }
    let of = |member: &str| members.iter().find(|(id, _)| id == member).map(|(_, neighbour)| *neighbour);
    let both = |pair: &PairJson| {
        let (asker, giver) = (of(&pair.need.author)?, of(&pair.offer.author)?);
        (asker.name != giver.name && pair.offer.terms == "gift").then(|| (asker, giver, pair.offer.clone()))
    };
    let Some((asker, giver, offer)) = pairs.iter().find_map(both) else { return Ok(None) };
    let (asks, gives) = (asker.name, giver.name);
    say("\nA handover, in sealed letters that all carry and nobody else can open:\n".to_owned())?;
    say(format!("  {asks} asks {gives} for \"{}\"\n", offer.title))?;
    let input = RequestInput { message: Some("I would like that.".to_owned()), ..RequestInput::default() };
    let id = asker.handle.request(offer.key, input).await?.id;
    wait(giver.handle, &id, "requested").await?;
    let act = |act: &str| ActInput { act: act.to_owned(), ..ActInput::default() };
    let promise = ActInput { place: Some("In the yard, second door".to_owned()), ..act("promise") };
    giver.handle.act(id.clone(), promise).await?;
    let promised = wait(asker.handle, &id, "promised").await?;
    let (place, code) = (promised.place.unwrap_or_default(), promised.code.unwrap_or_default());
    say(format!("  {gives} promises it; {asks} alone reads where: \"{place}\"\n"))?;
    let handover = ActInput { code: Some(code), ..act("handover") };
    giver.handle.act(id.clone(), handover).await?;
    let done = wait(asker.handle, &id, "complete").await?;
    say(format!("  {asks} tells its pick-up code; {gives} hands it over: both have the receipt\n"))?;
    Ok(Some(done))
}

/// The exchange as a node sees it, once it is in this state.
async fn wait(handle: &Handle, id: &str, state: &str) -> Result<ExchangeJson, Failure> {
    let begun = Instant::now();
    loop {
        match handle.exchange(id.to_owned()).await {
            Ok(exchange) if exchange.state == state => return Ok(exchange),
            Ok(_) | Err(NodeError::NoSuchExchange(_)) => {}
            Err(error) => return Err(error.into()),
        }
        if begun.elapsed() > PATIENCE {
            return Err(Failure::new(format!("waited {} s in vain for a letter", PATIENCE.as_secs())));
        }
        tokio::time::sleep(LOOK).await;
    }
}
