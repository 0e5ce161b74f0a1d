//! Sessions on several machines: three processes of `examples/relying_party`, a real Redis, and a provider
//! whose refresh tokens work once.
//!
//! | in the middle of a refresh | the session |
//! |---|---|
//! | the process is killed before the refresh token is sent, in flight, or before the new tokens are saved | lives on its access token, and ends with it |
//! | the process is killed after the new tokens are saved | goes on with them |
//! | all clients leave | goes on with the new tokens |
//! | the provider fails, hangs up, loses its answer, stalls, stammers | lives on its access token, and ends with it |
//! | the provider refuses the connection | goes on; the next attempt brings new tokens |
//! | the provider calls the refresh token invalid | ends |
//! | Redis stands still, or starts again with its data | cannot be asked for meanwhile (503), and goes on |
//! | Redis starts again without data | is gone |

mod crashes;
mod provider_faults;
mod redis_faults;
mod redis_store;
mod refresh;
mod rounds;
mod tally;
