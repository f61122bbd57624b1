"""Speed, measured: contestants take turns in one process, medians and ratios are printed."""
