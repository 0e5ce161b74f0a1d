//! The accounts.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::UNIX_EPOCH,
};

use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
    response::{IntoResponse, Response},
};
use rusqlite::{Connection, OptionalExtension, Result, Row};
use tower_didit::{IdClaims, SignIn, UserInfo};

use crate::{failed, pages};

/// The accounts, in `SQLite`. A query takes microseconds here; a database over a network has an asynchronous client.
#[derive(Clone)]
pub(crate) struct Accounts(Arc<Mutex<Connection>>);

/// An account. As an extractor: of the user who has sent the request.
pub(crate) struct Account {
    /// The key: no other user of the provider ever gets this subject. An e-mail address changes hands.
    pub(crate) subject: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) is_banned: bool,
}

impl Accounts {
    pub(crate) fn open(file: &str) -> Result<Self> {
        let database = Connection::open(file)?;
        database.execute_batch(TABLE)?;
        Ok(Self(Arc::new(Mutex::new(database))))
    }

    /// Creates the account of this user, or updates it.
    pub(crate) fn upsert(&self, user: &IdClaims, told: &UserInfo) -> Result<Account> {
        // An address that Didit has not verified may be anybody's.
        let email = told.email().filter(|_| told.email_is_verified());
        let signed_in = user.issued_at().duration_since(UNIX_EPOCH);
        let signed_in = signed_in.unwrap_or_default().as_secs().cast_signed();
        let values = (user.subject(), told.full_name(), email, signed_in);
        self.database().query_one(UPSERT, values, Account::read)
    }

    pub(crate) fn find(&self, subject: &str) -> Result<Option<Account>> {
        let database = self.database();
        database
            .query_one(FIND, [subject], Account::read)
            .optional()
    }

    pub(crate) fn ban(&self, subject: &str) -> Result<()> {
        self.database().execute(BAN, [subject]).map(drop)
    }

    pub(crate) fn database(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    fn read(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            subject: row.get("subject")?,
            name: row.get("name")?,
            email: row.get("email")?,
            is_banned: row.get("is_banned")?,
        })
    }
}

impl<S> FromRequestParts<S> for Account
where
    S: Send + Sync,
    Accounts: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let user = <IdClaims as FromRequestParts<S>>::from_request_parts(parts, state).await;
        let user = user.map_err(IntoResponse::into_response)?;
        match Accounts::from_ref(state).find(user.subject()) {
            Ok(Some(account)) if account.is_banned => Err(pages::banned().into_response()),
            Ok(Some(account)) => Ok(account),
            // The session is older than the database. Another sign-in creates the account.
            Ok(None) => Err(SignIn::new().into_response()),
            Err(error) => Err(failed(&error).into_response()),
        }
    }
}

const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS accounts (
        subject TEXT PRIMARY KEY,
        name TEXT,
        email TEXT,
        signed_in INTEGER NOT NULL,
        is_banned INTEGER NOT NULL DEFAULT FALSE
    ) STRICT";
const UPSERT: &str = "
    INSERT INTO accounts (subject, name, email, signed_in) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (subject) DO UPDATE
        SET name = excluded.name, email = excluded.email, signed_in = excluded.signed_in
    RETURNING *";
const FIND: &str = "SELECT * FROM accounts WHERE subject = ?1";
const BAN: &str = "UPDATE accounts SET is_banned = TRUE WHERE subject = ?1";
