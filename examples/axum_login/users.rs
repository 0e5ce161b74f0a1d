//! The users, and what they may do.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use axum_login::{AuthUser, AuthnBackend, AuthzBackend};
use tower_didit::IdClaims;

/// Your database: users by subject. Whoever signs in is a user, unless they are in `closed`. The first one is the
/// administrator.
#[derive(Clone, Default)]
pub(crate) struct Users(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    users: HashMap<String, User>,
    closed: HashSet<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) subject: String,
    pub(crate) is_administrator: bool,
}

#[derive(PartialEq, Eq, Hash)]
pub(crate) enum Permission {
    ReadReports,
}

impl Users {
    /// Closes an account: the next request and the next sign-in of its user are refused.
    #[cfg(test)]
    pub(crate) fn close(&self, subject: &str) {
        self.with(|table| {
            table.users.remove(subject);
            table.closed.insert(subject.to_owned())
        });
    }

    fn with<T>(&self, change: impl FnOnce(&mut Table) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl AuthUser for User {
    type Id = String;

    fn id(&self) -> String {
        self.subject.clone()
    }

    /// Ends axum-login's session when it changes. tower-didit decides that here, so it never does.
    fn session_auth_hash(&self) -> &[u8] {
        self.subject.as_bytes()
    }
}

impl AuthnBackend for Users {
    type User = User;
    /// The verified claims of the ID token, in place of a password.
    type Credentials = IdClaims;
    type Error = Infallible;

    async fn authenticate(&self, claims: IdClaims) -> Result<Option<User>, Infallible> {
        let subject = claims.subject();
        Ok(self.with(|table| {
            if table.closed.contains(subject) {
                return None;
            }
            let is_administrator = table.users.is_empty();
            let user = table.users.entry(subject.to_owned());
            Some(user.or_insert_with_key(|subject| User {
                subject: subject.clone(),
                is_administrator,
            }))
            .cloned()
        }))
    }

    async fn get_user(&self, subject: &String) -> Result<Option<User>, Infallible> {
        Ok(self.with(|table| table.users.get(subject).cloned()))
    }
}

impl AuthzBackend for Users {
    type Permission = Permission;

    async fn get_user_permissions(&self, user: &User) -> Result<HashSet<Permission>, Infallible> {
        let permission = user.is_administrator.then_some(Permission::ReadReports);
        Ok(permission.into_iter().collect())
    }
}
