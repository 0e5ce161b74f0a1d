//! Sessions on several machines: three processes of `examples/relying_party`, a real Redis, and a provider
//! with single-use refresh tokens.
//!
//! | in the middle of a refresh | the session |
//! |---|---|
//! | the process is killed before the refresh token is sent, in flight, or before the new tokens are saved | ends with its access token |
//! | the process is killed after the new tokens are saved | continues with them |
//! | all clients leave | continues with the new tokens |
//! | the provider fails, hangs up, loses its response, stalls, stammers | ends with its access token |
//! | the provider refuses the connection | continues; the next attempt brings new tokens |
//! | the provider calls the refresh token invalid | ends |
//! | Redis does not answer, or restarts with its data | is unavailable meanwhile (503), then continues |
//! | Redis restarts without data | has ended |
//! | another process ends all sessions of the user | has ended |

mod crashes;
mod everywhere;
mod provider_faults;
mod redis_faults;
mod redis_store;
mod refresh;
mod rounds;
mod tally;
