//! The guide: what the layer does, and recipes for common tasks.
//!
//! | page | answers |
//! |---|---|
//! | [Flow](flow) | What happens at a sign-in, on later requests and at a sign-out? What waits for what? |
//! | [Cookies](cookies) | Which cookies does it set, and which headers does it add? |
//! | [Errors](errors) | What does each error code mean, what did the person see, and what should you do? |
//! | [Logs](logs) | Which events does it log, at which level, with which fields? |
//! | [Security](security) | What does it check, what does it promise, what is left to the application? |
//! | [Placement](placement) | Where does the layer go in a router, and how do several layers coexist? |
//! | [Proxy](proxy) | What must a reverse proxy pass on? How do calls to Didit leave the network? |
//! | [Machines](machines) | Where are sessions kept, and what must several processes share? |
//! | [Deploys](deploys) | Who stays signed in when keys, settings or the build change? |
//! | [Providers](providers) | Which of Didit's products do I have, and how do I add another OpenID provider? |
//! | [Verification](verification) | How do I receive Didit's webhooks, and know that a person is verified? |
//! | [Recipes](recipes) | How do I build a profile page, roles, a JSON API, …? |
//!
//! The module has no items, and is compiled only for the documentation.

pub mod cookies;
pub mod deploys;
pub mod errors;
pub mod flow;
pub mod logs;
pub mod machines;
pub mod placement;
pub mod providers;
pub mod proxy;
pub mod recipes;
pub mod security;
pub mod verification;
