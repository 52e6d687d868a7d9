pub fn input_tokens(_body: &serde_json::Value) -> u64 {
    1
}
