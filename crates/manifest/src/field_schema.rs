//! How the schema describes the fields of the wire types: as what they hold.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::field::{Choice, Optional, Required, Scalar, Table, Text};

macro_rules! schema_of {
    ($($wrapper:ident),+) => {$(
        impl<T: JsonSchema> JsonSchema for $wrapper<T> {
            fn inline_schema() -> bool {
                T::inline_schema()
            }
            fn schema_name() -> Cow<'static, str> {
                T::schema_name()
            }
            fn schema_id() -> Cow<'static, str> {
                T::schema_id()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                T::json_schema(generator)
            }
        }
    )+};
}
schema_of!(Required, Optional);

impl<T: Scalar, M: JsonSchema> JsonSchema for Choice<T, M> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Choice".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mapping = generator.subschema_for::<M>();
        schemars::json_schema!({ "anyOf": [T::schema(), mapping] })
    }
}

impl<T: Scalar> JsonSchema for Table<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Table".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "object",
            "title": "mapping of names to texts",
            "propertyNames": { "pattern": r"^[^=\x00]+$" },
            "additionalProperties": T::schema(),
        })
    }
}

impl<T: Scalar> JsonSchema for Text<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::schema()
    }
}
