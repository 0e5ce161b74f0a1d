//! What the layer costs in time: `cargo bench --bench requests`.

mod cases;

fn main() {
    cases::run();
}
