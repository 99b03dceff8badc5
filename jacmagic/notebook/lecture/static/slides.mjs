/** Turning of slides by keys, buttons and the address, `#3` for the third. */

const slides = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".jm-slide")]);
const deck = /** @type {HTMLElement} */ (document.querySelector(".jm-deck"));
const buttons = /** @type {HTMLButtonElement[]} */ ([...deck.querySelectorAll("button")]);
const KEYS = /** @type {Record<string, number>} */ ({
  ArrowRight: 1,
  PageDown: 1,
  " ": 1,
  ArrowLeft: -1,
  PageUp: -1,
  Home: -Infinity,
  End: Infinity,
});
// Where keys have a meaning of their own.
const BUSY = "input, select, textarea, button, summary, a, [role=grid], [role=tab], [role=slider]";

/** The index in the address, 0 where there is none. */
function asked() {
  return Number.parseInt(location.hash.slice(1), 10) - 1 || 0;
}

/** @param {number} index may be out of range */
function within(index) {
  return Math.max(0, Math.min(slides.length - 1, index));
}

function show() {
  const index = within(asked());
  for (const [k, slide] of slides.entries()) slide.toggleAttribute("hidden", k !== index);
  /** @type {HTMLOutputElement} */ (deck.querySelector("output")).value = `${index + 1} / ${slides.length}`;
  buttons[0].disabled = index === 0;
  buttons[1].disabled = index === slides.length - 1;
  scrollTo(0, 0);
}

/** @param {number} by slides forward; infinite for an end */
function turn(by) {
  const states = location.hash.slice(1).split("&").filter((part) => part.includes("=")); // of explorers
  location.hash = [within(within(asked()) + by) + 1, ...states].join("&");
}

for (const [k, slide] of slides.entries()) {
  slide.setAttribute("aria-label", `slide ${k + 1} of ${slides.length}`);
}
for (const button of buttons) button.addEventListener("click", () => turn(Number(button.dataset.by)));
addEventListener("hashchange", show);
/** @param {KeyboardEvent} event */
function key(event) {
  const by = KEYS[event.key];
  if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  turn(by);
}

/** Give the open tab beside an explorer's table what is left of the screen, as far as it needs it. */
function stretch() {
  for (const tabs of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".jm-slide:not([hidden]) .jm-beside .jm-tabs"))) {
    tabs.style.minHeight = "";
    const panels = /** @type {HTMLElement} */ (tabs.querySelector(".jm-panels"));
    const [least, hidden] = [tabs.offsetHeight, panels.scrollHeight - panels.clientHeight];
    if (hidden > 0) tabs.style.minHeight = `${least + hidden}px`;
    const below = document.documentElement.scrollHeight - innerHeight;
    if (hidden > 0 && below > 0) tabs.style.minHeight = `${Math.max(least, least + hidden - below)}px`;
    for (const panel of panels.children) resized.observe(panel);
  }
}
const resized = new ResizeObserver(stretch);
for (const slide of slides) resized.observe(slide);
addEventListener("resize", stretch);

/** Let keys scroll what is higher than the place beside an explorer's table. */
function reach() {
  for (const panels of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".jm-panels"))) {
    panels.tabIndex = panels.scrollHeight > panels.clientHeight ? 0 : -1;
  }
}

addEventListener("focusin", reach);
// What presenters send turns slides everywhere; other keys only where nothing else takes them.
addEventListener("keydown", (event) => event.key.startsWith("Page") && key(event), true);
addEventListener("keydown", (event) => {
  const busy = event.target instanceof Element && event.target.closest(BUSY);
  if (!busy && !event.defaultPrevented) key(event);
});
document.documentElement.classList.add("jm-turning");
show();
