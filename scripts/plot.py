"""Draws result files of `bench` as SVG: one picture for each contest, one panel for each regime.

Bars are medians, whiskers p10 to p90. Where less is better, bars many times the best one's length are cut off, with an
arrow, so that the differences among the good ones can be seen. The output depends on the input only: no date, no random identifiers.
The pictures have no background of their own, and their greys are readable on white and on black.
"""

import argparse
import json
import re
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend is chosen first)

TEXT = "#7d8590"
LIBRARY = "#1f9d8f"
COLOURS = {"library": LIBRARY, "strategy": "#8aa1c1", "swift": "#d9924e", "peer": "#a98bc4", "floor": "#9a9a9a"}
LEGEND = {"library": "this package", "strategy": "other strategies", "swift": "usual in Swift", "peer": "peers"}
REGIMES = {"S": "near", "N": "usual", "F": "far"}
# Where less is better: how many times the best a bar may be before it is cut off.
CUT = 6
FEWEST_SAMPLES = 3

SCALES = {
    "items/s": [(1e6, "M items/s"), (1e3, "k items/s"), (1, "items/s")],
    "ns": [(1e6, "ms"), (1e3, "µs"), (1, "ns")],
    "bytes": [(2**20, "MiB"), (2**10, "KiB"), (1, "bytes")],
}


def number(value):
    if value == round(value):
        return f"{value:,.0f}"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3g}"


def parameters_text(parameters):
    return " ".join(f"{name}={parameters[name]}" for name in sorted(parameters))


def contests(report):
    """(suite, case, parameters, unit) -> regime -> rows, in the file's order. Floors compete with nobody."""
    found = {}
    for row in report["rows"]:
        if row["origin"] == "floor" or row["count"] < FEWEST_SAMPLES:
            continue
        key = (row["suite"], row["case"], parameters_text(row["parameters"]), row["unit"])
        found.setdefault(key, {}).setdefault(row["regime"], []).append(row)
    return {key: panels for key, panels in found.items() if max(map(len, panels.values())) > 1}


def draw_panel(axes, rows, factor, limit):
    higher = rows[0]["better"] == "higher"
    # The best is at the top: barh counts from the bottom.
    rows = sorted(rows, key=lambda row: row["median"], reverse=not higher)
    for position, row in enumerate(rows):
        colour = COLOURS[row["origin"]]
        median, low, high = (row[key] / factor for key in ("median", "p10", "p90"))
        weight = "bold" if row["origin"] == "library" else "normal"
        if median > limit:
            axes.barh(position, limit, height=0.66, color=colour, zorder=2)
            axes.annotate(
                f"{number(median)} →", (limit, position), xytext=(-7, 0), textcoords="offset points", va="center",
                ha="right", fontsize=9.5, color="white", fontweight="bold")
            continue
        axes.barh(position, median, height=0.66, color=colour, zorder=2)
        axes.plot([low, high], [position, position], color=TEXT, linewidth=1.6, solid_capstyle="butt", zorder=4)
        for end in (low, high):
            axes.plot([end, end], [position - 0.16, position + 0.16], color=TEXT, linewidth=1.6, zorder=4)
        axes.annotate(
            number(median), (max(median, high), position), xytext=(7, 0), textcoords="offset points", va="center",
            fontsize=9.5, color=TEXT, fontweight=weight)
    axes.set_yticks(range(len(rows)), [row["strategy"] for row in rows])
    for label, row in zip(axes.get_yticklabels(), rows):
        if row["origin"] == "library":
            label.set_color(LIBRARY)
            label.set_fontweight("bold")
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlim(0, limit)
    axes.grid(axis="x", color=TEXT, alpha=0.22, linewidth=0.8, zorder=0)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", color=TEXT)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def draw(key, panels, path):
    suite, case, parameters, unit = key
    rows = [row for panel in panels.values() for row in panel]
    shown = rows
    if rows[0]["better"] == "lower":
        cut = CUT * max(min(row["median"] for row in panel) for panel in panels.values())
        shown = [row for row in rows if cut == 0 or row["median"] <= cut]
    largest = max(row["median"] for row in shown)
    factor, label = next((s for s in SCALES.get(unit, [(1, unit)]) if largest >= s[0]), (1, unit))
    # Room on the right for the figures.
    limit = max(max(row["p90"] for row in shown), largest) / factor * 1.18 or 1

    names = [name for name in (None, "S", "N", "F") if name in panels]
    tallest = max(map(len, panels.values()))
    height = 1.55 + 0.36 * tallest
    width = 7.6 if len(names) == 1 else 4.9 * len(names)
    figure, all_axes = plt.subplots(1, len(names), figsize=(width, height), squeeze=False, layout="constrained")
    for axes, name in zip(all_axes[0], names):
        draw_panel(axes, panels[name], factor, limit)
        direction = "more is better" if rows[0]["better"] == "higher" else "less is better"
        axes.set_xlabel(f"{label}, {direction}")
        if name:
            canaries = sorted(row["canaryNs"] for row in panels[name] if row["canaryNs"] is not None)
            line = f", cache line there and back {number(canaries[len(canaries) // 2])} ns" if canaries else ""
            axes.set_title(f"regime {name}: {REGIMES[name]}{line}", fontsize=9.5, color=TEXT)
    title = f"{suite}  {case}" + (f"   {parameters}" if parameters else "")
    figure.suptitle(title, fontsize=12.5, fontweight="bold", color=TEXT, x=0.012, ha="left")
    origins = [origin for origin in LEGEND if any(row["origin"] == origin for row in rows)]
    handles = [plt.Line2D([], [], marker="s", linestyle="", markersize=8, color=COLOURS[o]) for o in origins]
    figure.legend(
        handles, [LEGEND[o] for o in origins], loc="outside lower left", ncols=len(origins), frameon=False,
        fontsize=9, labelcolor=TEXT, handletextpad=0.3)
    figure.savefig(path, format="svg", transparent=True, metadata={"Date": None})
    plt.close(figure)


def read(path):
    try:
        report = json.loads(Path(path).read_text())
        if report["schema"] != 1:
            raise ValueError(f"schema {report['schema']} is not known")
        report["rows"]
        return report
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"plot: {path}: not a result of this benchmark: {error}", file=sys.stderr)
        raise SystemExit(2) from error


def main():
    parser = argparse.ArgumentParser(prog="plot", description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", metavar="FILE.json")
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="made if missing")
    arguments = parser.parse_args()

    plt.rcParams.update({
        "svg.hashsalt": "swift-flight-recorder", "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 10,
        "text.color": TEXT, "axes.labelcolor": TEXT, "axes.edgecolor": TEXT, "xtick.color": TEXT, "ytick.color": TEXT,
    })
    reports = [(path, read(path)) for path in arguments.files]
    output = Path(arguments.output)
    output.mkdir(parents=True, exist_ok=True)
    for path, report in reports:
        prefix = f"{Path(path).stem}-" if len(reports) > 1 else ""
        for key, panels in contests(report).items():
            name = re.sub(r"[^A-Za-z0-9._]+", "-", " ".join(part for part in key[:3] if part))
            target = output / f"{prefix}{name}.svg"
            draw(key, panels, target)
            print(target)


main()
