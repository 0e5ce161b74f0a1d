//! The store and the provider, as one process has them.

use std::{
    fmt,
    future::{pending, ready},
    sync::Arc,
    time::Duration,
};

use super::{
    super::RefreshCalls,
    world::{Call, Fate, Flaw, START, World, at_once},
};
use crate::{
    error::{Error, ErrorKind, TokenError},
    oidc::TokenRequestFailure,
    session::store::{Claim, SessionKey, SessionStore, StoreError, StoreFuture, StoredSession},
    tokens::{AccessToken, DiditTokens, IdClaims, RefreshToken, Scopes, TokenSet},
};

/// The store and the provider, as one process has them.
#[derive(Clone)]
pub(super) struct View {
    pub(super) world: Arc<World>,
    process: usize,
}

impl View {
    pub(super) fn new(world: &Arc<World>, process: usize) -> Self {
        Self {
            world: Arc::clone(world),
            process,
        }
    }

    fn call<'a, T: Send + 'a>(
        &'a self,
        call: Call,
        effect: impl FnOnce(&World) -> T + Send + 'static,
    ) -> StoreFuture<'a, T> {
        let world = &self.world;
        let effect = move |world: &World| {
            if call != Call::Load {
                world.change(0);
            }
            effect(world)
        };
        Box::pin(async move {
            match world.fate(self.process, call).await {
                Fate::Done => return Ok(effect(world)),
                _ if call == Call::Load => {}
                Fate::Dies => {
                    world.put_on_wire(self.process, move |world| drop(effect(world)));
                    pending::<()>().await;
                }
                _ => world.put_on_wire(self.process, move |world| drop(effect(world))),
            }
            Err(StoreError::new("no answer"))
        })
    }
}

impl SessionStore for View {
    fn load<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, Option<StoredSession>> {
        let key = *key;
        self.call(Call::Load, move |world| world.stored(&key))
    }

    /// The mark of a sign-out: what it is for, the end of the provider's session, is no part of this.
    fn create<'a>(&'a self, _: &'a SessionKey, _: &'a [u8], _: Duration) -> StoreFuture<'a, bool> {
        Box::pin(ready(Ok(true)))
    }

    fn replace<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        value: &'a [u8],
        lifetime: Duration,
    ) -> StoreFuture<'a, bool> {
        let (key, value) = (*key, value.to_vec());
        self.call(Call::Replace, move |world| {
            let version = world.version(&key, version, Flaw::ReplacesAnyVersion);
            at_once(world.store.replace(&key, version, &value, lifetime))
        })
    }

    fn claim<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        claim: Claim,
    ) -> StoreFuture<'a, bool> {
        let key = *key;
        self.call(Call::Claim, move |world| {
            let version = world.version(&key, version, Flaw::ClaimsAnyVersion);
            if world.flaw == Some(Flaw::ForgetsClaims) {
                return world
                    .stored(&key)
                    .is_some_and(|stored| stored.version() == version);
            }
            at_once(world.store.claim(&key, version, claim))
        })
    }

    fn release<'a>(&'a self, key: &'a SessionKey, version: u64) -> StoreFuture<'a, bool> {
        let key = *key;
        self.call(Call::Release, move |world| {
            at_once(world.store.release(&key, version))
        })
    }

    fn delete<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, ()> {
        let key = *key;
        self.call(Call::Delete, move |world| {
            world.state().is_deleted = true;
            at_once(world.store.delete(&key));
        })
    }
}

impl RefreshCalls for View {
    type Ready = ();

    async fn prepare(&self) -> Result<(), Error> {
        match self.world.fate(self.process, Call::Prepare).await {
            Fate::Done => Ok(()),
            _ => Err(Error::new(ErrorKind::ProviderUnreachable)),
        }
    }

    async fn send(&self, (): (), tokens: &DiditTokens) -> Result<DiditTokens, TokenRequestFailure> {
        let world = &self.world;
        let refresh_token = tokens.refresh_token().map_or("", |token| token.secret());
        let refresh_token = refresh_token.to_owned();
        let fate = world.fate(self.process, Call::Send).await;
        if fate != Fate::NeverLeft {
            world.note_sent(&refresh_token);
        }
        let refused = || Error::new(TokenError::InvalidGrant);
        match fate {
            Fate::Done => {
                let granted = world.grant(&refresh_token);
                let tokens =
                    granted.ok_or_else(|| TokenRequestFailure::after_sending(refused()))?;
                let received = (self.process, number(&tokens));
                world.state().received.push(received);
                return Ok(tokens);
            }
            Fate::Refused => {
                world.state().is_refused = true;
                return Err(TokenRequestFailure::after_sending(refused()));
            }
            Fate::NeverLeft => {}
            Fate::Lost | Fate::LostLate | Fate::Dies => {
                world.put_on_wire(self.process, move |world| drop(world.grant(&refresh_token)));
            }
        }
        if fate == Fate::Dies {
            pending::<()>().await;
        }
        Err(TokenRequestFailure {
            error: Error::new(ErrorKind::ProviderUnreachable),
            was_sent: fate != Fate::NeverLeft && world.flaw != Some(Flaw::DeniesSending),
        })
    }

    async fn discard(&self, _tokens: &DiditTokens) {}
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "View({})", self.process)
    }
}

/// The tokens with this number.
pub(super) fn tokens(number: u32, rotates: bool) -> DiditTokens {
    let refresh_token = if rotates { number } else { 0 };
    DiditTokens::new(TokenSet {
        access_token: AccessToken::new(format!("at-{number}")),
        refresh_token: Some(RefreshToken::new(format!("rt-{refresh_token}"))),
        id_token: None,
        scopes: Scopes::new("openid offline"),
        expires_at: None,
        received_at: START,
        claims: IdClaims::of_subject("john"),
    })
}

pub(super) fn number(tokens: &DiditTokens) -> u32 {
    let number = tokens.access_token().secret().strip_prefix("at-");
    number.and_then(|number| number.parse().ok()).expect("ours")
}
