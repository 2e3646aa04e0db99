//! Gaps in words: what is missing, and what to do next.

use crate::clock::Timestamp;
use crate::evidence::{Kinds, Snapshot};
use crate::expr::{Missing, Why};
use crate::findings::Gap;
use crate::lang::Localised;
use std::collections::BTreeMap;

/// Why a kind cannot be used although a control needs it.
#[derive(Clone, Debug)]
pub(super) enum Unusable {
    /// Nobody supplied it.
    Absent,
    /// It ran out.
    Expired(Timestamp),
    /// It is older than the control allows.
    Stale { observed_at: Timestamp, limit_days: u32 },
    /// It was observed after the instant of the audit.
    Future(Timestamp),
}

/// The kinds a control cannot use.
pub(super) type UnusableKinds = BTreeMap<String, Unusable>;

/// Which kinds cannot be used, given how fresh the control needs them.
pub(super) fn unusable(
    kinds: &Kinds,
    snapshot: &Snapshot,
    as_of: Timestamp,
    fresh_days: &dyn Fn(&str) -> Option<u32>,
) -> UnusableKinds {
    let state = |name: &str| match snapshot.get(name) {
        None => Some(Unusable::Absent),
        Some(e) if e.is_expired(as_of) => e.expires_at.map(Unusable::Expired),
        Some(e) if e.observed_at > as_of => Some(Unusable::Future(e.observed_at)),
        Some(e) => {
            let limit_days = fresh_days(name)?;
            let age_ms = as_of.millis() - e.observed_at.millis();
            (age_ms > i64::from(limit_days) * 86_400_000)
                .then_some(Unusable::Stale { observed_at: e.observed_at, limit_days })
        }
    };
    kinds.iter().filter_map(|k| state(&k.name).map(|s| (k.name.clone(), s))).collect()
}

/// The gap for a place without a usable value.
pub(super) fn gap(kinds: &Kinds, unusable: &UnusableKinds, missing: &Missing, affected: u64) -> Gap {
    let root = missing.path.split(['.', '[']).next().unwrap_or_default();
    match (kinds.get(root), unusable.get(root)) {
        (Some(kind), Some(why)) => {
            Gap { path: root.to_owned(), reason: kind_reason(root, &kind.description, why), affected }
        }
        _ => Gap { path: missing.path.clone(), reason: place_reason(missing, root), affected },
    }
}

fn kind_reason(kind: &str, description: &str, why: &Unusable) -> Localised {
    let (en, zh) = match why {
        Unusable::Absent => (
            format!(
                "There is no evidence of the kind `{kind}` ({}). Supply it as an export, through a connector, or as an attestation.",
                description.trim_end_matches('.')
            ),
            format!("缺少 `{kind}` 类证据。请通过导出文件、连接器或书面声明提供。"),
        ),
        Unusable::Expired(at) => (
            format!("The evidence `{kind}` ran out on {at}. Have it attested or collected anew."),
            format!("证据 `{kind}` 已于 {at} 过期。请重新声明或采集。"),
        ),
        Unusable::Stale { observed_at, limit_days } => (
            format!(
                "The evidence `{kind}` is of {observed_at}, older than the {limit_days} days this control allows. Collect it anew."
            ),
            format!("证据 `{kind}` 的观察时间为 {observed_at},超过本控制允许的 {limit_days} 天。请重新采集。"),
        ),
        Unusable::Future(at) => (
            format!(
                "The evidence `{kind}` is of {at}, later than this audit. Check the clock of its source, or the instant of the audit."
            ),
            format!("证据 `{kind}` 的观察时间 {at} 晚于本次审计。请检查来源系统的时钟或审计时点。"),
        ),
    };
    Localised::from([("en", en.as_str()), ("zh-CN", zh.as_str())])
}

fn place_reason(missing: &Missing, kind: &str) -> Localised {
    let path = &missing.path;
    let (en, zh) = match missing.why {
        Why::Missing => (
            format!(
                "The evidence `{kind}` does not say `{path}`. Add the field to the export or the connector's mapping."
            ),
            format!("证据 `{kind}` 未包含 `{path}`。请在导出文件或连接器映射中补充该字段。"),
        ),
        Why::Null => (
            format!(
                "`{path}` is known to be none, but a value is needed to decide. Supply the value, or say why there is none."
            ),
            format!("`{path}` 明确为空,但判断需要其值。请提供该值或说明为何没有。"),
        ),
        Why::NoElement => (
            format!("`{path}` has no such element. Check the evidence for completeness."),
            format!("`{path}` 中没有相应元素。请检查证据是否完整。"),
        ),
        Why::Overflow => (
            format!("`{path}` is too large to be computed. Check the values in the evidence."),
            format!("`{path}` 超出可计算范围。请检查证据中的数值。"),
        ),
        Why::Zero => (
            format!("`{path}` divides by zero. Check the values in the evidence."),
            format!("`{path}` 出现除以零。请检查证据中的数值。"),
        ),
        Why::Kind(wanted) => (
            format!("`{path}` is not {wanted}. Check the value in the evidence."),
            format!("`{path}` 的值类型不符(需要 {wanted})。请检查证据中的值。"),
        ),
    };
    Localised::from([("en", en.as_str()), ("zh-CN", zh.as_str())])
}

/// The gap of an expression whose step budget was spent.
pub(super) fn spent(error: &crate::expr::Spent) -> Gap {
    let zh = format!("表达式 `{}` 的计算步数超出上限。请简化该控制,或减少一次审计的数据量。", error.source_text);
    Gap {
        path: error.source_text.clone(),
        reason: Localised::from([("en", error.to_string().as_str()), ("zh-CN", zh.as_str())]),
        affected: 1,
    }
}

/// The gap of a check over events when nothing evaluated it.
pub(super) fn no_events() -> Gap {
    let reason = Localised::from([
        ("en", "No access log was evaluated for this control. Supply the CRM's access log with `--events`."),
        ("zh-CN", "本控制未评估任何访问日志。请使用 `--events` 提供 CRM 的访问日志。"),
    ]);
    Gap { path: "events".to_owned(), reason, affected: 1 }
}
