//! Open sign-in pages.

use std::{collections::VecDeque, fmt};

use crate::provider::authorize::AuthorizeRequest;

/// Open sign-in pages, oldest first: at most 256. Each can be used once, within ten minutes.
#[derive(Default)]
pub(crate) struct Interactions(VecDeque<Interaction>);

struct Interaction {
    id: String,
    request: AuthorizeRequest,
    expires_at: u64,
}

impl Interactions {
    pub(crate) fn open(&mut self, id: String, request: AuthorizeRequest, now: u64) {
        if self.0.len() == CAPACITY {
            self.0.pop_front();
        }
        self.0.push_back(Interaction {
            id,
            request,
            expires_at: now + LIFETIME,
        });
    }

    /// Removes an interaction; `None` if it is unknown or expired.
    pub(crate) fn take(&mut self, id: &str, now: u64) -> Option<AuthorizeRequest> {
        let at = self.0.iter().position(|interaction| interaction.id == id)?;
        let interaction = self.0.remove(at)?;
        (now < interaction.expires_at).then_some(interaction.request)
    }
}

impl fmt::Debug for Interactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interactions")
            .field("open", &self.0.len())
            .finish()
    }
}

const CAPACITY: usize = 256;
const LIFETIME: u64 = 10 * 60;
