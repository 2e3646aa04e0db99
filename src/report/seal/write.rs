//! Writes PDF objects, for what is appended to a file.

use lopdf::{Dictionary, Object, StringFormat};

/// `object` in PDF syntax, at the end of `out`.
pub(super) fn object(out: &mut Vec<u8>, object: &Object) {
    match object {
        Object::Null => out.extend(b"null"),
        Object::Boolean(b) => out.extend(b.to_string().bytes()),
        Object::Integer(i) => out.extend(i.to_string().bytes()),
        Object::Real(r) => out.extend(format!("{r}").bytes()),
        Object::Name(n) => name(out, n),
        Object::String(s, StringFormat::Literal) => literal(out, s),
        Object::String(s, StringFormat::Hexadecimal) => out.extend(format!("<{}>", hex::encode(s)).bytes()),
        Object::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b' ');
                }
                self::object(out, item);
            }
            out.push(b']');
        }
        Object::Dictionary(d) => dictionary(out, d),
        Object::Stream(s) => {
            dictionary(out, &s.dict);
            out.extend(b"\nstream\n");
            out.extend(&s.content);
            out.extend(b"\nendstream");
        }
        Object::Reference((id, generation)) => out.extend(format!("{id} {generation} R").bytes()),
    }
}

fn dictionary(out: &mut Vec<u8>, dict: &Dictionary) {
    out.extend(b"<<");
    for (key, value) in dict {
        name(out, key);
        out.push(b' ');
        object(out, value);
    }
    out.extend(b">>");
}

fn name(out: &mut Vec<u8>, name: &[u8]) {
    out.push(b'/');
    for &b in name {
        if b.is_ascii_alphanumeric() || b"-_.+:".contains(&b) {
            out.push(b);
        } else {
            out.extend(format!("#{b:02X}").bytes());
        }
    }
}

fn literal(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'(');
    for &b in text {
        match b {
            b'(' | b')' | b'\\' => out.extend([b'\\', b]),
            0x20..=0x7E => out.push(b),
            other => out.extend(format!("\\{other:03o}").bytes()),
        }
    }
    out.push(b')');
}

#[cfg(test)]
mod tests {
    use super::*;
    use lopdf::dictionary;

    #[test]
    fn what_is_written_is_what_lopdf_reads() {
        let given = dictionary! {
            "Text" => Object::string_literal(b"a(b)\\c\n\xE9".to_vec()),
            "Hex" => Object::String(vec![0, 0xFE], StringFormat::Hexadecimal),
            "Odd name" => Object::Name(b"application/json".to_vec()),
            "List" => vec![1.into(), Object::Real(2.5), Object::Null, true.into(), (3, 0).into()],
            "Inner" => dictionary! { "K" => "V" },
        };
        let mut body = b"%PDF-1.7\n1 0 obj\n".to_vec();
        object(&mut body, &Object::Dictionary(given.clone()));
        let xref = body.len() + 8;
        body.extend(b"\nendobj\n");
        body.extend(format!("xref\n0 2\n0000000000 65535 f \n{:010} 00000 n \n", 9).bytes());
        body.extend(format!("trailer\n<</Size 2/Root 1 0 R>>\nstartxref\n{xref}\n%%EOF").bytes());
        let read = lopdf::Document::load_mem(&body).unwrap();
        assert_eq!(read.get_dictionary((1, 0)).unwrap(), &given);
    }
}
