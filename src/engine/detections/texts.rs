//! What people read about checks over events, in English and Simplified Chinese.

use crate::expr::{Segment, segments};
use crate::findings::Gap;
use crate::lang::Localised;
use serde_json::{Map, Value as Json};

/// Fills `{name}` in; a name that is not known stays as it is.
pub(super) fn fill(text: &str, words: &Map<String, Json>) -> String {
    let Ok(parts) = segments(text) else { return text.to_owned() };
    let word = |name: &str| match words.get(name) {
        Some(Json::String(s)) => s.clone(),
        Some(Json::Null) | None => format!("{{{name}}}"),
        Some(other) => other.to_string(),
    };
    parts
        .iter()
        .map(|p| match p {
            Segment::Text(t) => t.clone(),
            Segment::Expression(name) => word(name),
        })
        .collect()
}

/// A computed number as people want it: whole.
pub(super) fn rounded(value: f64) -> Json {
    #[expect(clippy::cast_possible_truncation, reason = "kilometres, seconds and rows are far below 2^63")]
    if value.is_finite() { Json::from(value.round() as i64) } else { Json::Null }
}

fn gap(path: &str, en: String, zh: String) -> Gap {
    Gap { path: path.to_owned(), reason: Localised::from([("en", en.as_str()), ("zh-CN", zh.as_str())]), affected: 1 }
}

pub(super) fn empty_log() -> Gap {
    gap(
        "events",
        "The access log holds no event that could be read. Check the export and its time range.".to_owned(),
        "访问日志中没有可读取的事件。请检查导出内容及其时间范围。".to_owned(),
    )
}

pub(super) fn no_table(table: &str) -> Gap {
    gap(
        table,
        format!(
            "The log has to be compared with `{table}`, of which there is no evidence. Supply it as an export or through a connector."
        ),
        format!("需要将日志与 `{table}` 对照，但没有该项证据。请通过导出或连接器提供。"),
    )
}

pub(super) fn class_not_logged(class: &str) -> Gap {
    gap(
        &format!("events: {class}"),
        format!(
            "The log holds no entry of the class `{class}`, and nothing shows that it would record one. Switch its logging on, or state the recorded classes in the evidence kind `log`."
        ),
        format!(
            "日志中没有 `{class}` 类条目，也没有证据表明会记录此类条目。请启用该类日志，或在证据类型 `log` 中说明所记录的类别。"
        ),
    )
}

pub(super) fn no_field(field: &str) -> Gap {
    gap(
        &format!("events[].{field}"),
        format!("No entry of the log has the field `{field}`. Have the CRM record it, or map it in the connector."),
        format!("日志条目均没有字段 `{field}`。请让 CRM 记录该字段，或在连接器中映射。"),
    )
}

pub(super) fn no_row_field(table: &str, field: &str) -> Gap {
    gap(
        &format!("{table}[].{field}"),
        format!("For none of the log's entries does `{table}` say `{field}`. Add it to that evidence."),
        format!("`{table}` 未对任何日志条目给出 `{field}`。请在该项证据中补充。"),
    )
}

pub(super) fn hole(is_silence: bool, source: &str, at: &str, times: u64) -> Gap {
    let path = format!("events: {source}");
    if is_silence {
        return gap(
            &path,
            format!(
                "The log `{source}` was silent for longer than it may be ({times} time(s), first until {at}); what happened then is not known."
            ),
            format!("日志 `{source}` 静默时间超过允许值（{times} 次，首次至 {at}）；其间发生的情况不明。"),
        );
    }
    gap(
        &path,
        format!(
            "Entries are missing from the log `{source}` ({times} gap(s), the first before {at}); what they held is not known."
        ),
        format!("日志 `{source}` 缺少条目（{times} 处，首处在 {at} 之前）；其内容不明。"),
    )
}

pub(super) fn ended(at: &str) -> Gap {
    gap(
        "events",
        format!("The log ends at {at}, more than a week before the audit. Supply the log up to the audit."),
        format!("日志止于 {at}，早于审计一周以上。请提供截至审计时的日志。"),
    )
}

pub(super) fn too_short(days: i64, needed: i64) -> Gap {
    gap(
        "events",
        format!(
            "The log covers {days} day(s); {needed} are needed to tell. Supply an older log too, or when each account was last used before it."
        ),
        format!(
            "日志仅覆盖 {days} 天；需要 {needed} 天才能判断。请一并提供更早的日志，或各账户在此之前的最后使用时间。"
        ),
    )
}
