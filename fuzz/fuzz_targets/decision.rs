//! A decision about a verification session: nobody is verified whom not every required check has approved.
//!
//! Behaviours 95, 128 and 129.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tower_didit::verification::Decision;
use tower_didit_fuzz::{
    is_ordinary, json,
    verification::{FACTS, has_checks, requirements},
};

fuzz_target!(|data: &[u8]| {
    let Ok(decision) = Decision::from_json(data) else {
        assert!(!GOOD.contains(&data));
        return;
    };
    if !is_ordinary(data) {
        return;
    }
    let told = json(data);
    let is_verified = decision.judge(&requirements()).is_verified();
    let is_right = |(name, value): &(&str, &str)| told[name] == *value;
    assert_eq!(is_verified, FACTS.iter().all(is_right) && has_checks(&told));
    assert!(is_verified || !GOOD.contains(&data));

    assert_eq!(decision.session_id(), told["session_id"].as_str());
    assert_eq!(decision.vendor_data(), told["vendor_data"].as_str());
    assert_eq!(decision.workflow_id(), told["workflow_id"].as_str());
    assert_eq!(decision.environment(), told["environment"].as_str());
    let whole: Value = decision.extra().expect("an object");
    assert_eq!(whole, told);
});

const GOOD: [&[u8]; 2] = [
    include_bytes!("../seeds/decision/good"),
    include_bytes!("../seeds/decision/good-full"),
];
