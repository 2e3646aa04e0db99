//! Which types go together.

use super::shape::Type;

/// Whether values of the two types can be equal at all; an error says why not.
pub(super) fn comparable(a: &Type, b: &Type) -> Result<(), String> {
    use Type::{Dynamic, List, Null};
    let fits = match (a, b) {
        (Dynamic | Null, _) | (_, Dynamic | Null) => true,
        (List(x), List(y)) => comparable(&x.ty, &y.ty).is_ok(),
        _ => a == b || (a.is_number() && b.is_number()) || (a.is_time() && b.is_time()),
    };
    if fits { Ok(()) } else { Err(format!("{} is never equal to {}", a.words(), b.words())) }
}

/// Whether values of the two types have an order; an error says why not.
pub(super) fn ordered(a: &Type, b: &Type) -> Result<(), String> {
    use Type::{Bool, Duration, Dynamic, Text};
    let single = |t: &Type| t.is_number() || t.is_time() || matches!(t, Text | Duration | Bool | Dynamic);
    let fits = single(a) && single(b) && (comparable(a, b).is_ok());
    if fits { Ok(()) } else { Err(format!("{} cannot be ordered against {}", a.words(), b.words())) }
}

/// The type of a value that is one of the two.
pub(super) fn joined(a: &Type, b: &Type) -> Type {
    match (a, b) {
        _ if a == b => a.clone(),
        (Type::Null, other) | (other, Type::Null) => other.clone(),
        _ if a.is_number() && b.is_number() => Type::Double,
        _ if a.is_time() && b.is_time() => Type::Instant,
        (Type::List(_), Type::List(_)) => Type::list_of(Type::Dynamic),
        _ => Type::Dynamic,
    }
}
