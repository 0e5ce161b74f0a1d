//! The store and the provider, as one process has them.

use std::{fmt, future::pending, sync::Arc, time::Duration};

use super::{
    super::RefreshCalls,
    world::{Call, CallResult, Defect, START, World, at_once},
};
use crate::{
    error::{Error, ErrorKind, TokenError},
    oidc::TokenRequestFailure,
    session::store::{
        RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreError, StoreFuture,
        StoredSession, UserKey,
    },
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

    /// A call that leaves the store as it is.
    fn read<'a, T: Send + 'a>(
        &'a self,
        call: Call,
        effect: impl FnOnce(&World) -> T + Send + 'static,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            match self.world.decision(self.process, call).await {
                CallResult::Done => Ok(effect(&self.world)),
                _ => Err(StoreError::new("no answer")),
            }
        })
    }

    /// A call that may change the store, and says whether it did.
    fn write(
        &self,
        call: Call,
        effect: impl FnOnce(&World) -> bool + Send + 'static,
    ) -> StoreFuture<'_, bool> {
        let world = &self.world;
        let effect = move |world: &World| {
            let has_changed = effect(world);
            if has_changed {
                world.change(0);
            }
            has_changed
        };
        Box::pin(async move {
            let result = world.decision(self.process, call).await;
            if result == CallResult::Done {
                return Ok(effect(world));
            }
            world.put_on_wire(self.process, move |world| {
                effect(world);
            });
            if result == CallResult::Dies {
                pending::<()>().await;
            }
            Err(StoreError::new("no answer"))
        })
    }
}

impl SessionStore for View {
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
        self.read(Call::Load, move |world| world.load(key))
    }

    fn create(
        &self,
        key: SessionKey,
        value: Vec<u8>,
        lifetime: Duration,
        owner: Option<SessionOwner>,
    ) -> StoreFuture<'_, bool> {
        self.write(Call::Create, move |world| {
            let owner = owner.filter(|_| world.defect != Some(Defect::ForgetsOwners));
            world.state().created.push(key);
            at_once(world.store().create(key, value, lifetime, owner))
        })
    }

    fn replace(
        &self,
        key: SessionKey,
        version: u64,
        value: Vec<u8>,
        lifetime: Duration,
    ) -> StoreFuture<'_, bool> {
        self.write(Call::Replace, move |world| {
            let version = world.version(key, version, Defect::ReplacesAnyVersion);
            at_once(world.store().replace(key, version, value, lifetime))
        })
    }

    fn begin_refresh(
        &self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> StoreFuture<'_, bool> {
        self.write(Call::BeginRefresh, move |world| {
            let version = world.version(key, version, Defect::BeginsAnyVersion);
            if world.defect == Some(Defect::ForgetsAttempts) {
                let stored = world.stored(key);
                return stored.is_some_and(|stored| stored.version() == version);
            }
            at_once(world.store().begin_refresh(key, version, attempt))
        })
    }

    fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool> {
        self.write(Call::AbandonRefresh, move |world| {
            at_once(world.store().abandon_refresh(key, version))
        })
    }

    fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let delete = self.write(Call::Delete, move |world| world.delete(key));
            delete.await.map(drop)
        })
    }

    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
        self.read(Call::List, move |world| world.list(user))
    }
}

impl RefreshCalls for View {
    type Ready = ();

    async fn prepare(&self) -> Result<(), Error> {
        match self.world.decision(self.process, Call::Prepare).await {
            CallResult::Done => Ok(()),
            _ => Err(Error::new(ErrorKind::ProviderUnreachable)),
        }
    }

    async fn send(&self, (): (), tokens: &DiditTokens) -> Result<DiditTokens, TokenRequestFailure> {
        let world = &self.world;
        let refresh_token = tokens.refresh_token().map_or("", |token| token.secret());
        let refresh_token = refresh_token.to_owned();
        let result = world.decision(self.process, Call::Send).await;
        if result != CallResult::NeverLeft {
            world.note_sent(&refresh_token);
        }
        let refused = || Error::new(TokenError::InvalidGrant);
        match result {
            CallResult::Done => {
                let granted = world.grant(&refresh_token);
                let tokens =
                    granted.ok_or_else(|| TokenRequestFailure::not_repeatable(refused()))?;
                let received = (self.process, number(&tokens));
                world.state().received.push(received);
                return Ok(tokens);
            }
            CallResult::Refused => {
                world.state().is_refused = true;
                return Err(TokenRequestFailure::not_repeatable(refused()));
            }
            CallResult::NeverLeft => {}
            CallResult::Lost | CallResult::LostLate | CallResult::Dies => {
                world.put_on_wire(self.process, move |world| drop(world.grant(&refresh_token)));
            }
        }
        if result == CallResult::Dies {
            pending::<()>().await;
        }
        Err(TokenRequestFailure {
            error: Error::new(ErrorKind::ProviderUnreachable),
            is_repeatable: result == CallResult::NeverLeft
                || world.defect == Some(Defect::DeniesSending),
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
pub(super) fn tokens(number: u32, single_use: bool) -> DiditTokens {
    let refresh_token = if single_use { number } else { 0 };
    DiditTokens::new(
        TokenSet {
            access_token: AccessToken::new(format!("at-{number}")),
            refresh_token: Some(RefreshToken::new(format!("rt-{refresh_token}"))),
            id_token: None,
            scopes: Scopes::new("openid offline"),
            expires_at: None,
            received_at: START,
        },
        IdClaims::of_subject("john"),
    )
}

pub(super) fn number(tokens: &DiditTokens) -> u32 {
    let number = tokens.access_token().secret().strip_prefix("at-");
    number.and_then(|number| number.parse().ok()).expect("ours")
}
