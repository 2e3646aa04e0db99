//! Parameters of controls: numbers and lists that somebody may want to change, within stated limits.

use crate::expr::{Field, Record, Shape, Type, Value};
use crate::lang::Localised;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Values set by the user: by control id, by parameter name.
pub type Overrides = BTreeMap<String, BTreeMap<String, Json>>;

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamType {
    /// A whole number.
    Int,
    /// A number.
    Number,
    /// True or false.
    Bool,
    /// Text.
    String,
    /// A list of texts.
    List,
}

/// A parameter of a control.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its type.
    pub ty: ParamType,
    /// Its value unless set otherwise, as written.
    pub default: Json,
    /// Smallest value allowed, for numbers.
    pub min: Option<f64>,
    /// Largest value allowed, for numbers.
    pub max: Option<f64>,
    /// Where the default comes from, e.g. `PCI DSS 8.2.6`.
    pub source: String,
    /// What it means.
    pub means: Localised,
}

/// A value that a parameter cannot take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// The control has no such parameter.
    #[error("control `{control}` has no parameter `{name}`; it has {known}")]
    NoSuchParameter {
        /// Id of the control.
        control: String,
        /// The name given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// Wrong type or out of range.
    #[error("parameter `{name}` of `{control}` is `{value}`, but must be {wanted}")]
    Value {
        /// Id of the control.
        control: String,
        /// The parameter.
        name: String,
        /// The value given.
        value: String,
        /// What it must be.
        wanted: String,
    },
}

impl Param {
    /// The parameter's type in the expression language.
    pub fn shape(&self) -> Shape {
        Shape::of(match self.ty {
            ParamType::Int => Type::Int,
            ParamType::Number => Type::Double,
            ParamType::Bool => Type::Bool,
            ParamType::String => Type::Text,
            ParamType::List => Type::list_of(Type::Text),
        })
    }

    /// Checks a value against type and range; the error says what it must be.
    pub fn value(&self, json: &Json) -> Result<Value, String> {
        let value = crate::evidence::decode_json(json, &self.shape()).map_err(|v| v.expected)?;
        #[expect(clippy::cast_precision_loss, reason = "limits of parameters are small numbers")]
        let number = match &value {
            Value::Int(i) => Some(*i as f64),
            Value::Double(d) => Some(*d),
            _ => None,
        };
        match number {
            Some(n) if self.min.is_some_and(|min| n < min) || self.max.is_some_and(|max| n > max) => Err(self.range()),
            _ => Ok(value),
        }
    }

    fn range(&self) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) => format!("from {min} to {max}"),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (None, None) => "a number".to_owned(),
        }
    }
}

/// The parameters of a control as a record, for expressions.
pub(super) fn record(params: &BTreeMap<String, Param>) -> Record {
    let fields = params.iter().map(|(name, p)| Field { name: name.clone(), shape: p.shape(), required: true });
    Record::new(fields.collect())
}
