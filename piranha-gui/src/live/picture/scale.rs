//! Numbers for people.

/// The end of an axis that holds `highest`: 1, 2 or 5 times a power of ten, at least 1.
pub(super) fn end_of_axis(highest: f32) -> f32 {
    let mut end = 1.0_f32;
    let mut step = 0;
    while end < highest && end < 1e30 {
        end *= if step % 3 == 1 { 2.5 } else { 2.0 };
        step += 1;
    }
    end
}

/// Three digits at most, with k, M or G: `0`, `0.5`, `12`, `1.5k`, `120k`, `3.2M`.
pub(crate) fn short(number: f64) -> String {
    let (mut number, mut unit) = (number.max(0.0), "");
    for larger in ["k", "M", "G", "T"] {
        if number < 999.5 {
            break;
        }
        number /= 1000.0;
        unit = larger;
    }
    // What is rounded to 10.0 has its digits already.
    let text = if number < 9.95 { format!("{number:.1}") } else { format!("{number:.0}") };
    format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let shown: Vec<_> =
            [0.0, 0.04, 0.5, 9.94, 9.96, 12.4, 999.4, 999.6, 1500.0, 99_960.0, 3.21e6, 4e9, -1.0]
                .into_iter()
                .map(short)
                .collect();
        insta::assert_snapshot!(shown.join(" "), @"0 0 0.5 9.9 10 12 999 1k 1.5k 100k 3.2M 4G 0");
    }

    #[test]
    fn an_axis_ends_at_a_round_number() {
        let ends: Vec<_> = [0.0, 0.3, 1.0, 1.1, 3.0, 5.0, 6.0, 17.0, 40.0, 99.0, 120.0, 4.2e6]
            .into_iter()
            .map(|highest| short(end_of_axis(highest).into()))
            .collect();
        insta::assert_snapshot!(ends.join(" "), @"1 1 1 2 5 5 10 20 50 100 200 5M");
        assert!(end_of_axis(f32::MAX).is_finite());
    }
}
