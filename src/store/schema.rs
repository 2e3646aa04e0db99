//! The tables, as diesel knows them. The migrations make them; a test compares the two.

diesel::table! {
    requests (organisation, id) {
        organisation -> Text,
        id -> Text,
        version -> BigInt,
        subject -> Text,
        submission -> Text,
        received_at -> BigInt,
        closed -> Bool,
        queue -> Nullable<Text>,
        next_action_at -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        state -> Text,
    }
}

diesel::table! {
    claims (organisation, request, seq) {
        organisation -> Text,
        request -> Text,
        seq -> BigInt,
        claimed_right -> Text,
        regime -> Text,
        stage -> Text,
        level_needed -> BigInt,
        level_reached -> BigInt,
        overridden -> Bool,
        due_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    holds (organisation, subject) {
        organisation -> Text,
        subject -> Text,
        placed_at -> BigInt,
    }
}

diesel::table! {
    subject_keys (organisation, subject) {
        organisation -> Text,
        subject -> Text,
        wrapped -> Nullable<Binary>,
        destroyed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sealed (organisation, request, field) {
        organisation -> Text,
        request -> Text,
        field -> Text,
        #[sql_name = "box"]
        boxed -> Binary,
    }
}

diesel::table! {
    outbox (organisation, id) {
        organisation -> Text,
        id -> Text,
        request -> Text,
        effect -> Text,
        not_before -> BigInt,
        attempts -> BigInt,
        leased_by -> Nullable<Text>,
        leased_until -> Nullable<BigInt>,
        done_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    notices (organisation, id) {
        organisation -> Text,
        id -> Text,
        request -> Text,
        claim -> BigInt,
        letter -> Text,
        delivery -> Text,
        next_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    ledger_entries (organisation, seq) {
        organisation -> Text,
        seq -> BigInt,
        entry -> Binary,
    }
}

diesel::table! {
    ledger_heads (organisation) {
        organisation -> Text,
        size -> BigInt,
        last_at -> BigInt,
        peaks -> Binary,
    }
}

diesel::table! {
    ledger_checkpoints (organisation, size) {
        organisation -> Text,
        size -> BigInt,
        signed_at -> BigInt,
        note -> Text,
    }
}
