//! Charts on paper: the same shapes as on screen, turned upside down, because paper counts from below.

use super::flow::{Flow, Style};
use super::fonts::Weight;
use super::page::{CONTENT_WIDTH, Line, MARGIN, Shape};
use super::text;
use super::tone::{self, INK, QUIET, RULE};
use crate::report::document::{Anchor, Drawing, Shape as Drawn, Tone};

const TITLE: Style = Style::new(8.8, 13.0).bold();

pub(super) fn place(flow: &mut Flow<'_>, title: &str, alt: &str, drawing: &Drawing) {
    // A chart that is higher than half a page is drawn smaller rather than cut.
    let scale = (CONTENT_WIDTH / drawing.width).min(430.0 / drawing.height.max(1.0)).min(1.0);
    let height = drawing.height * scale;
    flow.need(height + TITLE.leading + 30.0);
    let clean = flow.clean(title);
    let p = flow.element("P");
    flow.write(Some(p), MARGIN, TITLE, vec![clean]);
    flow.y -= 5.0;
    let figure = flow.element("Figure");
    if let Some(element) = flow.book.elements.get_mut(figure) {
        element.alt = Some(format!("{title}. {alt}"));
    }
    let top = flow.y;
    for shape in &drawing.shapes {
        let shape = placed(flow, shape, (MARGIN, top, scale));
        flow.put(Some(figure), shape);
    }
    flow.y = top - height - 10.0;
}

fn placed(flow: &Flow<'_>, shape: &Drawn, (left, top, scale): (f32, f32, f32)) -> Shape {
    match shape {
        Drawn::Rect { x, y, width, height, tone } => Shape::Rect {
            x: left + x * scale,
            y: top - (y + height) * scale,
            width: width * scale,
            height: height * scale,
            colour: tone::fill(*tone),
        },
        Drawn::Line { x1, y1, x2, y2, tone, thick } => Shape::Rule {
            from: (left + x1 * scale, top - y1 * scale),
            to: (left + x2 * scale, top - y2 * scale),
            thickness: if *thick { 1.2 } else { 0.7 },
            colour: if *tone == Tone::Quiet { RULE } else { tone::fill(*tone) },
        },
        Drawn::Text { x, y, size, anchor, tone, text: given } => {
            let clean = flow.clean(given);
            let size = size * scale;
            let width = text::width(&clean, Weight::Regular, size, flow.fonts);
            let shift = match anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => width / 2.0,
                Anchor::End => width,
            };
            let colour = if *tone == Tone::Quiet { QUIET } else { INK };
            let (x, y) = (left + x * scale - shift, top - y * scale);
            Shape::Text(Line { x, y, size, weight: Weight::Regular, colour, text: clean })
        }
    }
}
