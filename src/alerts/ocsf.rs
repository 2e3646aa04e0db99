//! OCSF Detection Finding (class 2004) as JSON.

use super::alert::Kind;
use super::{Alert, PRODUCT, VERSION};
use serde_json::{Map, Value, json};

/// Version of the OCSF schema that the form follows.
pub const SCHEMA: &str = "1.5.0";
/// `Findings`.
const CATEGORY: u32 = 2;
/// `Detection Finding`.
const CLASS: u32 = 2004;
/// `Create`: a new finding.
const CREATE: u32 = 1;

/// The alert as a Detection Finding.
pub fn finding(alert: &Alert) -> Value {
    let (severity_id, severity) = alert.level.ocsf();
    let at = alert.at.millis();
    let key: Map<String, Value> = alert.key.iter().map(|f| (f.name.clone(), f.value.clone().into())).collect();
    let mut event = json!({
        "activity_id": CREATE,
        "activity_name": "Create",
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Detection Finding",
        "type_uid": CLASS * 100 + CREATE,
        "type_name": "Detection Finding: Create",
        "time": at,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": 1,
        "status": "New",
        "is_alert": true,
        "count": alert.count,
        "message": alert.line(),
        "metadata": {
            "version": SCHEMA,
            "uid": alert.id,
            "product": {"name": PRODUCT, "vendor_name": PRODUCT, "version": VERSION},
        },
        "finding_info": info(alert, at),
        "evidences": [{"data": evidence(alert, key)}],
    });
    if let (Some(value), Some(fields)) = (alert.value, event.as_object_mut()) {
        fields.insert("unmapped".into(), json!({"value": value}));
    }
    event
}

fn info(alert: &Alert, at: i64) -> Value {
    // 1 is `Rule`: both Sigma rules and controls are.
    let analytic = json!({"type_id": 1, "type": "Rule", "uid": alert.rule, "name": alert.title});
    let types = match alert.kind {
        Kind::Firing => "access log",
        Kind::Finding => "privacy audit",
    };
    json!({"uid": alert.id, "title": alert.title, "created_time": at, "types": [types], "analytic": analytic})
}

fn evidence(alert: &Alert, key: Map<String, Value>) -> Value {
    json!({"key": key, "first": alert.first, "last": alert.last})
}
