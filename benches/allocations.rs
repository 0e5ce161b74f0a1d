//! What the layer costs in allocations: `cargo bench --bench allocations`. Counting them takes time
//! of its own, so the times are those of `requests`.

mod cases;

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    cases::run();
}
