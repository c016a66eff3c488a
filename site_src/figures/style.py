"""The house style of figures, drawn in sentinel colours that the SVG step replaces."""

from __future__ import annotations

INK, FAINT, PAPER = "#0a0b00", "#0a0b0c", "#fafbfc"
SERIES = tuple(f"#0a0b{number:02x}" for number in range(0x11, 0x17))

COLOURS = {
    INK: "currentColor",
    FAINT: "var(--fig-grid)",
    PAPER: "var(--fig-paper)",
    **{colour: f"var(--fig-{n})" for n, colour in enumerate(SERIES, 1)},
}


def apply() -> None:
    """Make the house style Matplotlib's default in this process."""
    import matplotlib as mpl
    from cycler import cycler

    mpl.use("agg")
    mpl.rcdefaults()
    mpl.rcParams.update(
        {
            "axes.edgecolor": INK,
            "axes.facecolor": "none",
            "axes.grid": True,
            "axes.labelcolor": INK,
            "axes.labelsize": 12,
            "axes.prop_cycle": cycler(color=SERIES)
            + cycler(linestyle=["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1))]),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlecolor": INK,
            "axes.titlesize": 12,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "none",
            "figure.figsize": (5.6, 3.4),
            "font.size": 12,
            "grid.color": FAINT,
            "grid.linewidth": 0.8,
            "legend.edgecolor": "none",
            "legend.facecolor": "none",
            "legend.fontsize": 11,
            "legend.framealpha": 0,
            "lines.linewidth": 2.2,
            "patch.edgecolor": INK,
            "savefig.facecolor": "none",
            "svg.fonttype": "none",
            "svg.hashsalt": "blueprints",
            "text.color": INK,
            "xtick.color": INK,
            "xtick.labelsize": 11,
            "ytick.color": INK,
            "ytick.labelsize": 11,
        }
    )
