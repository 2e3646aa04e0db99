//! A raw record as JSON. A key that comes twice makes it unreadable: two readers would see two different events (T35).

use super::reader::Unread;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};
use std::fmt;

/// Reads one JSON object.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Json>, Unread> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unread::NotUtf8)?;
    match serde_json::from_str(text) {
        Ok(Strict(Json::Object(map))) => Ok(map),
        _ => Err(Unread::Malformed),
    }
}

struct Strict(Json);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON with each key once")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Json, E> {
        Ok(b.into())
    }

    fn visit_i64<E>(self, i: i64) -> Result<Json, E> {
        Ok(i.into())
    }

    fn visit_u64<E>(self, u: u64) -> Result<Json, E> {
        Ok(u.into())
    }

    fn visit_f64<E>(self, d: f64) -> Result<Json, E> {
        Ok(Number::from_f64(d).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(element)) = seq.next_element()? {
            list.push(element);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut fields = Map::new();
        while let Some((key, Strict(value))) = map.next_entry::<String, Strict>()? {
            if fields.insert(key, value).is_some() {
                return Err(A::Error::custom("a key comes twice"));
            }
        }
        Ok(Json::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_object_with_each_key_once_is_a_record() {
        assert!(object(br#"{"a":1,"b":{"a":[1.5,null,true,-1,"x"]}}"#).is_ok());
        for text in [r#"{"a":1,"a":2}"#, r#"{"x":{"a":1,"a":1}}"#, "[1]", "1", "{", r#"{"a":1} {"b":2}"#, ""] {
            assert_eq!(object(text.as_bytes()), Err(Unread::Malformed), "{text}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(Unread::NotUtf8));
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        assert_eq!(object(deep.as_bytes()), Err(Unread::Malformed));
    }
}
