//! Plots as SVG.

use std::path::Path;

use plotters::prelude::{
    BLACK, ChartBuilder, IntoDrawingArea, IntoFont, IntoSegmentedCoord, LineSeries, Palette, Palette99, PathElement,
    Rectangle, SVGBackend, SegmentValue, WHITE,
};
use plotters::style::Color;

const SIZE: (u32, u32) = (760, 320);
const FONT: &str = "sans-serif";
/// A tenth above the highest, so that nothing touches the edge.
const HEADROOM: u64 = 10;

/// One name and its values, in the order of the legend.
pub(crate) type Bars = (String, Vec<u64>);
/// One name and its points.
pub(crate) type Line = (String, Vec<(u64, u64)>);

fn above(highest: u64) -> u64 {
    highest + highest / HEADROOM + 1
}

/// Names beside each other, each with a bar for each entry of the legend.
pub(crate) fn bars(path: &Path, title: &str, unit: &str, legend: &[&str], bars: &[Bars]) -> Result<(), String> {
    let highest = bars.iter().flat_map(|(_, values)| values).max().copied().unwrap_or(1);
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    area.fill(&WHITE).map_err(|error| failed(&error))?;
    let slots: Vec<usize> = (0..bars.len()).collect();
    let mut chart = ChartBuilder::on(&area)
        .caption(title, (FONT, 18).into_font())
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(70)
        .build_cartesian_2d((0..bars.len().saturating_sub(1)).into_segmented(), 0..above(highest))
        .map_err(|error| failed(&error))?;
    let name = |value: &SegmentValue<usize>| match value {
        SegmentValue::CenterOf(index) | SegmentValue::Exact(index) => {
            bars.get(*index).map(|(name, _)| name.clone()).unwrap_or_default()
        }
        SegmentValue::Last => String::new(),
    };
    let mesh = chart
        .configure_mesh()
        .disable_x_mesh()
        .y_desc(unit)
        .x_label_formatter(&name)
        .draw();
    mesh.map_err(|error| failed(&error))?;
    for (place, entry) in legend.iter().enumerate() {
        let color = Palette99::pick(place).filled();
        let count = i32::try_from(legend.len()).unwrap_or(1);
        let place_signed = i32::try_from(place).unwrap_or(0);
        let rectangle = |slot: &usize| {
            let value = bars
                .get(*slot)
                .and_then(|(_, values)| values.get(place))
                .copied()
                .unwrap_or_default();
            let mut bar = Rectangle::new(
                [(SegmentValue::Exact(*slot), 0), (SegmentValue::Exact(slot + 1), value)],
                color,
            );
            // The bars of one name share its place from left to right.
            let width = i32::try_from(SIZE.0).unwrap_or(0) / i32::try_from(bars.len().max(1)).unwrap_or(1) - 30;
            let each = width / count;
            bar.set_margin(
                0,
                0,
                u32_of(10 + each * place_signed),
                u32_of(10 + each * (count - 1 - place_signed)),
            );
            bar
        };
        let drawn = chart
            .draw_series(slots.iter().map(rectangle))
            .map_err(|error| failed(&error))?;
        drawn
            .label(*entry)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], color));
    }
    let legend = chart
        .configure_series_labels()
        .border_style(BLACK)
        .background_style(WHITE)
        .draw();
    legend.map_err(|error| failed(&error))?;
    area.present().map_err(|error| failed(&error))
}

fn u32_of(number: i32) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(0)
}

/// Lines over the same ground.
pub(crate) fn lines(path: &Path, title: &str, ground: &str, unit: &str, lines: &[Line]) -> Result<(), String> {
    let points = || lines.iter().flat_map(|(_, points)| points);
    let farthest = points().map(|(x, _)| *x).max().unwrap_or(1);
    let highest = points().map(|(_, y)| *y).max().unwrap_or(1);
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    area.fill(&WHITE).map_err(|error| failed(&error))?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, (FONT, 18).into_font())
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(0..farthest, 0..above(highest))
        .map_err(|error| failed(&error))?;
    let mesh = chart.configure_mesh().x_desc(ground).y_desc(unit).draw();
    mesh.map_err(|error| failed(&error))?;
    for (place, (name, points)) in lines.iter().enumerate() {
        let color = Palette99::pick(place).stroke_width(2);
        let drawn = chart.draw_series(LineSeries::new(points.iter().copied(), color));
        let drawn = drawn.map_err(|error| failed(&error))?;
        drawn
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 12, y)], color));
    }
    let legend = chart
        .configure_series_labels()
        .border_style(BLACK)
        .background_style(WHITE)
        .draw();
    legend.map_err(|error| failed(&error))?;
    area.present().map_err(|error| failed(&error))
}
