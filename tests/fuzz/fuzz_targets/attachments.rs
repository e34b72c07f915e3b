#![no_main]

use beckon_fuzz::targets::attachments::attachments;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| attachments(bytes));
