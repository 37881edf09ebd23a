() => {
  // controls without an accessible name, as HTML
  const kinds = "a[href], button, input, select, textarea, [role=tab], [role=img], [role=region], summary, dialog[open]";
  const isSeen = (element) => element.getClientRects().length > 0;
  const text = (element) => (element?.textContent ?? "").trim();
  const isField = (element) => /^(input|select|textarea)$/i.test(element.tagName);
  const pointed = (element) => (element.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean);
  const isNamed = (element) =>
    element.getAttribute("aria-label")?.trim() ||
    pointed(element).some((id) => text(document.getElementById(id))) ||
    [...(element.labels ?? [])].some(text) ||
    (!isField(element) && text(element)) ||
    element.getAttribute("title")?.trim();
  return [...document.querySelectorAll(kinds)]
    .filter((element) => isSeen(element) && !isNamed(element))
    .map((element) => element.outerHTML.slice(0, 160));
}
