/** Elements of the page, and of drawings in SVG. */

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/** @typedef {Record<string, string | number>} Attributes */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {string | (string | Node)[]} [content]
 * @param {Attributes} [attributes]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, className, content = [], attributes = {}) {
  const element = document.createElement(tag);
  element.className = className;
  return filled(element, content, attributes);
}

/** @type {(className: string, content: string | Node[], act: () => void, attributes?: Attributes) => HTMLButtonElement} */
export function makeButton(className, content, act, attributes) {
  const button = make("button", className, content, { type: "button", ...attributes });
  button.addEventListener("click", act);
  return button;
}

/**
 * A menu from which one of some texts is chosen, by its index.
 * @param {string[]} texts
 * @param {(index: number) => void} choose
 * @param {Attributes} [attributes]
 */
export function makeSelect(texts, choose, attributes) {
  const select = make("select", "jm-tool", texts.map((text) => make("option", "", text)), attributes);
  select.addEventListener("change", () => choose(select.selectedIndex));
  return select;
}

/** @type {(name: string, attributes: Attributes, content?: string | (string | Node)[]) => SVGElement} */
export function makeSvg(name, attributes, content = []) {
  return filled(/** @type {SVGElement} */ (document.createElementNS(SVG_NAMESPACE, name)), content, attributes);
}

/** @type {(text: string, x: number, y: number, className: string, anchor?: string) => SVGElement} */
export const makeSvgText = (text, x, y, className, anchor = "start") =>
  makeSvg("text", { x, y, class: className, "text-anchor": anchor }, text);

/**
 * @template {Element} T
 * @param {T} element
 * @param {string | (string | Node)[]} content
 * @param {Attributes} attributes
 */
function filled(element, content, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...[content].flat());
  return element;
}

/**
 * Set a text; an element that has it already is left alone.
 * @param {HTMLElement} element
 * @param {string} text
 * @returns {boolean} whether it has changed
 */
export function setText(element, text) {
  if (element.textContent === text) return false;
  element.textContent = text;
  return true;
}

/**
 * Let the keyboard scroll a box that is wider than its container, and fade the sides where it goes on.
 * @param {HTMLElement} box
 */
export function makeScrollable(box) {
  const fade = () => {
    const left = box.scrollWidth - box.clientWidth - box.scrollLeft;
    box.classList.toggle("jm-more-left", box.scrollLeft > 1);
    box.classList.toggle("jm-more-right", left > 1);
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  if (!box.dataset.scrolls) {
    box.dataset.scrolls = "true";
    box.addEventListener("scroll", fade, { passive: true });
    new ResizeObserver(fade).observe(box);
  }
  fade();
}

/**
 * Hide the still form while a view is alive.
 * @param {string} identity "" where there is none
 * @param {AbortSignal} [signal] ends the view
 */
export function hideStill(identity, signal) {
  for (const still of document.querySelectorAll(".jm-still[data-jm-live]")) {
    if (!identity || still.getAttribute("data-jm-live") !== identity) continue;
    still.toggleAttribute("hidden", true);
    signal?.addEventListener("abort", () => still.toggleAttribute("hidden", false));
  }
}
