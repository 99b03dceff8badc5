/** Elements of the page. */

/**
 * @param {Document} document
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 */
export function make(document, tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  if (text) element.textContent = text;
  return element;
}

/**
 * Set a text; an element that has it already is left alone.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Put a box that is wider than its container in the tab order, so that the keyboard can scroll it.
 * @param {HTMLElement} box
 */
export function makeScrollable(box) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  else box.removeAttribute("tabindex");
}
