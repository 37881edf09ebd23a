"""How figures of a notebook take the module that draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowsleuth.faces.views.drawing_code import LOADER

MODULE = """
export default {
  render({ model, el }) {
    if (model.get("spec") === "bad") throw new Error("no such figure");
    globalThis.told.push(`drawn ${model.get("spec")}`);
    setTimeout(() => globalThis.told.push(`after ${model.get("spec")}`));
    return () => globalThis.told.push(`gone ${model.get("spec")}`);
  },
};
"""
SHOW = """async ([loader, module]) => {
  globalThis.told = [];
  let asked = 0;
  const figure = (spec) => ({
    get: (name) => ({ code: "IPY_MODEL_1", spec })[name],
    widget_manager: { get_model: async () => (asked++, { get: () => module }) },
  });
  const { default: one } = await import(URL.createObjectURL(new Blob([loader], { type: "text/javascript" })));
  const { default: other } = await import(URL.createObjectURL(new Blob([loader], { type: "text/javascript" })));
  const drawn = await Promise.allSettled([
    one.render({ model: figure("a") }), one.render({ model: figure("bad") }), other.render({ model: figure("b") }),
  ]);
  drawn[0].value();
  return [asked, drawn.map((each) => each.status), globalThis.told];
}"""


def test_figures_are_drawn_one_at_a_time(open_page: Callable[..., Any]) -> None:
    page, _ = open_page("about:blank")
    asked, drawn, told = page.evaluate(SHOW, [LOADER, MODULE])
    assert asked == 1, "the module is taken once"
    assert drawn == ["fulfilled", "rejected", "fulfilled"], "one that fails does not hold up the next"
    assert told[:3] == ["drawn a", "after a", "drawn b"], "the browser's other work comes between"
    assert told[-1] == "gone a", "what undoes a drawing is given on"
